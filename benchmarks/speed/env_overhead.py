"""Frames per second of the contest environment, beside stable-retro's own environment and its bare emulator.

Every side lives in a process of its own and runs the same buttons from the same start, in turns, a stretch per round.
First a parity gate: all sides that judge frames must return the same rewards. Target: the contest environment without
wrappers of the observation reaches 0.95 of stable-retro's ``env.step``. Processor time is measured beside the clock,
because other programs on the machine disturb it less.

Run: python benchmarks/speed/env_overhead.py [--rounds 10] [--steps 300]
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.world import SingleWorld
from newgameplus.games.levels import find_level
from newgameplus.types import NOTHING, PICTURE, Array, ObservationSpec

LEVEL = "Airstriker-Genesis-v0/Level1"
SEED = 2018
RESULTS = Path(__file__).parent.parent / "results"
TARGETS = {("contest", "stable-retro env.step"): 0.95}
RATIOS = [
    ("contest", "stable-retro env.step"),
    ("contest", "stable-retro em.step"),
    ("world without pictures", "stable-retro em.step"),
    ("world without pictures", "em.step and update_ram"),
]


@dataclass
class Stretch:
    """The same play for every side: what the agent chose, and which buttons each frame held in consequence."""

    actions: list[Array] = field(default_factory=list)
    """One int8 ``[buttons]`` per step."""
    held: list[list[Array]] = field(default_factory=list)
    """For each step, uint8 ``[buttons]`` per frame."""
    resets: list[int] = field(default_factory=list)
    """Steps after which an episode is over."""
    rewards: list[float] = field(default_factory=list)
    """One per step."""

    @property
    def num_frames(self) -> int:
        """Frames of the whole stretch, without those of resets."""
        return sum(map(len, self.held))


class _HeldButtons:
    """A listener that notes which buttons each frame held."""

    def __init__(self) -> None:
        self.masks: list[int] = []

    def episode_started(self, env: RetroEnv) -> None:
        """Nothing is noted."""

    def frame_ran(self, mask: int, reward: float) -> None:
        """Note the buttons."""
        self.masks.append(mask)

    def episode_ended(self, env: RetroEnv) -> None:
        """Nothing is noted."""


def record(num_steps: int) -> Stretch:
    """Play random buttons in the contest environment, a tenth of them held, and note everything."""
    listener = _HeldButtons()
    env = make_contest(find_level(LEVEL), observation_spec=NOTHING, listeners=[listener])
    stretch = Stretch()
    random = np.random.default_rng(SEED)
    env.reset(seed=SEED)
    for step in range(num_steps):
        action = (random.random(12) < 0.3).astype(np.int8)
        listener.masks.clear()
        _, reward, terminated, truncated, _ = env.step(action)
        stretch.actions.append(action)
        stretch.rewards.append(float(reward))
        stretch.held.append([np.array([mask >> bit & 1 for bit in range(12)], np.uint8) for mask in listener.masks])
        if terminated or truncated:
            stretch.resets.append(step)
            env.reset()
    env.close()
    return stretch


Runner = Callable[[], list[float]]
"""Plays the stretch once and returns the reward of every step; empty where frames are not judged."""


def contest(stretch: Stretch, spec: ObservationSpec = PICTURE) -> Runner:
    """Our environment."""
    env = make_contest(find_level(LEVEL), observation_spec=spec)

    def run() -> list[float]:
        rewards = []
        env.reset(seed=SEED)
        for action in stretch.actions:
            _, reward, terminated, truncated, _ = env.step(action)
            rewards.append(float(reward))
            if terminated or truncated:
                env.reset()
        return rewards

    return run


def world(stretch: Stretch) -> Runner:
    """Our environment as JERK meets it: a batch of one row, nothing drawn."""
    single = SingleWorld(make_contest(find_level(LEVEL), observation_spec=NOTHING))
    actions = [action[None] for action in stretch.actions]

    def run() -> list[float]:
        single.reset(seed=SEED)
        return [float(single.step(action)[1][0]) for action in actions]

    return run


def stable_retro_env(stretch: Stretch) -> Runner:
    """stable-retro's environment, frame by frame."""
    import stable_retro

    level = find_level(LEVEL)
    env = stable_retro.make(level.game, level.state, scenario=level.scenario, render_mode="rgb_array")
    resets = set(stretch.resets)

    def run() -> list[float]:
        rewards = []
        env.reset()
        for step, frames in enumerate(stretch.held):
            reward = 0.0
            for held in frames:
                reward += env.step(held)[1]
            rewards.append(reward)
            if step in resets:
                env.reset()
        return rewards

    return run


def stable_retro_emulator(stretch: Stretch, is_memory_updated: bool = False) -> Runner:
    """stable-retro's emulator alone, or with the update of its view of the memory."""
    import stable_retro

    level = find_level(LEVEL)
    env = stable_retro.make(level.game, level.state, scenario=level.scenario, render_mode="rgb_array")
    em, data = env.unwrapped.em, env.unwrapped.data
    resets = set(stretch.resets)

    def run() -> list[float]:
        env.reset()
        for step, frames in enumerate(stretch.held):
            for held in frames:
                em.set_button_mask(held, 0)
                em.step()
                if is_memory_updated:
                    data.update_ram()
            if step in resets:
                env.reset()
        return []

    return run


