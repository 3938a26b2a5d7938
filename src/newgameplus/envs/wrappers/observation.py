"""Observation wrappers: crop, grayscale, resize, edges and frame stack, applied as an ObservationSpec says.

The arithmetic is OpenCV's, as in the 2018 baselines (``WarpFrame``, ``FrameStack``). Gymnasium's grayscale uses
floating point weights and its frame stack adds a leading axis, so neither is equal.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

import cv2
import gymnasium as gym
import numpy as np
from gymnasium import spaces

from newgameplus.envs.inline import EnvInline
from newgameplus.errors import UsageError
from newgameplus.types import CONTEST_SIZE, Array, ObservationSpec

ArrayEnv: TypeAlias = gym.Env[Array, Any]


class Crop(EnvInline, gym.ObservationWrapper[Array, Any, Array]):
    """Cuts pixels off the borders of ``[H, W, C]``.

    Args:
        env: observations are pictures.
        margins: pixels cut off at (top, right, bottom, left).

    Raises:
        UsageError: a margin is negative, or nothing would be left.
    """

    def __init__(self, env: ArrayEnv, margins: tuple[int, int, int, int]) -> None:
        super().__init__(env)
        height, width, channels = _picture_shape(env)
        top, right, bottom, left = margins
        if min(margins) < 0 or top + bottom >= height or left + right >= width:
            raise UsageError(
                f"Cutting (top, right, bottom, left) = {margins} off a picture of {height} x {width} pixels "
                "leaves nothing of it, or a margin is negative."
            )
        self._rows, self._columns = slice(top, height - bottom), slice(left, width - right)
        self.observation_space = _pictures(height - top - bottom, width - left - right, channels)

    def observation(self, observation: Array) -> Array:
        """Return the inner part, a view of ``observation``."""
        return observation[self._rows, self._columns]


class Gray(EnvInline, gym.ObservationWrapper[Array, Any, Array]):
    """Converts RGB ``[H, W, 3]`` to luma ``[H, W, 1]``; a gray picture is passed through."""

    def __init__(self, env: ArrayEnv) -> None:
        super().__init__(env)
        height, width, self._num_channels = _picture_shape(env)
        self.observation_space = _pictures(height, width, 1)

    def observation(self, observation: Array) -> Array:
        """Return the luma of ``observation``."""
        if self._num_channels == 1:
            return observation
        return cv2.cvtColor(observation, cv2.COLOR_RGB2GRAY)[:, :, None]


class Resize(EnvInline, gym.ObservationWrapper[Array, Any, Array]):
    """Resizes ``[H, W, C]`` by area interpolation.

    Args:
        env: observations are pictures.
        size: (height, width) in pixels.

    Raises:
        UsageError: a side is not positive.
    """

    def __init__(self, env: ArrayEnv, size: tuple[int, int]) -> None:
        super().__init__(env)
        _, _, self._num_channels = _picture_shape(env)
        if min(size) < 1:
            raise UsageError(f"A picture is at least 1 x 1 pixel, not {size[0]} x {size[1]}.")
        self._size = size
        self.observation_space = _pictures(*size, self._num_channels)

    def observation(self, observation: Array) -> Array:
        """Return ``observation`` at the new size."""
        height, width = self._size
        resized = cv2.resize(observation, (width, height), interpolation=cv2.INTER_AREA)
        return resized.reshape(height, width, self._num_channels)


class Edges(EnvInline, gym.ObservationWrapper[Array, Any, Array]):
    """Canny edges of a gray picture ``[H, W, 1]``: 255 on an edge, 0 elsewhere.

    Source: reverie_agent's deep Q-network, thresholds 100 and 200.

    Args:
        env: observations are gray pictures.
        thresholds: lower and upper threshold on the gradient.

    Raises:
        UsageError: the pictures are coloured, or the thresholds are out of order.
    """

    def __init__(self, env: ArrayEnv, thresholds: tuple[int, int]) -> None:
        super().__init__(env)
        height, width, channels = _picture_shape(env)
        if channels != 1:
            raise UsageError("Edges are found in a gray picture: put Gray below Edges.")
        _check_thresholds(thresholds)
        self._thresholds = thresholds
        self.observation_space = _pictures(height, width, 1)

    def observation(self, observation: Array) -> Array:
        """Return the edges of ``observation``."""
        return edges_of(observation, self._thresholds)


class FrameStack(EnvInline, gym.ObservationWrapper[Array, Any, Array]):
    """Concatenates the last observations along the last axis, oldest first.

    The first observation of an episode is repeated. Each stack is a new array.

    Args:
        env: observations are uint8 arrays.
        num_observations: number of observations in a stack.

    Raises:
        UsageError: fewer than one.
    """

    def __init__(self, env: ArrayEnv, num_observations: int) -> None:
        super().__init__(env)
        if num_observations < 1:
            raise UsageError(f"A stack holds at least 1 observation, not {num_observations}.")
        self._recent: deque[Array] = deque(maxlen=num_observations)
        *front, last = env.observation_space.shape or (0,)
        self.observation_space = spaces.Box(0, 255, (*front, last * num_observations), np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode with a stack of its first observation."""
        self._recent.clear()
        return super().reset(seed=seed, options=options)

    def observation(self, observation: Array) -> Array:
        """Add ``observation`` and return the stack."""
        missing = (self._recent.maxlen or 1) - len(self._recent)
        self._recent.extend([observation] * max(missing, 1))
        return np.concatenate(self._recent, axis=-1)


