"""The whole stack equals one that is built by hand on stable-retro's own environment, frame for frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import pytest
import stable_retro
from gymnasium.utils import seeding

from newgameplus.emulator.backends import Backend
from newgameplus.envs.contest import make_contest
from newgameplus.errors import EmulatorError, NotFoundError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import NOTHING, SONIC_7, WARPED, Array, ObservationSpec

NUM_STEPS = 1000
MAX_EPISODE_STEPS = 300
SEED = 11
BACKENDS: tuple[Backend, ...] = ("native", "reference")


def contest_of_2018(level: Level, actions: Array, see: Callable[[Array, bool], Array]) -> Iterator[tuple[Any, ...]]:
    """What the contest's stack returned, told again from its description: skip, sum, limit.

    Yields (checksum of what is seen, reward, done, variables) for every reset and step.
    """
    env = stable_retro.make(level.game, level.state, scenario="scenario", render_mode="rgb_array")
    random, _ = seeding.np_random(SEED)
    try:
        observation, _ = env.reset()
        yield checksum(see(observation, True)), 0.0, False, env.data.lookup_all()
        in_force, num_steps = None, 0
        for action in actions:
            total = 0.0
            for frame in range(4):
                if in_force is None or frame == 1 or (frame == 0 and random.random() > 0.25):
                    in_force = action
                observation, reward, is_over, _, info = env.step(in_force)
                total += reward
                if is_over:
                    break
            num_steps += 1
            is_done = is_over or num_steps >= MAX_EPISODE_STEPS
            yield checksum(see(observation, False)), total, is_done, info
            if is_done:
                observation, _ = env.reset()
                in_force, num_steps = None, 0
                yield checksum(see(observation, True)), 0.0, False, env.data.lookup_all()
    finally:
        env.close()


def ours(env: gym.Env[Any, Any], actions: Array) -> Iterator[tuple[Any, ...]]:
    """The same from our stack."""
    observation, info = env.reset(seed=SEED)
    yield checksum(observation), 0.0, False, info
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        is_done = terminated or truncated
        yield checksum(observation), reward, is_done, info
        if is_done:
            observation, info = env.reset()
            yield checksum(observation), 0.0, False, info


def checksum(observation: Array) -> int:
    return hash((observation.shape, observation.tobytes()))


def as_it_is(observation: Array, is_first: bool) -> Array:
    return observation


class WarpedStack:
    """The warp and the stack of the 2018 baselines, told again: gray, 84 x 84 by area, the last four."""

    def __init__(self) -> None:
        self.recent: list[Array] = []

    def __call__(self, observation: Array, is_first: bool) -> Array:
        gray = cv2.cvtColor(observation, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(gray, (84, 84), interpolation=cv2.INTER_AREA)
        self.recent = [small] * 4 if is_first else [*self.recent[1:], small]
        return np.stack(self.recent, axis=-1)


def test_pictures_rewards_and_ends_equal_the_contests(level: Level, opened: Callable[[Any], Any]) -> None:
    actions = np.random.default_rng(5).integers(0, 2, (NUM_STEPS, 12)).astype(np.int8)
    expected = list(contest_of_2018(level, actions, as_it_is))
    for backend in BACKENDS:
        env = opened(make_contest(level, max_episode_steps=MAX_EPISODE_STEPS, backend=backend))
        assert list(ours(env, actions)) == expected, backend
        env.close()
    assert any(reward > 0 for _, reward, _, _ in expected)
    assert sum(is_done for _, _, is_done, _ in expected) >= 3


def test_the_warped_stack_equals_the_baselines(level: Level, opened: Callable[[Any], Any]) -> None:
    numbers = np.random.default_rng(6).integers(0, 7, NUM_STEPS)
    buttons = np.zeros((7, 12), np.int8)
    left, right, down, b = 6, 7, 5, 0
    for number, held in enumerate(([left], [right], [left, down], [right, down], [down], [down, b], [b])):
        buttons[number, held] = 1
    expected = list(contest_of_2018(level, buttons[numbers], WarpedStack()))
    keywords: dict[str, Any] = {"action_spec": SONIC_7, "max_episode_steps": MAX_EPISODE_STEPS}
    for backend in BACKENDS:
        env = opened(make_contest(level, observation_spec=WARPED, backend=backend, **keywords))
        assert list(ours(env, numbers)) == expected, backend
        env.close()


def test_who_looks_at_nothing_gets_the_same_rewards(level: Level, opened: Callable[[Any], Any]) -> None:
    actions = np.random.default_rng(5).integers(0, 2, (400, 12)).astype(np.int8)
    env = opened(make_contest(level, max_episode_steps=MAX_EPISODE_STEPS))
    seen = [step[1:] for step in ours(env, actions)]
    env.close()
    blind = opened(make_contest(level, observation_spec=NOTHING, max_episode_steps=MAX_EPISODE_STEPS))
    assert [step[1:] for step in ours(blind, actions)] == seen
    assert blind.observation_space.shape == (0,)


def test_the_limit_of_4500_steps_truncates(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(make_contest(level))
    limits = [wrapper for wrapper in layers(env) if isinstance(wrapper, gym.wrappers.TimeLimit)]
    assert [limit._max_episode_steps for limit in limits] == [4500]
    env.close()
    env = opened(make_contest(level, observation_spec=NOTHING, max_episode_steps=2))
    env.reset(seed=0)
    ends = [env.step(np.zeros(12, np.int8))[2:4] for _ in range(2)]
    assert ends == [(False, False), (False, True)]


def layers(env: gym.Env[Any, Any]) -> Iterator[gym.Env[Any, Any]]:
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env
    yield env


def test_a_missing_scenario_is_an_error_and_never_another_scenario(level: Level) -> None:
    with pytest.raises(NotFoundError, match="no scenario 'contest'"):
        make_contest(Level(level.game, level.state, "contest"))


@pytest.mark.parametrize(
    "keywords",
    [
        {"max_episode_steps": 0},
        {"render_mode": "human"},
        {"observation_spec": ObservationSpec(crop=(200, 0, 100, 0))},
        {"observation_spec": ObservationSpec(kind="ram", gray=True)},
    ],
)
def test_a_refused_stack_leaves_no_emulator_behind(
    keywords: dict[str, Any], level: Level, opened: Callable[[Any], Any]
) -> None:
    with pytest.raises(UsageError):
        make_contest(level, **keywords)
    opened(make_contest(level)).reset()


def test_a_second_reference_emulator_in_the_process_is_refused_in_words(
    level: Level, opened: Callable[[Any], Any]
) -> None:
    opened(make_contest(level, backend="reference"))
    with pytest.raises(EmulatorError, match="one"):
        make_contest(level, backend="reference")


def test_the_engine_holds_as_many_as_wanted(level: Level, opened: Callable[[Any], Any]) -> None:
    first = opened(make_contest(level, backend="native"))
    second = make_contest(level, backend="native")
    try:
        actions = np.random.default_rng(5).integers(0, 2, (60, 12)).astype(np.int8)
        assert list(ours(first, actions)) == list(ours(second, actions))
    finally:
        second.close()
