"""What episodes earned that came to a place: a running mean of their returns for each stretch of the way."""

from __future__ import annotations

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State

NUM_STRETCHES = 220
"""Stretches of the way, each a 200th of a perfect episode's return long; the last ones are for bonuses."""
_STRETCHES_OF_A_PERFECT_EPISODE = 200
_LEAST_RATE = 0.08
"""Weight of the newest episode in a running mean; higher while there are few, so that it is their mean."""


class Prospects:
    """Expected return of an episode by its largest sum of rewards so far.

    Args:
        max_return: return of a perfect episode.
    """

    def __init__(self, max_return: float) -> None:
        self._length = max_return / _STRETCHES_OF_A_PERFECT_EPISODE
        self._count = np.zeros(NUM_STRETCHES, np.int64)
        self._mean = np.zeros(NUM_STRETCHES)
        self._spread()

    def add(self, total: float, furthest: float) -> None:
        """Add an episode that earned ``total`` and whose largest sum of rewards was ``furthest``."""
        reached = slice(0, int(self._stretch(furthest)) + 1)
        rate = np.maximum(1 / (1 + self._count[reached]), _LEAST_RATE)
        self._mean[reached] += rate * (total - self._mean[reached])
        self._count[reached] += 1
        self._spread()

    def at(self, progress: Array | float) -> Array:
        """Return the expected return at sums of rewards ``[K]``, float64 ``[K]``."""
        found: Array = self._expected[self._stretch(progress)]
        return found

    def state(self) -> State:
        """Return count and mean of each stretch."""
        return {"count": self._count.copy(), "mean": self._mean.copy()}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it has another number of stretches.
        """
        if not len(state["count"]) == len(state["mean"]) == NUM_STRETCHES:
            raise StateError("The saved prospects do not add up; begin a new run.")
        self._count, self._mean = state["count"].copy(), state["mean"].copy()
        self._spread()

    def _stretch(self, progress: Array | float) -> Array:
        found: Array = np.clip(np.asarray(progress) / self._length, 0, NUM_STRETCHES - 1).astype(np.int64)
        return found

    def _spread(self) -> None:
        """Expect of a stretch where nobody has been what coming there earns, or the best mean if that is more."""
        known = self._count > 0
        best = self._mean[known].max(initial=0.0)
        self._expected = np.where(known, self._mean, np.maximum(np.arange(NUM_STRETCHES) * self._length, best))
