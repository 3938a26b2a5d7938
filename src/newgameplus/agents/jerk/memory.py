"""JERK's memory: sequences of buttons and the returns that they had."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.agents.jerk.moves import NUM_PRESSES
from newgameplus.agents.saved import take_array
from newgameplus.errors import StateError
from newgameplus.types import State


class Solution:
    """A sequence of buttons, one byte per step, and every return that it had."""

    __slots__ = ("mean_return", "returns", "sequence")

    def __init__(self, sequence: bytes, returns: Sequence[float]) -> None:
        self.sequence = sequence
        self.returns = list(returns)
        self.mean_return = float(np.mean(self.returns))

    def add_return(self, total: float) -> None:
        """Add the return of another repeat."""
        self.returns.append(total)
        self.mean_return = float(np.mean(self.returns))


class Memory:
    """All solutions so far, in the order in which they were found or last sorted."""

    def __init__(self, solutions: Sequence[Solution] = ()) -> None:
        self.solutions = list(solutions)

    def best(self) -> Solution:
        """Return the solution with the highest mean return; for ties the last in order."""
        return max(reversed(self.solutions), key=_mean_return)

    def sort(self) -> None:
        """Sort by mean return, the best last; the order of ties is kept."""
        self.solutions.sort(key=_mean_return)

    def state(self) -> State:
        """Return four arrays: all sequences concatenated and their lengths, all returns and their counts."""
        sequences = [solution.sequence for solution in self.solutions]
        returns = [solution.returns for solution in self.solutions]
        return {
            "sequences": np.frombuffer(b"".join(sequences), np.uint8),
            "lengths": np.array([len(sequence) for sequence in sequences], np.int64),
            "returns": np.array([total for totals in returns for total in totals], np.float64),
            "counts": np.array([len(totals) for totals in returns], np.int64),
        }

    @classmethod
    def from_state(cls, state: object) -> Memory:
        """Return the memory that was saved.

        Raises:
            StateError: the state is damaged.
        """
        sequences = take_array(state, "sequences", np.uint8)
        lengths = take_array(state, "lengths", np.int64)
        returns = take_array(state, "returns", np.float64)
        counts = take_array(state, "counts", np.int64)
        fits = (
            len(lengths) == len(counts)
            and lengths.min(initial=0) >= 0
            and counts.min(initial=1) >= 1
            and sum(lengths.tolist()) == len(sequences)
            and sum(counts.tolist()) == len(returns)
            and sequences.max(initial=0) < NUM_PRESSES
        )
        if not fits:
            raise StateError("The saved memory of JERK does not add up; begin a new run.")
        split_sequences = np.split(sequences, np.cumsum(lengths)[:-1])
        split_returns = np.split(returns, np.cumsum(counts)[:-1])
        return cls(
            [
                Solution(sequence.tobytes(), totals.tolist())
                for sequence, totals in zip(split_sequences, split_returns, strict=True)
                if len(totals)
            ]
        )


def _mean_return(solution: Solution) -> float:
    return solution.mean_return
