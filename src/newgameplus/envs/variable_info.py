"""The variables of a batch in the form of Gymnasium's ``info``: one array per name, and a mask of who has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from newgameplus.types import Array


class VariableInfo:
    """Names the numbers that the engine writes.

    Args:
        variables: the names of each row's variables, in the order of its numbers.
    """

    def __init__(self, variables: Sequence[tuple[str, ...]]) -> None:
        self._names = tuple(dict.fromkeys(name for row in variables for name in row))
        self._present = np.array([[name in row for row in variables] for name in self._names], np.bool_)
        self._present = self._present.reshape(len(self._names), len(variables))
        self._present.flags.writeable = False
        self._masks = {f"_{name}": present for name, present in zip(self._names, self._present, strict=True)}
        self._columns: Array | None = None
        """Where each row has each variable, ``[V, B]``; None when all rows are alike."""
        if any(row != variables[0] for row in variables):
            columns = [[row.index(name) if name in row else 0 for row in variables] for name in self._names]
            self._columns = np.array(columns, np.int64)
        self._rows = np.arange(len(variables))

    def of(self, values: Array) -> dict[str, Any]:
        """Name ``values``, int64 ``[B, V]``; a copy, with 0 where a row's game has no such variable."""
        return {**self._masks, **dict(zip(self._names, self._named(values), strict=True))}

    def of_rows(self, values: Array, rows: Array) -> dict[str, Any]:
        """The same for the rows that ``rows``, bool ``[B]``, marks; the others are 0 and count as without."""
        named = self._named(values) * rows
        masks = {f"_{name}": present for name, present in zip(self._names, self._present & rows, strict=True)}
        return {**masks, **dict(zip(self._names, named, strict=True))}

    def _named(self, values: Array) -> Array:
        """``[V, B]``."""
        if self._columns is None:
            return values[:, : len(self._names)].T.copy()
        named: Array = values[self._rows, self._columns] * self._present
        return named
