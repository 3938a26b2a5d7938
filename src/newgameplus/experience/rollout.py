"""Rollout: a fixed number of steps of every row, learned from once and then overwritten.

Shapes: ``T`` steps, ``B`` rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from newgameplus.types import Array, State


class Rollout:
    """Buffer of T steps, filled step by step.

    Args:
        num_steps: T.
        num_rows: B.
        observation_shape: shape of one row of the observation, uint8.
        zeros: creates the observations array from its shape and dtype.
    """

    def __init__(
        self,
        num_steps: int,
        num_rows: int,
        observation_shape: tuple[int, ...],
        zeros: Callable[[tuple[int, ...], DTypeLike], Array] = np.zeros,
    ) -> None:
        self.length = 0
        """Number of steps filled in."""
        self.observation = zeros((num_steps, num_rows, *observation_shape), np.uint8)
        self.action = np.zeros((num_steps, num_rows), np.int64)
        self.log_probability = np.zeros((num_steps, num_rows), np.float32)
        """Log-probability of the action under the policy that chose it, float32 ``[T, B]``."""
        self.value = np.zeros((num_steps, num_rows), np.float32)
        """Value estimate of the observation under the policy that acted, float32 ``[T, B]``."""
        self.reward = np.zeros((num_steps, num_rows), np.float32)
        self.done = np.zeros((num_steps, num_rows), np.bool_)
        self.end_value = np.zeros((num_steps, num_rows), np.float32)
        """Value after a step that ended an episode: 0 for a termination, else the value estimate of the final
        observation."""

    @property
    def is_full(self) -> bool:
        """Whether all T steps are filled in."""
        return self.length == len(self.action)

    def next_value(self, last_value: Array) -> Array:
        """Return the value after each step, float32 ``[T, B]``; ``last_value`` ``[B]`` is that after the last step."""
        following = np.concatenate([self.value[1:], last_value[None]])
        result: Array = np.where(self.done, self.end_value, following)
        return result

    def state(self) -> State:
        """Return the steps filled in, and the pending one, whose reward is not yet known."""
        filled = self.length + 1
        return {"length": self.length, **{name: getattr(self, name)[:filled].copy() for name in _FIELDS}}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``."""
        self.length = state["length"]
        for name in _FIELDS:
            getattr(self, name)[: len(state[name])] = state[name]


_FIELDS = ("observation", "action", "log_probability", "value", "reward", "done", "end_value")
