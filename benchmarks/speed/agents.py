"""Speed of every agent: agent steps per second of one core, under the contest's rules and in training.

Each agent plays a Tumbleweed level with its default preset and learns: one row as when it is judged, eight rows of
eight zones as in training. The speed is by CPU time, of one thread, so that other programs affect it little.
``--first`` steps are played before, in which learners fill what they learn from. What cannot be judged without weights
is measured in training only. Without ``--tiny`` the speeds also go into src/newgameplus/agents/speeds.toml, which
``ngp agents`` shows.

Run: python -m benchmarks.speed.agents [--rounds 3] [--steps 4096] [--first 20500]
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.turns import TINY, Round, cpu, keep, median_and_interval, parse, parser, take_turns
from newgameplus.agents import AGENTS, find_agent
from newgameplus.agents.catalogue import SPEEDS
from newgameplus.agents.interface import KeepsFiles, NeedsZones, UsesSnapshots, offers
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.interface import World
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.envs.world import world_spec
from newgameplus.games.levels import find_level
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.training.loop import play

NUM_ENVS = 8
WAYS = {"contest": 1, "training": NUM_ENVS}
"""Number of rows when an agent is judged and when it is trained."""
WHAT = "Agent steps per second of CPU time, one thread, default presets on Tumbleweed, learning included"


def playing(name: str, num_envs: int, num_steps: int, first: int) -> Callable[[], None]:
    """One agent as a side, whose turn is ``num_steps`` steps of all rows together."""
    agent_class: Any = find_agent(name)
    config = agent_class.PRESETS["default"]
    observation_spec, action_spec = agent_class.specs(config)
    levels = [find_level(f"Tumbleweed-Genesis-v0/{zone}.Act1") for zone in ZONE_NAMES[:num_envs]]
    world = RetroVecEnv(levels, observation_spec=observation_spec, action_spec=action_spec, num_threads=1)
    spec = world_spec(world, num_timesteps=1_000_000)
    if num_envs > 1 and offers(agent_class, NeedsZones):
        spec = dataclasses.replace(spec, zones=tuple(ZONE_NAMES[:num_envs]))
    agent = agent_class(config, spec, 0)
    playable: World = world
    if isinstance(agent, UsesSnapshots):
        playable = snapshots = SnapshotWorld(world)
        agent.use_snapshots(snapshots)
    if isinstance(agent, KeepsFiles):
        agent.keep_in(Path(tempfile.mkdtemp(prefix="ngp-bench-")), 1_000_000)
    turns = play(agent, playable, seed=0)

    def run(steps: int) -> None:
        for _ in itertools.islice(turns, max(1, steps // num_envs)):
            pass

    run(first)
    return partial(run, num_steps)


def measure(name: str, arguments: argparse.Namespace) -> dict[str, list[Round]]:
    """Return the rounds of an agent, each way in a process of its own; some are not judged from nothing."""
    agent_class = find_agent(name)
    is_not_judged = offers(agent_class, NeedsZones) or offers(agent_class, UsesSnapshots)
    return {
        way: list(take_turns({way: partial(playing, name, rows, arguments.steps, arguments.first)}, arguments.rounds))
        for way, rows in WAYS.items()
        if rows > 1 or not is_not_judged
    }


def speeds_file(result: dict[str, Any], folder: str) -> str:
    """Return the content of ``speeds.toml``."""
    lines = [
        f"# Written by benchmarks/speed/agents.py from benchmarks/results/{folder}.",
        f'what = "{result["what"]}"',
        f'cpu = "{cpu()}"',
        f'result = "{folder}"',
    ]
    for name in result["agents"]:
        lines += ["", f"[agents.{name}]"]
        sides = {way: result["sides"].get(f"{name}, {way}") for way in WAYS}
        lines += [f"{way} = {side['median']:.1f}" for way, side in sides.items() if side is not None]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=3)
    options.add_argument("--steps", type=int, default=4096, help="agent steps of a turn, whole rollouts of PPO")
    options.add_argument(
        "--first", type=int, default=20_500, help="agent steps played before; Rainbow learns from 20,000 on"
    )
    options.add_argument("--agents", nargs="+", choices=AGENTS, default=list(AGENTS))
    arguments = parse(options, steps=16, first=16)
    os.environ["OMP_NUM_THREADS"] = "1"
    sides = {}
    for name in arguments.agents:
        for way, rounds in measure(name, arguments).items():
            steps_per_second = [arguments.steps / turns[way].processor for turns in rounds]
            sides[f"{name}, {way}"] = median_and_interval(steps_per_second)
            print(f"{name}, {way}: {sides[f'{name}, {way}']['median']:,.0f} steps/s", flush=True)
    result = {
        "figure": "agents",
        "what": WHAT,
        "unit": "steps per second",
        "agents": arguments.agents,
        "num_steps": arguments.steps,
        "num_first_steps": arguments.first,
        "num_rounds": arguments.rounds,
        "sides": sides,
        "ratios": [],
    }
    folder = keep(result, "agents", arguments.results, packages=("torch",))
    print(f"Written to {folder}")
    if TINY not in sys.argv:
        SPEEDS.write_text(speeds_file(result, folder.name), encoding="utf-8")


if __name__ == "__main__":
    main()
