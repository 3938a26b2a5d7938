"""Vector environments of other projects over stable-retro's environment: Gymnasium's and Stable-Baselines3's.

The preprocessing is the contest's: sticky frame skip, gray, 84 x 84 by area, the last four pictures. Each peer is
configured for speed, as far as its package allows: shared memory and no copy if possible, one thread per process.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import FrameStackObservation, TimeLimit

from benchmarks.play import Play
from newgameplus.games.folders import rom_store
from newgameplus.types import CONTEST_SIZE, Array

FRAMES_PER_STEP = 4
STICKY_PROBABILITY = 0.25
STACK = 4

Env = gym.Env[Array, Any]
Vector = gym.vector.VectorEnv[Array, Array, Array]


class StickyFrameSkip(gym.Wrapper[Array, Any, Array, Any]):
    """Repeats an action for four frames; with a probability the first of them still holds the previous action."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        self._held: Any = None

    def reset(self, **keywords: Any) -> tuple[Array, dict[str, Any]]:
        """Begin an episode."""
        self._held = None
        return self.env.reset(**keywords)

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Run the frames of one step."""
        total = 0.0
        for frame in range(FRAMES_PER_STEP):
            is_late = frame == 0 and self._held is not None and not self.np_random.random() > STICKY_PROBABILITY
            if not is_late:
                self._held = action
            observation, reward, terminated, truncated, info = self.env.step(self._held)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info


class Warp(gym.ObservationWrapper[Array, Any, Array]):
    """Gray, 84 x 84 by area; ``channels`` is (1,) for [84, 84, 1] and () for [84, 84]."""

    def __init__(self, env: Env, channels: tuple[int, ...]) -> None:
        super().__init__(env)
        self._shape = CONTEST_SIZE + channels
        self.observation_space = gym.spaces.Box(0, 255, self._shape, np.uint8)

    def observation(self, observation: Array) -> Array:
        """Return the resized gray picture."""
        gray = cv2.cvtColor(observation, cv2.COLOR_RGB2GRAY)
        return cv2.resize(gray, CONTEST_SIZE[::-1], interpolation=cv2.INTER_AREA).reshape(self._shape)


def make_env(play: Play, channels: tuple[int, ...] = ()) -> Env:
    """Create stable-retro's environment of a level, preprocessed, without the stack."""
    import stable_retro

    cv2.setNumThreads(1)
    integrations = stable_retro.data.Integrations
    integrations.add_custom_path(str(rom_store()))
    level = play.level
    env = stable_retro.make(level.game, level.state, integrations.ALL, scenario=level.scenario, render_mode="rgb_array")
    return Warp(TimeLimit(StickyFrameSkip(env), play.max_episode_steps), channels)


def make_stacked_env(play: Play) -> Env:
    """Create the same with Gymnasium's stack, [4, 84, 84]."""
    return FrameStackObservation(make_env(play), STACK)


def make_async(play: Play) -> Vector:
    """Create Gymnasium's ``AsyncVectorEnv``: a process per console, observations in shared memory, not copied."""
    os.environ["OMP_NUM_THREADS"] = "1"
    makers = [partial(make_stacked_env, play)] * play.num_envs
    return gym.vector.AsyncVectorEnv(makers, copy=False, context="fork", autoreset_mode=AutoresetMode.SAME_STEP)


def gymnasium_async(play: Play) -> Callable[[], None]:
    """Gymnasium's ``AsyncVectorEnv`` as a side."""
    return stepping(make_async(play), play)


def stable_baselines(play: Play) -> Callable[[], None]:
    """Stable-Baselines3's ``SubprocVecEnv`` under its ``VecFrameStack`` as a side."""
    os.environ["OMP_NUM_THREADS"] = "1"
    vec_env = importlib.import_module("stable_baselines3.common.vec_env")
    makers: list[Callable[[], Env]] = [partial(make_env, play, (1,))] * play.num_envs
    env = vec_env.VecFrameStack(vec_env.SubprocVecEnv(makers, start_method="fork"), STACK)
    actions = play.actions()

    def run() -> None:
        env.seed(play.seed)
        env.reset()
        for each in actions:
            env.step(each)

    return run


def stepping(env: Vector, play: Play) -> Callable[[], None]:
    """A side that plays in any of Gymnasium's vector environments."""
    actions = play.actions()

    def run() -> None:
        env.reset(seed=play.seed)
        for each in actions:
            env.step(each)

    return run


def is_installed(package: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def check_stable_baselines() -> None:
    """End the program with a message if Stable-Baselines3 is missing."""
    if not is_installed("stable_baselines3"):
        sys.exit(
            "Stable-Baselines3, one of the peers, is missing; install it with: pip install stable-baselines3\n"
            "or leave that peer out with: --without-stable-baselines"
        )
