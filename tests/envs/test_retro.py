"""The base environment: what it shows, when it refuses, and what it tells its listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import stable_retro

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import EmulatorError, NotFoundError
from newgameplus.games.levels import Level
from newgameplus.types import SONIC_7

NOOP = np.zeros(12, np.int8)


class Diary:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    def episode_started(self, env: RetroEnv) -> None:
        self.entries.append(("started", env.num_frames))

    def frame_ran(self, mask: int, reward: float) -> None:
        self.entries.append((mask, reward))

    def episode_ended(self, env: RetroEnv) -> None:
        self.entries.append(("ended", env.num_frames))


def test_memory_equals_stable_retros_byte_for_byte(level: Level, opened: Callable[[Any], Any]) -> None:
    actions = np.random.default_rng(0).integers(0, 2, (60, 12))
    theirs = stable_retro.make(level.game, level.state, obs_type=stable_retro.Observations.RAM, render_mode="rgb_array")
    try:
        expected = [theirs.reset()[0], *(theirs.step(action)[0] for action in actions)]
    finally:
        theirs.close()
    env = opened(RetroEnv(level, kind="ram"))
    seen = [env.reset()[0], *(env.step(action)[0] for action in actions)]
    assert env.observation_space.shape == (65536,)
    np.testing.assert_array_equal(np.stack(seen), np.stack(expected))


def test_an_observation_is_not_touched_by_later_frames(retro: RetroEnv) -> None:
    first, _ = retro.reset()
    copy = first.copy()
    for _ in range(30):
        retro.step(NOOP)
    np.testing.assert_array_equal(first, copy)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_gives_the_same_episode(seed: int, level: Level, opened: Callable[[Any], Any]) -> None:
    actions = np.random.default_rng(1).integers(0, 7, 150)
    env = opened(RetroEnv(level, kind="ram", action_spec=SONIC_7, frame_skip=CONTEST_FRAME_SKIP))

    def episode() -> list[bytes]:
        env.reset(seed=seed)
        return [env.step(action)[0].tobytes() for action in actions]

    assert episode() == episode()


def test_different_seeds_are_late_at_different_steps(level: Level, opened: Callable[[Any], Any]) -> None:
    diary = Diary()
    env = opened(RetroEnv(level, kind="none", frame_skip=CONTEST_FRAME_SKIP, listeners=[diary]))
    heard = []
    for seed in (1, 2):
        env.reset(seed=seed)
        diary.entries.clear()
        for step in range(40):
            action = NOOP.copy()
            action[step % 2 * 7] = 1
            env.step(action)
        heard.append([mask for mask, _ in diary.entries])
    assert heard[0] != heard[1]


def test_a_step_before_the_first_reset_is_refused(retro: RetroEnv) -> None:
    with pytest.raises(gym.error.ResetNeeded, match="reset"):
        retro.step(NOOP)


def test_a_step_after_the_end_is_refused_until_the_next_reset(retro: RetroEnv) -> None:
    retro.reset()
    is_over = False
    while not is_over:
        _, _, is_over, _, _ = retro.step(NOOP)
    with pytest.raises(gym.error.ResetNeeded):
        retro.step(NOOP)
    retro.reset()
    retro.step(NOOP)


def test_a_step_stops_at_the_frame_that_ends_the_episode(level: Level, opened: Callable[[Any], Any]) -> None:
    frames = []
    for num_frames in (1, 7):
        env = opened(RetroEnv(level, kind="none", frame_skip=FrameSkip(num_frames)))
        env.reset()
        while not env.step(NOOP)[2]:
            pass
        frames.append(env.num_frames)
        env.close()
    assert frames[0] == frames[1]
    assert frames[0] % 7


def test_listeners_hear_every_frame_and_both_ends_of_every_episode(level: Level, opened: Callable[[Any], Any]) -> None:
    diary = Diary()
    env = opened(RetroEnv(level, kind="none", frame_skip=FrameSkip(2), listeners=[diary]))
    right = np.eye(12, dtype=np.int8)[7]
    env.reset()
    env.step(right)
    env.reset()
    env.close()
    env.close()
    mask = 1 << 7
    assert diary.entries == [("started", 0), (mask, 0.0), (mask, 0.0), ("ended", 2), ("started", 0), ("ended", 0)]


def test_the_picture_is_rendered_only_where_it_was_asked_for(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(RetroEnv(level, kind="none", render_mode="rgb_array"))
    env.reset()
    assert env.render().shape == (224, 320, 3)
    env.close()
    env = opened(RetroEnv(level))
    observation, _ = env.reset()
    assert observation.shape == (224, 320, 3)
    assert env.render() is None


def test_a_refused_action_leaves_the_episode_where_it_was(retro: RetroEnv) -> None:
    retro.reset()
    with pytest.raises(ValueError, match="whole numbers"):
        retro.step(NOOP + np.float32(0.5))
    assert retro.num_frames == 0
    retro.step(NOOP)
    assert retro.num_frames == 1


def test_an_unknown_state_suggests_a_near_one(level: Level) -> None:
    with pytest.raises(NotFoundError, match="Did you mean Level1"):
        RetroEnv(Level(level.game, "Levle1", level.scenario))


def test_a_state_of_another_machine_is_refused(retro: RetroEnv) -> None:
    with pytest.raises(EmulatorError, match="refuses a state"):
        retro.emulator.load(b"not a state")
