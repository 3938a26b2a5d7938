"""Variables of a batch in the form of Gymnasium's ``info``: one array per name, and a mask of the rows that have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from newgameplus.types import Array


class VariableInfo:
    """Maps the numbers that the engine writes to variable names.

    Args:
        variables: names of each row's variables, in the order of its numbers.
        present: for each of them, whether its address is in the memory of the row's console.
    """

    def __init__(self, variables: Sequence[tuple[str, ...]], present: Sequence[Sequence[bool]]) -> None:
        places = [
            {name: place for place, name in enumerate(names) if is_there[place]}
            for names, is_there in zip(variables, present, strict=True)
        ]
        self._names = tuple(dict.fromkeys(name for row in places for name in row))
        shape = (len(self._names), len(places))
        self._present = np.array([[name in row for row in places] for name in self._names], np.bool_).reshape(shape)
        self._present.flags.writeable = False
        self._masks = {f"_{name}": present for name, present in zip(self._names, self._present, strict=True)}
        columns = [[row.get(name, 0) for row in places] for name in self._names]
        self._columns = np.array(columns, np.int64).reshape(shape)
        """Column of each variable in each row, ``[V, B]``."""
        self._are_in_order = bool((self._columns == np.arange(shape[0])[:, None]).all() and self._present.all())
        self._rows = np.arange(shape[1])

    def of(self, values: Array) -> dict[str, Any]:
        """Return ``values``, int64 ``[B, V]``, by name; copies, with 0 where a row's game has no such variable."""
        return {**self._masks, **dict(zip(self._names, self._named(values), strict=True))}

    def of_rows(self, values: Array, rows: Array) -> dict[str, Any]:
        """The same for the rows marked in ``rows``, bool ``[B]``; the others are 0 and masked out."""
        named = self._named(values) * rows
        masks = {f"_{name}": present for name, present in zip(self._names, self._present & rows, strict=True)}
        return {**masks, **dict(zip(self._names, named, strict=True))}

    def _named(self, values: Array) -> Array:
        """``[V, B]``."""
        if self._are_in_order:
            return values[:, : len(self._names)].T.copy()
        named: Array = values[self._rows, self._columns] * self._present
        return named
