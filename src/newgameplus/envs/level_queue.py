"""Queues of levels, from which rows take one level after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from newgameplus.errors import UsageError
from newgameplus.games.levels import Level


class LevelQueue(Protocol):
    """An endless queue of levels of one console; a place of it always holds the same level."""

    def level(self, place: int) -> Level:
        """Return the level at a place, from 0; waits until it is there.

        Raises:
            NewGamePlusError: it cannot be had.
        """
        ...


class ShuffledLevels:
    """Levels that are taken again and again, in an order that is shuffled anew for each pass.

    Args:
        levels: at least one.
        seed: seed of the order.
    """

    def __init__(self, levels: Sequence[Level], seed: int) -> None:
        if not levels:
            raise UsageError("Playing levels one after another takes at least one level.")
        self._levels, self._seed = tuple(levels), seed

    def level(self, place: int) -> Level:
        """Return the level at a place, from 0."""
        turn, index = divmod(place, len(self._levels))
        order = np.random.default_rng([self._seed, turn]).permutation(len(self._levels))
        return self._levels[int(order[index])]
