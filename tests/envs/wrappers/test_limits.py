"""An episode without progress ends after the frames that were allowed, and no earlier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.limits import StallLimit
from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.levels import Level

NOOP = np.zeros(12, np.int8)
FIRE_AND_MOVE = np.random.default_rng(3).integers(0, 2, (2000, 12))
FIRE_AND_MOVE[:, 0] = np.arange(2000) % 2


def stalled_at(progress: list[float], num_frames: int) -> int | None:
    """NEAT's rule told again: a counter that a new best sets to zero; frame by frame from the second entry on."""
    best, counter = progress[0], 0
    for frame, value in enumerate(progress[1:], start=1):
        counter = 0 if value > best else counter + 1
        best = max(best, value)
        if counter == num_frames:
            return frame
    return None


@pytest.mark.parametrize("variable_name", [None, "score"])
@pytest.mark.parametrize("num_frames", [250, 400])
def test_the_limit_ends_the_episode_where_neats_counter_would(
    variable_name: str | None, num_frames: int, level: Level, opened: Callable[[Any], Any]
) -> None:
    free = opened(RetroEnv(level, kind="none"))
    _, info = free.reset()
    scores = [info["score"]]
    for action in FIRE_AND_MOVE:
        _, _, is_over, _, info = free.step(action)
        scores.append(info["score"])
        if is_over:
            break
    free.close()
    expected = stalled_at(scores, num_frames)
    assert expected is not None
    assert expected > num_frames, "some progress was made"

    env = opened(StallLimit(RetroEnv(level, kind="none"), num_frames, variable_name))
    env.reset()
    for action in FIRE_AND_MOVE:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            break
    assert (env.unwrapped.num_frames, terminated, truncated) == (expected, False, True)


def test_the_unit_is_frames_whatever_a_step_lasts(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(StallLimit(RetroEnv(level, kind="none", frame_skip=FrameSkip(4)), 10))
    for _ in range(2):
        env.reset()
        assert [env.step(NOOP)[3] for _ in range(3)] == [False, False, True]


def test_an_impossible_limit_is_refused(retro: RetroEnv) -> None:
    with pytest.raises(UsageError, match="at least 1 frame"):
        StallLimit(retro, 0)
    with pytest.raises(NotFoundError, match="Did you mean lives"):
        StallLimit(retro, 10, "live")


class NoFrames(gym.Env[Any, Any]):
    """An environment that is no console."""

    observation_space = spaces.Discrete(1)
    action_space = spaces.Discrete(1)


def test_an_environment_that_counts_no_frames_is_refused() -> None:
    with pytest.raises(UsageError, match="RetroEnv"):
        StallLimit(NoFrames(), 10)
