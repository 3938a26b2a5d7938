"""Sampling in proportion to priorities, from a million entries within some tens of microseconds."""

from __future__ import annotations

import numpy as np

from newgameplus.types import Array

_BRANCHES = 128
"""Children of each node: few enough to be searched at once, and a million entries are three levels deep."""


class SumTree:
    """Priorities with their sums in a tree with 128 branches per node (a sum tree).

    A node's sum is always recomputed from its children, so that rounding errors do not accumulate.

    Args:
        size: number of entries, all of priority 0 at first.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        widths = [-(-size // _BRANCHES) * _BRANCHES]
        while widths[-1] > _BRANCHES:
            widths.append(-(-(widths[-1] // _BRANCHES) // _BRANCHES) * _BRANCHES)
        self._levels = [np.zeros((width // _BRANCHES, _BRANCHES)) for width in widths]

    @property
    def total(self) -> float:
        """Sum of all priorities."""
        return float(self._levels[-1].sum())

    def get(self, entries: Array) -> Array:
        """Return the priorities float64 ``[N]`` of entries int ``[N]``."""
        priorities: Array = self._levels[0].ravel()[entries]
        return priorities

    def set(self, entries: Array, priorities: Array) -> None:
        """Set the priorities ``[N]``, at least 0, of entries int ``[N]``; for duplicate entries the last counts."""
        self._levels[0].ravel()[entries] = priorities
        for children, parents in zip(self._levels, self._levels[1:], strict=False):
            entries = entries // _BRANCHES
            parents.ravel()[entries] = children[entries].sum(1)

    def find(self, targets: Array) -> Array:
        """Return the entry int64 ``[N]`` in whose interval of the cumulative sum each target float64 ``[N]`` lies.

        Targets are in [0, total); an entry of priority 0 is never found.
        """
        running = self._levels[-1][0].cumsum()
        # Rounding may put a target at or past the last sum; then the last child with a priority is meant.
        targets = np.minimum(targets, np.nextafter(running[-1], 0))
        node: Array = running.searchsorted(targets, side="right")
        targets = targets - np.where(node > 0, running[node - 1], 0)
        each = np.arange(len(targets))
        for level in self._levels[-2::-1]:
            running = level.take(node, 0).cumsum(1)
            targets = np.minimum(targets, np.nextafter(running[:, -1], 0))
            branch = (running > targets[:, None]).argmax(1)
            targets = targets - np.where(branch > 0, running[each, branch - 1], 0)
            node = node * _BRANCHES + branch
        return node

    def leaves(self) -> Array:
        """Return all priorities, float64 ``[size]``."""
        return self._levels[0].ravel()[: self.size].copy()

    def restore(self, leaves: Array) -> None:
        """Restore the priorities that ``leaves`` returned."""
        self._levels[0].ravel()[: self.size] = leaves
        for children, parents in zip(self._levels, self._levels[1:], strict=False):
            sums = children.sum(1)
            parents.ravel()[: len(sums)] = sums
