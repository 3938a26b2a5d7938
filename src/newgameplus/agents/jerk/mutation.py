"""Mutations of a stored sequence, with a probability that increases towards its end.

Source: gardenermike's Custom JERK, ``mutate``. With ``L`` the steps left after the excision and the trim, step ``i`` is
mutated with probability ``rate * exp(-(L - 1 - i) / 100)``, from the last step backwards. *Differences:* the original's
trim of 0 steps deleted the whole sequence; here it trims nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from newgameplus.agents.moves import BACKWARD, CROUCH, FORWARD, JUMP

COMBOS = (BACKWARD, FORWARD, BACKWARD | CROUCH, FORWARD | CROUCH, CROUCH, CROUCH | JUMP, JUMP)
"""The seven combinations of the 2018 baselines' Sonic discretizer, in its order."""
_DECAY_STEPS = 100.0
"""Decay length of the mutation probability in steps; also the length from which on a part is always excised."""
_PARTS = 5
"""An excision or a trim takes at most one fifth of the sequence."""


def excise(sequence: bytes, random: np.random.Generator) -> bytes:
    """Cut out a random part of at most a fifth, with probability length / 100."""
    length = len(sequence)
    if random.random() >= length / _DECAY_STEPS:
        return sequence
    begin = int(random.integers(length))
    num_steps = int(random.integers(length // _PARTS + 1))
    return sequence[:begin] + sequence[begin + num_steps :]


def truncate(sequence: bytes, rate: float, random: np.random.Generator) -> bytes:
    """Excise, then cut the sequence off before the first mutated step."""
    left = excise(sequence, random)
    return left[: next(_hits(len(left), rate, random), len(left))]


def replace(sequence: bytes, rate: float, random: np.random.Generator) -> bytes:
    """Excise, trim at most a fifth of the length from the end, put a random combination into each mutated step."""
    left = excise(sequence, random)
    num_trimmed = int(random.integers(len(sequence) // _PARTS + 1))
    mutated = bytearray(left[: len(left) - num_trimmed])
    for index in _hits(len(mutated), rate, random):
        mutated[index] = COMBOS[random.integers(len(COMBOS))]
    return bytes(mutated)


def _hits(length: int, rate: float, random: np.random.Generator) -> Iterator[int]:
    """Yield the mutated steps, from the last one backwards, drawing one random number per step."""
    for index in reversed(range(length)):
        if random.random() < rate * math.exp(-(length - 1 - index) / _DECAY_STEPS):
            yield index
