"""Stall limit of a batch: the rows without a new maximum of the return for too long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.types import Array, State


class StallCounter:
    """Counts the frames of each of ``B`` rows since the last new maximum of its return in the episode.

    Equals :class:`~newgameplus.envs.wrappers.limits.StallLimit`, which is for a single environment.

    Args:
        num_envs: B.
        stall_frames: frames without a new maximum of the return after which an episode is truncated; None for no
            limit.
        frames_per_step: frames per step.

    Raises:
        UsageError: ``stall_frames`` is not positive.
    """

    def __init__(self, num_envs: int, stall_frames: int | None, frames_per_step: int) -> None:
        if stall_frames is not None and stall_frames < 1:
            raise UsageError(f"An episode stalls after at least 1 frame, not {stall_frames}.")
        self.is_on = stall_frames is not None
        """Whether there is a limit."""
        self._limit, self._frames_per_step = stall_frames or 0, frames_per_step
        self._return, self._best = np.zeros(num_envs), np.zeros(num_envs)
        self._frames = np.zeros(num_envs, np.int64)

    def step(self, rows: Sequence[int] | Array, reward: Array, over: Array) -> Array:
        """Count a step and return the rows whose episode stalled in it; these and the rows in ``over`` are reset.

        Args:
            rows: indices ``[R]`` of the rows that took a step.
            reward: float64 ``[R]``.
            over: bool ``[R]``, whether the episode has ended otherwise.

        Returns:
            Indices of rows, int64.
        """
        rows = np.asarray(rows)
        self._return[rows] += reward
        is_best = self._return[rows] > self._best[rows]
        self._best[rows] = np.maximum(self._best[rows], self._return[rows])
        self._frames[rows] = np.where(is_best, 0, self._frames[rows] + self._frames_per_step)
        stalled: Array = rows[(self._frames[rows] >= self._limit) & ~over]
        self.begin(rows[over])
        self.begin(stalled)
        return stalled

    def begin(self, rows: Sequence[int] | Array) -> None:
        """Begin an episode in some rows."""
        self._return[rows] = self._best[rows] = 0.0
        self._frames[rows] = 0

    def state(self) -> State:
        """Part of a world's state: ``stalls`` if there is a limit, otherwise empty."""
        parts = {"return": self._return.copy(), "best": self._best.copy(), "frames": self._frames.copy()}
        return {"stalls": parts} if self.is_on else {}

    def restore(self, state: State) -> None:
        """Restore :meth:`state`.

        Args:
            state: state of a world.

        Raises:
            StateError: there is a limit, and the world was saved without one or with another number of rows.
        """
        if not self.is_on:
            return
        parts = [state.get("stalls", {}).get(name) for name in ("return", "best", "frames")]
        if any(not isinstance(part, np.ndarray) or part.shape != self._frames.shape for part in parts):
            raise StateError(f"The saved world has no stall limit, or another number of rows than {len(self._frames)}.")
        self._return, self._best, self._frames = (np.array(part) for part in parts)
