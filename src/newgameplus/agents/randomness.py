"""Random generators of a batch: one per row, derived from one seed, saved and restored exactly."""

from __future__ import annotations

import numpy as np

from newgameplus.agents.saved import take
from newgameplus.errors import StateError, UsageError
from newgameplus.types import State


def split(seed: int, num_rows: int) -> list[np.random.Generator]:
    """Return one generator per row; row ``i`` draws the same numbers for any number of rows.

    Raises:
        UsageError: the seed is negative.
    """
    if seed < 0:
        raise UsageError(f"A seed is 0 or more, not {seed}.")
    children = np.random.SeedSequence(seed).spawn(num_rows)
    return [np.random.Generator(np.random.PCG64(child)) for child in children]


def save(random: np.random.Generator) -> State:
    """Return the generator's state as JSON types; it contains 128-bit integers."""
    return {**random.bit_generator.state}


def load(state: object) -> np.random.Generator:
    """Return a generator that continues from a state that ``save`` returned.

    Raises:
        StateError: the state is not that of a PCG64 generator.
    """
    inner = take(state, "state", dict)
    numbers = [take(inner, "state", int), take(inner, "inc", int)]
    rest = [take(state, "has_uint32", int), take(state, "uinteger", int)]
    if take(state, "bit_generator", str) != "PCG64" or not _are_within(numbers, 128) or not _are_within(rest, 32):
        raise StateError("The saved state of a random number generator is damaged; begin a new run.")
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": numbers[0], "inc": numbers[1]},
        "has_uint32": rest[0],
        "uinteger": rest[1],
    }
    return np.random.Generator(bits)


def _are_within(numbers: list[int], num_bits: int) -> bool:
    return all(0 <= number < 1 << num_bits for number in numbers)
