"""How actions are chosen from the entries of a state; pure functions, except that they draw random numbers.

Shapes: ``B`` rows, ``A`` actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newgameplus.agents.saved import take_array
from newgameplus.errors import StateError
from newgameplus.types import Array, State


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen in every row, and from what."""

    state: Array
    """uint64 ``[B]``, hash of the state."""
    key: Array
    """uint64 ``[B]``, key of the entry."""
    action: Array
    """int64 ``[B]``."""
    is_known: Array
    """bool ``[B]``: whether the state had an entry."""
    is_random: Array
    """bool ``[B]``: whether the action was drawn, of all or of equally good ones."""
    is_greedy: Array
    """bool ``[B]``: whether no other action had a higher value."""

    @staticmethod
    def none(num_rows: int) -> Choice:
        """Return what stands for the choice before the first step."""
        number, no = np.zeros(num_rows, np.uint64), np.zeros(num_rows, np.bool_)
        return Choice(number, number, number.astype(np.int64), no, no, no)

    def saved(self) -> State:
        """Return a copy of the arrays, for a state."""
        return {name: getattr(self, name).copy() for name in self.__slots__}

    @staticmethod
    def load(state: State, num_rows: int) -> Choice:
        """Return the choice that ``saved`` saved.

        Raises:
            StateError: it is damaged, or of another number of rows.
        """
        like = Choice.none(num_rows)
        arrays = {name: take_array(state, name, getattr(like, name).dtype).copy() for name in Choice.__slots__}
        if any(len(array) != num_rows for array in arrays.values()):
            raise StateError(f"The saved state is of another number of rows than {num_rows}; begin a new run.")
        return Choice(**arrays)


def remembered(value: Array, randoms: Sequence[np.random.Generator]) -> tuple[Array, Array]:
    """Choose the action with the best remembered reward, a random one where that is 0.

    Args:
        value: float32 ``[B, A]``, 0 for actions never tried.
        randoms: generator of each row.

    Returns:
        Actions int64 ``[B]``, and bool ``[B]``: whether they were drawn.
    """
    action = value.argmax(axis=1)
    is_random = value.max(axis=1) == 0
    for row in np.flatnonzero(is_random).tolist():
        action[row] = randoms[row].integers(value.shape[1])
    return action, is_random


def greedy(score: Array, randoms: Sequence[np.random.Generator], epsilon: float) -> tuple[Array, Array]:
    """Choose the action with the highest score, ties at random; any action with probability ``epsilon``.

    Args:
        score: float ``[B, A]``.
        randoms: generator of each row.
        epsilon: probability.

    Returns:
        As :func:`remembered`.
    """
    is_best = score == score.max(axis=1, keepdims=True)
    action, is_random = is_best.argmax(axis=1), is_best.sum(axis=1) > 1
    for row, random in enumerate(randoms):
        if random.random() < epsilon:
            action[row], is_random[row] = random.integers(score.shape[1]), True
        elif is_random[row]:
            action[row] = random.choice(np.flatnonzero(is_best[row]))
    return action, is_random
