"""Wrappers that truncate an episode: too many steps, which is Gymnasium's, and no progress for too long."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym

from newgameplus.envs.inline import EnvInline
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.reward import check_variables, variable
from newgameplus.errors import UsageError
from newgameplus.types import Array


class TimeLimit(EnvInline, gym.wrappers.TimeLimit[Array, Any]):
    """Gymnasium's limit of steps, which equals the contest's."""


class StallLimit(EnvInline, gym.Wrapper[Array, Any, Array, Any]):
    """Truncates an episode without progress for a number of frames.

    Progress is a new maximum of a variable, or of the return if none is named, checked after every step; the maximum
    starts at the initial value. With one frame per step and the variable ``screen_x`` this is the rule of andruschak's
    NEAT tutorial (500 frames on Sonic).

    Args:
        env: a wrapped or bare RetroEnv, which counts the frames.
        num_frames: frames without progress after which the episode is truncated, 60 per second.
        variable_name: variable that measures progress; None takes the return.

    Raises:
        UsageError: ``num_frames`` is not positive, or ``env`` does not count frames.
        NotFoundError: the game has no such variable.
    """

    def __init__(self, env: gym.Env[Array, Any], num_frames: int, variable_name: str | None = None) -> None:
        super().__init__(env)
        if num_frames < 1:
            raise UsageError(f"An episode stalls after at least 1 frame, not {num_frames}.")
        base = env.unwrapped
        if not isinstance(base, RetroEnv):
            raise UsageError(f"A StallLimit counts the frames of a RetroEnv; {base} is none.")
        if variable_name is not None:
            check_variables(env, (variable_name,))
        self._base = base
        self._num_frames = num_frames
        self._variable_name = variable_name
        self._return = self._best = 0.0
        self._best_frame = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode and reset the progress."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._return = 0.0
        self._best = self._progress(info)
        self._best_frame = self._base.num_frames
        return observation, info

    def step(self, action: Any) -> tuple[Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step; truncate the episode if the last progress is too long ago."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._return += float(reward)
        progress = self._progress(info)
        if progress > self._best:
            self._best, self._best_frame = progress, self._base.num_frames
        is_stalled = not terminated and self._base.num_frames - self._best_frame >= self._num_frames
        return observation, reward, terminated, truncated or is_stalled, info

    def _progress(self, info: dict[str, Any]) -> float:
        return self._return if self._variable_name is None else variable(info, self._variable_name)
