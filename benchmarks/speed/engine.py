"""Agent steps per second of the native engine, beside other vector environments and a bare C loop.

All sides play the same buttons in the same level with the contest's preprocessing, through their own vector
environments: Gymnasium's ``AsyncVectorEnv`` and Stable-Baselines3's ``SubprocVecEnv`` over stable-retro, with several
numbers of processes, and ``RetroVecEnv`` with eight consoles on two cores. Targets are against each peer's best. The
gate: on the same core and seeds, ``RetroVecEnv`` and ``AsyncVectorEnv`` must give equal rewards and ends, and pictures
that differ by at most one gray level.

Run: python -m benchmarks.speed.engine [--rounds 10] [--steps 1200] [--atari Pong-Atari2600-v0]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.bare import bare_loop
from benchmarks.peers import (
    Vector,
    check_stable_baselines,
    gymnasium_async,
    is_installed,
    make_async,
    stable_baselines,
    stepping,
)
from benchmarks.play import AIRSTRIKER, Play, atari_level, picodrive_level
from benchmarks.turns import Ratio, Round, Side, parse, parser, publish, ratios, raw, run_once, speeds, take_turns
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import Level, find_level
from newgameplus.types import WARPED, Array

NUM_ENVS = 8
"""Number of consoles of our side."""
NUM_THREADS = 2
ASYNC_ENVS = (2, 4, 8)
SUBPROC_ENVS = (4, 8)
"""Numbers of processes of the peers."""
PARITY_ENVS, PARITY_EPISODE_STEPS = 2, 450
MAX_GRAY_LEVELS = 1
ASYNC, SUBPROC = "Gymnasium AsyncVectorEnv", "Stable-Baselines3 SubprocVecEnv"


def make_ours(play: Play, core: str) -> Vector:
    """Create our vector environment with the fastest settings: the next step overwrites the observations."""
    return RetroVecEnv(
        [play.level] * play.num_envs,
        observation_spec=WARPED,
        max_episode_steps=play.max_episode_steps,
        num_threads=NUM_THREADS,
        core=core,
        copies_observations=False,
    )


def ours(play: Play, core: str) -> Callable[[], None]:
    """Our vector environment as a side."""
    return stepping(make_ours(play, core), play)


def tape(make: Callable[[Play], Vector], play: Play) -> Callable[[], list[Array]]:
    """A side that returns everything observed: pictures, rewards, terminated and truncated of every step."""
    env = make(play)

    def run() -> list[Array]:
        seen: list[list[Array]] = [[env.reset(seed=play.seed)[0].copy()], [], [], []]
        for actions in play.actions():
            picture, reward, terminated, truncated, _ = env.step(actions)
            for column, value in zip(seen, (picture, reward, terminated, truncated), strict=True):
                column.append(value.copy())
        env.close()
        return [np.array(column) for column in seen]

    return run


def check_parity(level: Level, core: str, num_steps: int) -> dict[str, int]:
    """End the program if ours and Gymnasium's differ; return what was compared."""
    play = Play(level, PARITY_ENVS, num_steps, max_episode_steps=PARITY_EPISODE_STEPS)
    mine, theirs = (run_once(partial(tape, make, play)) for make in (partial(make_ours, core=core), make_async))
    pictures = np.moveaxis(theirs[0], 2, -1)  # Gymnasium stacks along a new first axis
    largest = int(np.abs(mine[0].astype(np.int16) - pictures).max())
    if largest > MAX_GRAY_LEVELS:
        sys.exit(f"No parity: pictures of ours and of AsyncVectorEnv differ by up to {largest} gray levels.")
    for name, ours_, theirs_ in zip(("rewards", "terminated", "truncated"), mine[1:], theirs[1:], strict=True):
        if not np.array_equal(ours_, theirs_):
            sys.exit(f"No parity: {name} of ours and of AsyncVectorEnv differ.")
    return {
        "num_steps": play.num_steps,
        "num_ends": int(mine[2].sum() + mine[3].sum()),
        "sum_of_rewards": int(mine[1].sum()),
        "gray_levels_apart": largest,
    }


