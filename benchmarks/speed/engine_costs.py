"""What the native engine costs: the latency of a batch of one, the memory of a console, and snapshots.

Targets: a step of a batch of one, picture included, takes less than 1.05 of the time that the core alone takes for
its four frames; a console takes 16 MB at most; a snapshot is saved, and loaded, in under 40 microseconds.

Run: python -m benchmarks.speed.engine_costs [--rounds 10] [--steps 300]
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.play import AIRSTRIKER, PICODRIVE, Play, picodrive_level
from benchmarks.turns import Ratio, Side, median_and_interval, parse, parser, publish, ratios, raw, run_once, take_turns
from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.levels import Level, find_level
from newgameplus.types import WARPED

FRAMES_PER_STEP = 4
MOST_LATENCY = 1.05
MOST_MEGABYTES = 16.0
MOST_MICROSECONDS = 40.0
NUM_MORE = 8
"""Number of consoles whose memory is measured, in addition to the first."""
NUM_SNAPSHOTS = 500


def make(level: Level, core: str, num_envs: int) -> RetroVecEnv:
    """Create our vector environment without copies."""
    levels = [level] * num_envs
    return RetroVecEnv(levels, observation_spec=WARPED, num_threads=1, core=core, copies_observations=False)


def batch_of_one(play: Play, core: str) -> Callable[[], None]:
    """A side that steps one console through the vector environment."""
    env, actions = make(play.level, core, 1), play.actions()

    def run() -> None:
        env.reset(seed=play.seed)
        for each in actions:
            env.step(each)

    return run


def core_alone(play: Play, core: str) -> Callable[[], None]:
    """A side that runs the same number of frames of one console, drawing one in four, and does nothing else."""
    game = play.level.integration
    emulator = NativeEmulator(game.rom(), core_of(game.console, core))
    state = game.state(play.level.state, core)
    bits = 1 << np.arange(len(game.console.buttons))
    masks = [[int(mask)] for mask in play.actions()[:, 0] @ bits]

    def run() -> None:
        emulator.load(state)
        emulator.step((0,))
        for mask in masks:
            for frame in range(1, FRAMES_PER_STEP + 1):
                emulator.console.run(mask, frame == FRAMES_PER_STEP)

    return run


def snapshots(play: Play, core: str) -> Callable[[], tuple[float, float]]:
    """A side that saves and loads snapshots, and returns the microseconds of both."""
    env = make(play.level, core, 1)
    env.reset(seed=play.seed)
    for each in play.actions():
        env.step(each)
    snapshot = env.save(0)

    def run() -> tuple[float, float]:
        return microseconds(lambda: env.save(0)), microseconds(lambda: env.load(0, snapshot))

    return run


def microseconds(call: Callable[[], Any]) -> float:
    """Mean time of a call."""
    started = time.perf_counter()
    for _ in range(NUM_SNAPSHOTS):
        call()
    return (time.perf_counter() - started) / NUM_SNAPSHOTS * 1e6


def memory(play: Play, core: str) -> Callable[[], float]:
    """A side that returns the resident megabytes of each additional console, after some play."""

    def run() -> float:
        used = []
        for num_envs in (1, NUM_MORE):
            env = make(play.level, core, num_envs)
            env.reset(seed=play.seed)
            for each in play.actions():
                env.step(np.repeat(each, num_envs, axis=0))
            used.append(resident_megabytes())
            consoles.append(env)
        return (used[1] - used[0]) / NUM_MORE

    consoles: list[RetroVecEnv] = []
    return run


def resident_megabytes() -> float:
    """Resident memory of this process; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(plays: dict[str, Play], num_rounds: int) -> dict[str, Any]:
    """Let the sides of every core take turns and return the result."""
    sides: dict[str, Side] = {}
    for core, play in plays.items():
        sides[f"batch of 1, {core}"] = partial(batch_of_one, play, core)
        sides[f"core alone, {core}"] = partial(core_alone, play, core)
        sides[f"snapshots, {core}"] = partial(snapshots, play, core)
    rounds = list(take_turns(sides, num_rounds, core=0))
    figures = {}
    for core, play in plays.items():
        for name in (f"batch of 1, {core}", f"core alone, {core}"):
            times = [turns[name].clock / play.num_steps * 1e6 for turns in rounds]
            figures[f"{name}: microseconds per step"] = median_and_interval(times)
        answers = [turns[f"snapshots, {core}"].answer for turns in rounds]
        figures |= snapshot_figures(core, answers)
        taken = [run_once(partial(memory, play, core)) for _ in range(min(3, num_rounds))]
        figures[f"a console, {core}: MB"] = median_and_interval(taken, at_most=MOST_MEGABYTES)
    wanted = [Ratio(f"batch of 1, {core}", f"core alone, {core}", 1 / MOST_LATENCY) for core in plays]
    return {"sides": figures, "ratios": ratios(rounds, wanted), "seconds": raw(rounds)}


def snapshot_figures(core: str, answers: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Describe the microseconds of saves and loads."""
    return {
        f"snapshot {verb}, {core}: microseconds": median_and_interval(times, at_most=MOST_MICROSECONDS)
        for verb, times in zip(("save", "load"), zip(*answers, strict=True), strict=True)
    }


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=300, help="agent steps of a turn")
    arguments = parse(options, steps=4)
    levels = {"genesis_plus_gx": find_level(AIRSTRIKER), PICODRIVE: picodrive_level()}
    plays = {core: Play(level, 1, arguments.steps) for core, level in levels.items()}
    publish(
        {
            "figure": "engine_costs",
            "what": "Latency on one core, memory and snapshots",
            "unit": "as named",
            "level": AIRSTRIKER,
            "num_steps": arguments.steps,
            "num_rounds": arguments.rounds,
            **measure(plays, arguments.rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
