"""Rewards as a learner takes them: scaled, and with the way back forgiven."""

from __future__ import annotations

from typing import Any

import numpy as np

from newgameplus.types import Array, State


class RewardShaper:
    """Turns the world's rewards into those that are learned from.

    Args:
        num_rows: B.
        scale: multiplies every reward.
        allows_backtracking: whether only a new best of the episode's sum is rewarded, and going back costs nothing
            (retro-baselines, ``AllowBacktracking``): a reward is then how far the sum exceeds its earlier best.
    """

    def __init__(self, num_rows: int, scale: float = 1.0, allows_backtracking: bool = False) -> None:
        self._scale, self._allows_backtracking = scale, allows_backtracking
        self._sum, self._best = np.zeros(num_rows), np.zeros(num_rows)

    def __call__(self, reward: Array, done: Array) -> Array:
        """Return float32 ``[B]`` for the world's rewards ``[B]``; ``done`` bool ``[B]`` begins a new episode."""
        if not self._allows_backtracking:
            return (reward * self._scale).astype(np.float32)
        self._sum += reward
        gain = np.maximum(self._sum - self._best, 0)
        self._best += gain
        self._sum[done] = 0
        self._best[done] = 0
        return (gain * self._scale).astype(np.float32)

    def state(self) -> State:
        """Return where every row stands."""
        return {"sum": self._sum.copy(), "best": self._best.copy()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        self._sum, self._best = state["sum"].copy(), state["best"].copy()