def sides_of(plays: Mapping[str, Play], has_subproc: bool, async_envs: Sequence[int]) -> dict[str, Side]:
    """All sides by name; ``plays`` gives each core its play, and the peers take the first."""
    peers: dict[str, Side] = {}
    first = next(iter(plays.values()))
    for num_envs in SUBPROC_ENVS if has_subproc else ():
        peers[f"{SUBPROC}, {num_envs}"] = partial(stable_baselines, replace(first, num_envs=num_envs))
    for num_envs in async_envs:
        peers[f"{ASYNC}, {num_envs}"] = partial(gymnasium_async, replace(first, num_envs=num_envs))
    for core, play in plays.items():
        peers[f"RetroVecEnv, {core}"] = partial(ours, play, core)
        peers[f"bare C loop, {core}"] = partial(bare_loop, play, core, NUM_THREADS)
    return peers


def best_of(rounds: Sequence[Round], peer: str) -> str | None:
    """Name of the peer's side with the lowest median time; None if the peer was left out."""
    medians = {
        name: statistics.median(turns[name].clock for turns in rounds) for name in rounds[0] if name.startswith(peer)
    }
    return min(medians, key=medians.__getitem__, default=None)


def ratios_wanted(rounds: Sequence[Round], targets: Mapping[tuple[str, str], float]) -> list[Ratio]:
    """Ours against each peer's best and against the bare loop of the same core."""
    wanted = []
    for name in rounds[0]:
        kind, _, core = name.partition(", ")
        if kind == "RetroVecEnv":
            for peer in (ASYNC, SUBPROC):
                best = best_of(rounds, peer)
                if best is not None:
                    wanted.append(Ratio(name, best, targets.get((core, peer))))
            wanted.append(Ratio(name, f"bare C loop, {core}", targets.get((core, "bare"))))
    return wanted


MEGA_DRIVE_TARGETS = {
    ("picodrive", ASYNC): 3.0,
    ("picodrive", SUBPROC): 3.4,
    ("picodrive", "bare"): 0.95,
    ("genesis_plus_gx", ASYNC): 1.25,
    ("genesis_plus_gx", "bare"): 0.95,
}

LEAST_SPEEDS = {"RetroVecEnv, picodrive": 4000.0}
"""On a quiet machine of two cores."""


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Check parity, let all sides take turns, and return the result."""
    if arguments.atari is None:
        levels = {"genesis_plus_gx": find_level(AIRSTRIKER), "picodrive": picodrive_level()}
        figure, targets = "engine", MEGA_DRIVE_TARGETS
    else:
        levels, figure, targets = {"stella": atari_level(arguments.atari)}, "engine_atari", {}
    core, level = next(iter(levels.items()))
    parity = check_parity(level, core, arguments.parity_steps)
    plays = {core: Play(level, NUM_ENVS, arguments.steps) for core, level in levels.items()}
    sides = sides_of(plays, arguments.has_subproc, arguments.async_envs)
    rounds = list(take_turns(sides, arguments.rounds))
    return {
        "figure": figure,
        "what": f"Agent steps per second, {NUM_ENVS} consoles, {NUM_THREADS} threads, 84 x 84 x 4",
        "unit": "agent steps per second",
        "level": str(level),
        "num_steps": arguments.steps,
        "num_rounds": len(rounds),
        "parity": parity,
        "sides": speeds(rounds, arguments.steps, LEAST_SPEEDS),
        "ratios": ratios(rounds, ratios_wanted(rounds, targets)),
        "seconds": raw(rounds),
    }


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=1200, help="agent steps of a turn; a multiple of 8")
    options.add_argument("--atari", metavar="GAME", help="play this Atari game from ale-py instead of Airstriker")
    options.add_argument("--without-stable-baselines", dest="has_subproc", action="store_false")
    options.add_argument("--parity-steps", type=int, default=1200, help="agent steps that are compared first")
    options.add_argument("--async-envs", type=int, nargs="+", default=ASYNC_ENVS, help="numbers of processes tried")
    arguments = parse(options, steps=16, parity_steps=16, async_envs=(2,))
    if arguments.tiny:
        arguments.has_subproc &= is_installed("stable_baselines3")
    if arguments.has_subproc:
        check_stable_baselines()
    publish(measure(arguments), arguments.results, ("stable-baselines3", "torch", "ale-py"))


if __name__ == "__main__":
    main()
