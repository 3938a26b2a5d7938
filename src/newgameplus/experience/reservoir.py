"""Uniform sample of all pictures added, with the same capacity for each class.

Shapes: ``B`` batch, ``K`` classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State


class Reservoir:
    """Reservoir of each class; every picture ever added has the same probability of being kept as others of its class.

    Source: Vitter, "Random Sampling with a Reservoir" (1985), algorithm R.

    Args:
        num_kinds: number K of classes.
        capacity: number of pictures kept per class.
        shape: shape of a picture, uint8.
    """

    def __init__(self, num_kinds: int, capacity: int, shape: tuple[int, ...]) -> None:
        self._picture = np.zeros((num_kinds, capacity, *shape), np.uint8)
        self._num_seen = np.zeros(num_kinds, np.int64)

    @property
    def has_every_kind(self) -> bool:
        """Whether there is a picture of each class."""
        return bool(self._num_seen.all())

    def add(self, picture: Array, kind: Array, random: np.random.Generator) -> None:
        """Add pictures uint8 ``[B, …]``, with their classes, int64 ``[B]`` from 0."""
        capacity = self._picture.shape[1]
        for each, number in zip(picture, kind.tolist(), strict=True):
            num_seen = int(self._num_seen[number])
            place = num_seen if num_seen < capacity else int(random.integers(num_seen + 1))
            if place < capacity:
                self._picture[number, place] = each
            self._num_seen[number] += 1

    def draw(self, num_pictures: int, random: np.random.Generator) -> tuple[Array, Array]:
        """Return pictures uint8 ``[B, …]`` and their classes int64 ``[B]``; all classes have the same probability.

        Requires a picture of each class.
        """
        kind = random.integers(len(self._num_seen), size=num_pictures)
        place = random.integers(self._num_kept[kind])
        return self._picture[kind, place], kind

    def state(self) -> State:
        """Return the pictures, class by class, and how many of each class were added."""
        kept = [pictures[:length] for pictures, length in zip(self._picture, self._num_kept, strict=True)]
        return {"picture": np.concatenate(kept), "num_seen": self._num_seen.copy()}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``.

        Raises:
            StateError: its classes, capacity or picture shape differ.
        """
        num_seen, picture = state["num_seen"], state["picture"]
        num_kept = np.minimum(num_seen, self._picture.shape[1])
        if num_seen.shape != self._num_seen.shape or picture.shape != (int(num_kept.sum()), *self._picture.shape[2:]):
            raise StateError("The saved pictures do not fit this configuration; begin a new run.")
        self._num_seen = num_seen.copy()
        for pictures, part in zip(self._picture, np.split(picture, np.cumsum(num_kept)[:-1]), strict=True):
            pictures[: len(part)] = part

    @property
    def _num_kept(self) -> Array:
        """Number of pictures kept per class, int64 ``[K]``."""
        kept: Array = np.minimum(self._num_seen, self._picture.shape[1])
        return kept
