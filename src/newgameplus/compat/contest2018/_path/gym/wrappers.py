"""gym's wrapper that ends episodes."""

from __future__ import annotations

import time
from typing import Any

from gym.core import Wrapper
from gym.error import ResetNeeded


class TimeLimit(Wrapper):
    """Ends an episode after a number of steps or seconds.

    Args:
        env: the environment inside.
        max_episode_seconds: limit of seconds; None for none.
        max_episode_steps: limit of steps; None for none.
    """

    def __init__(
        self, env: Any, max_episode_seconds: float | None = None, max_episode_steps: int | None = None
    ) -> None:
        super().__init__(env)
        self._max_episode_seconds, self._max_episode_steps = max_episode_seconds, max_episode_steps
        self._elapsed_steps = 0
        self._episode_started_at: float | None = None

    def step(self, action: Any) -> Any:
        """Take an action; the episode is over if the limit is reached.

        Raises:
            ResetNeeded: ``reset`` was not called.
        """
        if self._episode_started_at is None:
            raise ResetNeeded("Call reset() before step().")
        observation, reward, done, info = self.env.step(action)
        self._elapsed_steps += 1
        return observation, reward, done or self._is_over(), info

    def reset(self, **kwargs: Any) -> Any:
        """Begin an episode, and count from 0."""
        self._elapsed_steps, self._episode_started_at = 0, time.monotonic()
        return self.env.reset(**kwargs)

    def _is_over(self) -> bool:
        steps, seconds = self._max_episode_steps, self._max_episode_seconds
        if steps is not None and self._elapsed_steps >= steps:
            return True
        began = self._episode_started_at
        return seconds is not None and began is not None and time.monotonic() - began >= seconds
