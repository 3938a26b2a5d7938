"""Checked reading of a saved state, which may be damaged or another agent's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from newgameplus.errors import StateError
from newgameplus.types import Array, State

Entry = TypeVar("Entry")


def take(state: object, key: str, kind: type[Entry]) -> Entry:
    """Return the entry ``key`` of a saved dict; it must be exactly of type ``kind``.

    Raises:
        StateError: the state is not a dict, or the entry is missing or of another type.
    """
    value = state.get(key) if isinstance(state, Mapping) else None
    if type(value) is not kind:
        raise StateError(f"The saved state has no {kind.__name__} {key!r} where one is needed; begin a new run.")
    return value


def take_count(state: object, key: str) -> int:
    """Return the entry ``key`` of a saved dict, a non-negative integer.

    Raises:
        StateError: as ``take``, or the number is negative.
    """
    count = take(state, key, int)
    if count < 0:
        raise StateError(f"The saved number {key!r} is {count}, less than 0; begin a new run.")
    return count


def take_array(state: object, key: str, dtype: DTypeLike) -> Array:
    """Return the entry ``key`` of a saved dict, a one-dimensional array of ``dtype``.

    Raises:
        StateError: as ``take``, or the array has another dtype or number of dimensions.
    """
    array = take(state, key, np.ndarray)
    if array.dtype != np.dtype(dtype) or array.ndim != 1:
        raise StateError(
            f"The saved array {key!r} is {array.dtype} {array.shape}, which does not fit; begin a new run."
        )
    return array


def take_rows(state: object, agent: str, num_rows: int) -> list[object]:
    """Return the entry ``rows`` of an agent's saved state.

    Raises:
        StateError: the state belongs to another agent or number of rows.
    """
    require_agent(state, agent)
    rows = take(state, "rows", list)
    if len(rows) != num_rows:
        raise StateError(f"The saved state has {len(rows)} rows, this world has {num_rows}.")
    return rows


def require_agent(state: object, agent: str) -> None:
    """Check that a saved state belongs to ``agent``.

    Raises:
        StateError: it belongs to another agent, or is not a state.
    """
    name = take(state, "agent", str)
    if name != agent:
        raise StateError(f"This is the saved state of the agent {name!r}, not of {agent!r}.")


def require_likeness(own: State, given: object, where: str = "state") -> None:
    """Check that a saved state has the structure of an agent's own: the same keys, types, dtypes and dimensions.

    Lengths may differ, and so may the contents of lists.

    Raises:
        StateError: it belongs to another agent, number of rows or version, or is damaged.
    """
    for key in ("agent", "num_rows"):
        if key in own and isinstance(given, Mapping) and key in given and given[key] != own[key]:
            raise StateError(f"The saved state is of {key} {given[key]!r}, this agent of {own[key]!r}.")
    if not isinstance(given, Mapping) or own.keys() != given.keys():
        raise StateError(f"The saved {where} does not fit this agent and configuration; begin a new run.")
    for key, value in own.items():
        place, other = f"{where}.{key}", given[key]
        if isinstance(value, dict):
            require_likeness(value, other, place)
        elif type(value) is not type(other) or (
            isinstance(value, np.ndarray) and (value.dtype, value.ndim) != (other.dtype, other.ndim)
        ):
            raise StateError(f"The saved {place} does not fit this agent and configuration; begin a new run.")
