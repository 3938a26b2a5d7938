"""What is seen through the wrappers equals what their originals showed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.observation import (
    Crop,
    Edges,
    FrameStack,
    Gray,
    Resize,
    apply_observation_spec,
    warp,
)
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.types import WARPED, Array, ObservationSpec


class Slides(gym.Env[Array, Any]):
    """Shows given pictures one after the other."""

    def __init__(self, pictures: Array) -> None:
        self.pictures = iter(pictures)
        self.observation_space = spaces.Box(0, 255, pictures.shape[1:], np.uint8)
        self.action_space = spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        return next(self.pictures), {}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        return next(self.pictures), 0.0, False, False, {}


def random_pictures(seed: int, num_pictures: int = 6, height: int = 224, width: int = 320, channels: int = 3) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (num_pictures, height, width, channels), np.uint8)


def shown(wrap: Callable[[Any], gym.Env[Any, Any]], pictures: Array) -> list[Array]:
    env = wrap(Slides(pictures))
    seen = [env.reset()[0], *(env.step(0)[0] for _ in pictures[1:])]
    for observation in seen:
        assert env.observation_space.contains(observation)
    return seen


def warped_in_2018(picture: Array) -> Array:
    """Gray, then 84 x 84 by area, then a channel of its own."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.expand_dims(cv2.resize(gray, (84, 84), interpolation=cv2.INTER_AREA), -1)


@given(st.integers(0, 100))
def test_warp_equals_the_baselines(seed: int) -> None:
    pictures = random_pictures(seed, num_pictures=2)
    for picture, seen in zip(pictures, shown(warp, pictures), strict=True):
        np.testing.assert_array_equal(seen, warped_in_2018(picture))


def test_edges_equal_reverie_agents() -> None:
    """Gray; a quarter off the top and the left; half the size; Canny between 100 and 200."""
    pictures = random_pictures(1)
    pictures[3:] = cv2.GaussianBlur(pictures[3], (31, 31), 0)
    spec = ObservationSpec(crop=(56, 0, 0, 80), size=(84, 120), edges=(100, 200))
    for picture, seen in zip(pictures, shown(lambda env: apply_observation_spec(env, spec), pictures), strict=True):
        gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        half = cv2.resize(gray[56:, 80:], None, fx=0.5, fy=0.5)
        np.testing.assert_array_equal(seen[:, :, 0], cv2.Canny(half, 100, 200))


def test_edges_of_the_game_are_drawn(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(make_contest(level, observation_spec=ObservationSpec(size=(84, 120), edges=(100, 200))))
    observation, _ = env.reset()
    assert set(np.unique(observation)) == {0, 255}


@given(top=st.integers(0, 9), right=st.integers(0, 14), bottom=st.integers(0, 10), left=st.integers(0, 15))
def test_crop_cuts_off_top_right_bottom_left(top: int, right: int, bottom: int, left: int) -> None:
    pictures = random_pictures(0, height=20, width=30)
    for picture, seen in zip(pictures, shown(lambda env: Crop(env, (top, right, bottom, left)), pictures), strict=True):
        np.testing.assert_array_equal(seen, picture[top : 20 - bottom, left : 30 - right])


@pytest.mark.parametrize("channels", [1, 3])
def test_resize_takes_height_before_width(channels: int) -> None:
    pictures = random_pictures(2, channels=channels)
    for picture, seen in zip(pictures, shown(lambda env: Resize(env, (30, 50)), pictures), strict=True):
        expected = cv2.resize(picture, (50, 30), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(seen, expected.reshape(30, 50, channels))


@given(num_observations=st.integers(1, 6))
def test_a_stack_is_oldest_first_and_begins_with_repetitions(num_observations: int) -> None:
    pictures = random_pictures(3, height=4, width=5, channels=2)
    repeated = [pictures[0]] * (num_observations - 1) + list(pictures)
    for index, seen in enumerate(shown(lambda env: FrameStack(env, num_observations), pictures)):
        expected = np.concatenate(repeated[index : index + num_observations], axis=-1)
        np.testing.assert_array_equal(seen, expected)


def test_a_stack_forgets_the_episode_before() -> None:
    pictures = random_pictures(4, height=4, width=5, channels=1)
    env = FrameStack(Slides(pictures), 3)
    env.reset()
    env.step(0)
    np.testing.assert_array_equal(env.reset()[0], np.concatenate([pictures[2]] * 3, axis=-1))


def test_memory_can_be_stacked(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(make_contest(level, observation_spec=ObservationSpec(kind="ram", stack=2)))
    observation, _ = env.reset()
    assert observation.shape == (2 * 65536,)


def test_the_fields_of_a_specification_apply_in_their_order() -> None:
    pictures = random_pictures(5)
    spec = ObservationSpec(crop=(10, 20, 30, 40), gray=True, size=(84, 84), edges=(50, 150), stack=2)

    def by_hand(env: Any) -> gym.Env[Any, Any]:
        return FrameStack(Edges(Resize(Gray(Crop(env, (10, 20, 30, 40))), (84, 84)), (50, 150)), 2)

    expected = shown(by_hand, pictures)
    np.testing.assert_array_equal(shown(lambda env: apply_observation_spec(env, spec), pictures), expected)


def test_a_plain_specification_puts_nothing_on(retro: RetroEnv) -> None:
    assert apply_observation_spec(retro, ObservationSpec()) is retro
    assert WARPED.stack == 4


@pytest.mark.parametrize(
    "spec",
    [
        ObservationSpec(crop=(-1, 0, 0, 0)),
        ObservationSpec(crop=(12, 0, 12, 0)),
        ObservationSpec(size=(0, 84)),
        ObservationSpec(shrink=0),
        ObservationSpec(shrink=300),
        ObservationSpec(shrink=2, size=(84, 84)),
        ObservationSpec(edges=(200, 100)),
        ObservationSpec(stack=0),
        ObservationSpec(kind="ram", size=(84, 84)),
        ObservationSpec(kind="none", stack=4),
    ],
)
def test_an_impossible_specification_is_refused(spec: ObservationSpec) -> None:
    with pytest.raises(UsageError):
        apply_observation_spec(Slides(random_pictures(0, height=24, width=24)), spec)


def test_memory_is_no_picture(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(RetroEnv(level, kind="ram"))
    with pytest.raises(UsageError, match="needs pictures"):
        Gray(env)


def test_edges_need_a_gray_picture() -> None:
    with pytest.raises(UsageError, match="gray"):
        Edges(Slides(random_pictures(0)), (100, 200))