def memory_updated(stretch: Stretch) -> Runner:
    """The emulator and ``update_ram``, which stable-retro's judgement of a frame cannot do without."""
    return stable_retro_emulator(stretch, is_memory_updated=True)


SIDES: dict[str, Callable[[Stretch], Runner]] = {
    "stable-retro em.step": stable_retro_emulator,
    "em.step and update_ram": memory_updated,
    "stable-retro env.step": stable_retro_env,
    "contest": contest,
    "world without pictures": world,
}


def serve(pipe: Connection, side: str, stretch: Stretch) -> None:
    """Be one side: play the stretch whenever asked, and answer with (clock seconds, processor seconds, rewards)."""
    run = SIDES[side](stretch)
    while pipe.recv():
        started = time.perf_counter(), time.process_time()
        rewards = run()
        pipe.send((time.perf_counter() - started[0], time.process_time() - started[1], rewards))


Round = dict[str, tuple[float, float]]
"""Name of each side to its seconds by the clock and of the processor."""


def rounds(stretch: Stretch, num_rounds: int) -> Iterator[Round]:
    """Let the sides play in turns, the order reversed every other round; yield the seconds of each."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for side in SIDES:
        pipes[side], theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, side, stretch), daemon=True).start()
    for index in range(-1, num_rounds):
        seconds: Round = {}
        for side in list(SIDES)[:: -1 if index % 2 else 1]:
            pipes[side].send(True)
            clock, processor, rewards = pipes[side].recv()
            seconds[side] = clock, processor
            if rewards and rewards != stretch.rewards:
                sys.exit(f"No parity: {side} returned other rewards than the recording.")
        if index >= 0:  # the first round only warms up
            yield seconds
    for pipe in pipes.values():
        pipe.send(False)


def median_and_interval(values: list[float]) -> dict[str, Any]:
    """The median and its 95 % bootstrap interval."""
    random = np.random.default_rng(0)
    medians = np.median(random.choice(values, (2000, len(values))), axis=1)
    return {"median": statistics.median(values), "interval": np.quantile(medians, (0.025, 0.975)).tolist()}


def summary(stretch: Stretch, measured: list[Round]) -> dict[str, Any]:
    """Turn the seconds of every round into frames per second and ratios."""
    speeds = {side: [stretch.num_frames / seconds[side][0] for seconds in measured] for side in SIDES}
    ratios = []
    for ours, theirs in RATIOS:
        clock, processor = ([seconds[theirs][i] / seconds[ours][i] for seconds in measured] for i in range(2))
        target = TARGETS.get((ours, theirs))
        ratios.append(
            {
                "of": ours,
                "to": theirs,
                "clock": median_and_interval(clock),
                "processor": median_and_interval(processor),
                "target": target,
                "is_met": None if target is None else statistics.median(clock) >= target,
            }
        )
    return {
        "figure": "env_overhead",
        "what": "frames per second in turns, resets included, one process per side",
        "level": LEVEL,
        "num_steps": len(stretch.actions),
        "num_frames": stretch.num_frames,
        "num_episode_ends": len(stretch.resets),
        "num_rounds": len(measured),
        "frames_per_second": {side: median_and_interval(each) for side, each in speeds.items()},
        "ratios": ratios,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("newgameplus", "stable-retro", "gymnasium", "numpy")},
        },
        "platform": platform.platform(),
        "num_cores": multiprocessing.cpu_count(),
    }


def new_folder(name: str) -> Path:
    """Make the folder of today's result; an earlier one of today is kept."""
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = RESULTS / f"{datetime.date.today()}_{name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    sys.exit(f"There are 99 results of today in {RESULTS}.")


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"{result['num_rounds']} rounds of {result['num_frames']} frames\n\n{'':26}{'frames/s':>10}   95 % interval")
    for side, speed in result["frames_per_second"].items():
        low, high = speed["interval"]
        print(f"{side:26}{speed['median']:10.0f}   {low:.0f} to {high:.0f}")
    print()
    for ratio in result["ratios"]:
        for measure in ("clock", "processor"):
            low, high = ratio[measure]["interval"]
            title = f"{ratio['of']} / {ratio['to']} ({measure})"
            print(f"{title:66}{ratio[measure]['median']:.3f}   {low:.3f} to {high:.3f}")
        if ratio["target"] is not None:
            print(f"    wanted: {ratio['target']} by the clock, met: {ratio['is_met']}")


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="how often every side plays the stretch")
    parser.add_argument("--steps", type=int, default=300, help="steps of the stretch, about four frames each")
    arguments = parser.parse_args()
    stretch = record(arguments.steps)
    result = summary(stretch, list(rounds(stretch, arguments.rounds)))
    show(result)
    folder = new_folder("env_overhead")
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nWritten to {folder}")


if __name__ == "__main__":
    main()
