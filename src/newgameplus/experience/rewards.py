"""Reward shaping before learning: scaling, and no penalty for backtracking."""

from __future__ import annotations

from typing import Any

import numpy as np

from newgameplus.types import Array, State


class RewardShaper:
    """Maps the world's rewards to the rewards that are learned from.

    Args:
        num_rows: B.
        scale: factor of every reward.
        allows_backtracking: reward only a new maximum of the episode's return so far, by how much it exceeds the
            earlier maximum, so that going back costs nothing (retro-baselines, ``AllowBacktracking``).
    """

    def __init__(self, num_rows: int, scale: float = 1.0, allows_backtracking: bool = False) -> None:
        self._scale, self._allows_backtracking = scale, allows_backtracking
        self._sum, self._best = np.zeros(num_rows), np.zeros(num_rows)

    def __call__(self, reward: Array, done: Array) -> Array:
        """Return the shaped rewards float32 ``[B]`` of rewards ``[B]``; ``done`` bool ``[B]`` begins a new episode."""
        if not self._allows_backtracking:
            return (reward * self._scale).astype(np.float32)
        self._sum += reward
        gain = np.maximum(self._sum - self._best, 0)
        self._best += gain
        self._sum[done] = 0
        self._best[done] = 0
        return (gain * self._scale).astype(np.float32)

    def state(self) -> State:
        """Return the state of every row."""
        return {"sum": self._sum.copy(), "best": self._best.copy()}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``."""
        self._sum, self._best = state["sum"].copy(), state["best"].copy()
