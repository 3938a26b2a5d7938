"""Frames per second of the contest environment, beside stable-retro's own environment and its bare emulator.

Every side runs the same buttons from the same start, in turns, a stretch per turn. The gate: all sides that judge
frames must return the same rewards. Target: the contest environment without wrappers of the observation reaches 0.95
of stable-retro's ``env.step``.

Run: python -m benchmarks.speed.env_overhead [--rounds 10] [--steps 300]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from benchmarks.turns import Ratio, parse, parser, publish, ratios, raw, speeds, take_turns
from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import Played
from newgameplus.envs.world import SingleWorld
from newgameplus.games.levels import find_level
from newgameplus.types import NOTHING, PICTURE, Array, ObservationSpec

LEVEL = "Airstriker-Genesis-v0/Level1"
SEED = 2018
RATIOS = [
    Ratio("contest", "stable-retro env.step", target=0.95),
    Ratio("contest", "stable-retro em.step"),
    Ratio("world without pictures", "stable-retro em.step"),
    Ratio("world without pictures", "em.step and update_ram"),
]


@dataclass
class Stretch:
    """The same work for every side: the agent's actions, and the buttons held in each frame as a result."""

    actions: list[Array] = field(default_factory=list)
    """One int8 ``[buttons]`` per step."""
    held: list[list[Array]] = field(default_factory=list)
    """For each step, uint8 ``[buttons]`` per frame."""
    resets: list[int] = field(default_factory=list)
    """Steps after which an episode is over."""
    rewards: list[float] = field(default_factory=list)
    """Reward of each step."""

    @property
    def num_frames(self) -> int:
        """Number of frames, without those of resets."""
        return sum(map(len, self.held))


class _HeldButtons:
    """A listener that records the buttons held in each frame."""

    def __init__(self) -> None:
        self.masks: list[int] = []

    def episode_started(self, env: Played) -> None:
        """Nothing is noted."""

    def frame_ran(self, mask: int, reward: float) -> None:
        """Note the buttons."""
        self.masks.append(mask)

    def episode_ended(self, env: Played) -> None:
        """Nothing is noted."""


def record(num_steps: int) -> Stretch:
    """Play random buttons in the contest environment, a tenth of them held, and record everything."""
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
"""Plays the stretch once and returns the reward of every step; empty if rewards are not computed."""


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
    """Our environment as JERK uses it: a batch of one row, nothing drawn."""
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
    """The emulator and ``update_ram``, which stable-retro needs to compute rewards."""
    return stable_retro_emulator(stretch, is_memory_updated=True)


SIDES: dict[str, Callable[[Stretch], Runner]] = {
    "stable-retro em.step": stable_retro_emulator,
    "em.step and update_ram": memory_updated,
    "stable-retro env.step": stable_retro_env,
    "contest": contest,
    "world without pictures": world,
}


def main() -> None:
    """Measure, print and store."""
    options = parser(__doc__, num_rounds=10)
    options.add_argument("--steps", type=int, default=300, help="steps of the stretch, about four frames each")
    arguments = parse(options, steps=8)
    stretch = record(arguments.steps)
    rounds = []
    for turns in take_turns({name: partial(side, stretch) for name, side in SIDES.items()}, arguments.rounds):
        for name, turn in turns.items():
            if turn.answer and turn.answer != stretch.rewards:
                sys.exit(f"No parity: {name} returned other rewards than the recording.")
        rounds.append(turns)
    publish(
        {
            "figure": "env_overhead",
            "what": "Frames per second, resets included",
            "unit": "frames per second",
            "level": LEVEL,
            "num_steps": len(stretch.actions),
            "num_frames": stretch.num_frames,
            "num_episode_ends": len(stretch.resets),
            "num_rounds": len(rounds),
            "sides": speeds(rounds, stretch.num_frames),
            "ratios": ratios(rounds, RATIOS),
            "seconds": raw(rounds),
        },
        arguments.results,
    )


if __name__ == "__main__":
    main()
