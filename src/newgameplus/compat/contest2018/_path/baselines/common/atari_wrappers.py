"""The picture that deep agents of 2018 saw: gray, 84 x 84 pixels, the last ones stacked."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

import gym


class WarpFrame(gym.ObservationWrapper):
    """Shows gray pictures, uint8 ``[84, 84, 1]``, by area resampling; needs OpenCV.

    Args:
        env: environment that shows uint8 ``[H, W, 3]``.
    """

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.width = self.height = 84
        self.observation_space = gym.spaces.Box(0, 255, (self.height, self.width, 1), np.uint8)

    def observation(self, observation: Any) -> Any:
        """Return the gray picture of a coloured one."""
        import cv2

        gray = cv2.cvtColor(observation, cv2.COLOR_RGB2GRAY)
        return cv2.resize(gray, (self.width, self.height), interpolation=cv2.INTER_AREA)[:, :, None]


class FrameStack(gym.Wrapper):
    """Shows the last ``k`` observations, concatenated along the last axis, oldest first.

    Args:
        env: the environment inside.
        k: number of observations.
    """

    def __init__(self, env: Any, k: int) -> None:
        super().__init__(env)
        self.k = k
        self.frames: deque[Any] = deque(maxlen=k)
        *shape, channels = env.observation_space.shape
        self.observation_space = gym.spaces.Box(0, 255, (*shape, channels * k), env.observation_space.dtype)

    def reset(self, **kwargs: Any) -> LazyFrames:
        """Begin an episode; its first observation fills the stack."""
        self.frames.extend([self.env.reset(**kwargs)] * self.k)
        return LazyFrames(list(self.frames))

    def step(self, action: Any) -> Any:
        """Take an action; return the stack with the new observation."""
        observation, reward, done, info = self.env.step(action)
        self.frames.append(observation)
        return LazyFrames(list(self.frames)), reward, done, info


class LazyFrames:
    """Observations that are concatenated only where an array is wanted, so that stacks share them.

    Args:
        frames: the observations, oldest first.
    """

    def __init__(self, frames: list[Any]) -> None:
        self._frames = frames

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        joined = np.concatenate(self._frames, axis=-1)
        return joined if dtype is None else joined.astype(dtype)

    def __len__(self) -> int:
        return len(np.asarray(self))

    def __getitem__(self, i: Any) -> Any:
        return np.asarray(self)[i]
