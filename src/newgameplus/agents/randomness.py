"""The random numbers of a batch: a generator per row, split from one seed, saved and restored exactly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.types import State


def split(seed: int, num_rows: int) -> list[np.random.Generator]:
    """Return one generator per row; row ``i`` draws the same numbers however many rows there are.

    Raises:
        UsageError: the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"A seed is 0 or more, not {seed}.")
    children = np.random.SeedSequence(seed).spawn(num_rows)
    return [np.random.Generator(np.random.PCG64(child)) for child in children]


def save(random: np.random.Generator) -> State:
    """Return all that the generator knows, as JSON types; it holds integers of 128 bits."""
    return {**random.bit_generator.state}


def load(state: object) -> np.random.Generator:
    """Return a generator that goes on from a state that ``save`` returned.

    Raises:
        StateError: the state is not that of a PCG64 generator.
    """
    bits = np.random.PCG64(0)
    try:
        if not isinstance(state, Mapping):
            raise TypeError
        bits.state = state  # type: ignore[assignment]  # numpy itself checks it
    except (TypeError, ValueError, KeyError, OverflowError):
        raise StateError("The saved state of a random number generator is damaged; begin a new run.") from None
    return np.random.Generator(bits)