def warp(env: ArrayEnv, size: tuple[int, int] = CONTEST_SIZE) -> ArrayEnv:
    """Convert to gray and resize to ``[84, 84, 1]``, as ``WarpFrame`` of the 2018 baselines."""
    return Resize(Gray(env), size)


def edges_of(pictures: Array, thresholds: tuple[int, int]) -> Array:
    """Return Canny's edges of every gray picture of a stack, uint8 ``[H, W, S]`` like ``pictures``: 255 or 0."""
    found = [cv2.Canny(np.ascontiguousarray(pictures[:, :, place]), *thresholds) for place in range(pictures.shape[2])]
    return np.stack(found, axis=-1)


def check_observation_spec(spec: ObservationSpec) -> None:
    """Check an observation spec independently of a game.

    Raises:
        UsageError: ``spec`` treats memory as a picture, or a number is out of range.
    """
    is_picture_treated = spec.maximum or spec.crop or spec.gray or spec.size or spec.shrink or spec.edges
    if spec.kind != "image" and (is_picture_treated or (spec.kind == "none" and spec.stack != 1)):
        raise UsageError(f"An observation of kind {spec.kind!r} cannot be treated like a picture: {spec}.")
    if spec.stack < 1:
        raise UsageError(f"A stack holds at least 1 observation, not {spec.stack}.")
    if spec.size is not None and min(spec.size) < 1:
        raise UsageError(f"A picture is at least 1 x 1 pixel, not {spec.size[0]} x {spec.size[1]}.")
    if spec.shrink is not None and (spec.shrink < 1 or spec.size is not None):
        raise UsageError(f"A picture is divided by at least 1, and not given a size too: {spec}.")
    if spec.crop is not None and min(spec.crop) < 0:
        raise UsageError(f"Pixels are cut off, not added: {spec.crop} has a negative margin.")
    if spec.edges is not None:
        _check_thresholds(spec.edges)


def apply_observation_spec(env: ArrayEnv, spec: ObservationSpec) -> ArrayEnv:
    """Apply the wrappers that ``spec`` asks for, in the order of its fields; none for a plain spec.

    ``env`` must already observe ``spec.kind``, which the base environment chooses, so that nothing is computed in vain.

    Raises:
        UsageError: ``spec`` treats memory as a picture, or a field is invalid.
    """
    check_observation_spec(spec)
    if spec.crop is not None:
        env = Crop(env, spec.crop)
    if spec.gray or spec.edges is not None:
        env = Gray(env)
    if spec.size is not None:
        env = Resize(env, spec.size)
    if spec.shrink is not None:
        height, width, _ = _picture_shape(env)
        env = Resize(env, (height // spec.shrink, width // spec.shrink))
    if spec.edges is not None:
        env = Edges(env, spec.edges)
    return env if spec.stack == 1 else FrameStack(env, spec.stack)


def _check_thresholds(thresholds: tuple[int, int]) -> None:
    if not 0 <= thresholds[0] <= thresholds[1]:
        raise UsageError(f"Edge thresholds are a lower and an upper one, not {thresholds}.")


def _picture_shape(env: ArrayEnv) -> tuple[int, int, int]:
    shape = env.observation_space.shape
    if shape is None or len(shape) != 3:
        raise UsageError(f"This wrapper needs pictures [H, W, C]; {env} shows {env.observation_space}.")
    height, width, channels = shape
    return height, width, channels


def _pictures(height: int, width: int, channels: int) -> spaces.Box:
    return spaces.Box(0, 255, (height, width, channels), np.uint8)
