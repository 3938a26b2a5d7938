"""Agent steps per second on Tumbleweed: the engine with one console per zone, on both cores.

Contest preprocessing (84 × 84 × 4), two threads, random buttons, episodes from their start. The gate: no level may have
a late frame (``lag``) at the end of a turn.

Run: python -m benchmarks.speed.tumbleweed [--rounds 10] [--steps 4000]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from benchmarks.play import Play
from benchmarks.turns import Ratio, Side, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import Level, find_level
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.types import WARPED

NUM_THREADS = 2
LEAST_SPEEDS = {"Tumbleweed, picodrive": 8500.0}
"""On a quiet machine of two cores."""


def levels() -> list[Level]:
    """The first act of every zone."""
    return [find_level(f"{TUMBLEWEED.name}/{zone}.Act1") for zone in ZONE_NAMES]


def stepping(play: Play, core: str) -> Callable[[], None]:
    """A side that plays all zones at once."""
    env = RetroVecEnv(levels(), observation_spec=WARPED, num_threads=NUM_THREADS, core=core, copies_observations=False)
    actions = play.actions()

    def run() -> None:
        env.reset(seed=play.seed)
        info = {}
        for each in actions:
            info = env.step(each)[-1]
        if info["lag"].any():
            sys.exit(f"Frames were late on {core}: {info['lag'].tolist()}.")

    return run


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=4000, help="agent steps of a turn; a multiple of 8")
    arguments = parse(options, steps=16)
    play = Play(levels()[0], len(ZONE_NAMES), arguments.steps)
    sides: dict[str, Side] = {
        f"Tumbleweed, {core}": partial(stepping, play, core) for core in ("picodrive", "genesis_plus_gx")
    }
    rounds = list(take_turns(sides, arguments.rounds))
    result = {
        "figure": "tumbleweed",
        "what": f"Agent steps per second on Tumbleweed, {len(ZONE_NAMES)} consoles, {NUM_THREADS} threads, 84 x 84 x 4",
        "unit": "agent steps per second",
        "num_steps": arguments.steps,
        "num_rounds": len(rounds),
        "sides": speeds(rounds, arguments.steps, LEAST_SPEEDS),
        "ratios": ratios(rounds, [Ratio("Tumbleweed, picodrive", "Tumbleweed, genesis_plus_gx")]),
        "seconds": raw(rounds),
    }
    publish(result, arguments.results)


if __name__ == "__main__":
    main()
