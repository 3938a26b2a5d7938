"""Action sequences with every return that they had, for agents that press again what went well.

A sequence is ``bytes``, one small integer per step; what the integers mean is the agent's affair. Sequences are ranked
by the mean of their returns: with sticky frames every repeat differs, and the mean selects sequences that are robust to
them. The rule is JERK's (openai/retro-baselines, ``jerk_agent.py``, 2018).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import DTypeLike

from newgameplus.errors import StateError, UsageError
from newgameplus.types import Array, State


class ActionSequence:
    """A sequence of actions, one byte per step, and every return that it had, at least one.

    Args:
        actions: the sequence; it may be empty.
        returns: one or more returns, the first one of the episode in which it was found.
    """

    __slots__ = ("actions", "mean_return", "returns")

    def __init__(self, actions: bytes, returns: Iterable[float]) -> None:
        self.actions = actions
        self.returns = list(returns)
        self.mean_return = float(np.mean(self.returns))

    def add_return(self, total: float) -> None:
        """Add the return of another repeat."""
        self.returns.append(total)
        self.mean_return = float(np.mean(self.returns))


class SequenceStore:
    """Action sequences in the order in which they were added or last sorted.

    Args:
        num_actions: number of different actions, 1 to 256.
        capacity: most sequences to keep; None for all of them.

    Raises:
        UsageError: a number is out of range.
    """

    def __init__(self, num_actions: int, capacity: int | None = None) -> None:
        if not 1 <= num_actions <= 256:
            raise UsageError(f"A stored sequence has 1 to 256 different actions, not {num_actions}.")
        if capacity is not None and capacity < 1:
            raise UsageError(f"A store keeps 1 or more sequences, not {capacity}.")
        self.sequences: list[ActionSequence] = []
        self._num_actions = num_actions
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self.sequences)

    def add(self, actions: bytes, total: float) -> None:
        """Add a new sequence with its first return; beyond the capacity, drop the one with the lowest mean return."""
        self.sequences.append(ActionSequence(actions, [total]))
        if self._capacity is not None and len(self.sequences) > self._capacity:
            self.sequences.remove(min(self.sequences, key=_mean_return))

    def best(self) -> ActionSequence:
        """Return the sequence with the highest mean return, of equals the last in order; requires one."""
        return max(reversed(self.sequences), key=_mean_return)

    def top(self, count: int) -> list[ActionSequence]:
        """Return up to ``count`` sequences with the highest mean returns, the best first; of equals the last first."""
        return sorted(self.sequences, key=_mean_return)[::-1][:count]

    def sort(self) -> None:
        """Sort by mean return, the best last; the order of equals is kept."""
        self.sequences.sort(key=_mean_return)

    def state(self) -> State:
        """Return four arrays: all sequences concatenated and their lengths, all returns and their counts.

        About one byte for each stored step.
        """
        actions = [sequence.actions for sequence in self.sequences]
        returns = [sequence.returns for sequence in self.sequences]
        return {
            "sequences": np.frombuffer(b"".join(actions), np.uint8),
            "lengths": np.array([len(one) for one in actions], np.int64),
            "returns": np.array([total for totals in returns for total in totals], np.float64),
            "counts": np.array([len(totals) for totals in returns], np.int64),
        }

    def restore(self, state: object) -> None:
        """Take over the sequences of ``state``.

        Raises:
            StateError: the state is damaged or holds more than the capacity; nothing has changed then.
        """
        actions, lengths = _array(state, "sequences", np.uint8), _array(state, "lengths", np.int64)
        returns, counts = _array(state, "returns", np.float64), _array(state, "counts", np.int64)
        fits = (
            len(lengths) == len(counts)
            and lengths.min(initial=0) >= 0
            and counts.min(initial=1) >= 1
            and sum(lengths.tolist()) == len(actions)
            and sum(counts.tolist()) == len(returns)
            and actions.max(initial=0) < self._num_actions
        )
        if not fits:
            raise StateError("The saved action sequences do not add up; begin a new run.")
        if self._capacity is not None and len(lengths) > self._capacity:
            raise StateError(f"{len(lengths)} action sequences are saved, more than {self._capacity}.")
        split_actions = np.split(actions, np.cumsum(lengths)[:-1])
        split_returns = np.split(returns, np.cumsum(counts)[:-1])
        self.sequences = [
            ActionSequence(one.tobytes(), totals.tolist())
            for one, totals in zip(split_actions, split_returns, strict=True)
            if len(totals)
        ]


def _array(state: object, key: str, dtype: DTypeLike) -> Array:
    array = state.get(key) if isinstance(state, dict) else None
    if not isinstance(array, np.ndarray) or array.dtype != np.dtype(dtype) or array.ndim != 1:
        raise StateError(f"The saved action sequences have no fitting {key!r}; begin a new run.")
    return array


def _mean_return(sequence: ActionSequence) -> float:
    return sequence.mean_return
