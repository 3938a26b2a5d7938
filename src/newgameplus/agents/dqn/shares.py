"""Who chose the actions of the last steps, chance or the network, and which ones the network chose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.agents.saved import take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import Array, State

_WINDOW = 2_000
"""Steps, over all rows, of which the running means are."""


class Shares:
    """Running means over about the last 2,000 steps.

    Args:
        names: a name per action.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._mean = np.zeros(1 + len(names))
        self._num_steps = 0

    def count(self, action: Array, is_random: Array) -> None:
        """Count a step of every row: actions int64 ``[B]``, and whether each was drawn, bool ``[B]``."""
        num_rows = len(action)
        self._num_steps += num_rows
        greedy = np.bincount(action[~is_random], minlength=len(self._names))
        now = np.concatenate([[is_random.sum()], greedy]) / num_rows
        self._mean += (now - self._mean) * max(num_rows / self._num_steps, min(num_rows / _WINDOW, 1.0))

    def metrics(self) -> dict[str, float]:
        """Return the share of random actions, and each action's share of the others; empty before the first step."""
        if not self._num_steps:
            return {}
        drawn, *shares = self._mean.tolist()
        greedy = sum(shares)
        return {"random_share": drawn} | {
            f"greedy/{name}": share / greedy if greedy else 0.0 for name, share in zip(self._names, shares, strict=True)
        }

    def state(self) -> State:
        """Return means and count."""
        return {"mean": self._mean.copy(), "num_steps": self._num_steps}

    def restored(self, state: State) -> Shares:
        """Return what ``state`` saved.

        Raises:
            StateError: it is damaged, or of another number of actions.
        """
        found = Shares(self._names)
        found._mean, found._num_steps = take_array(state, "mean", np.float64).copy(), take_count(state, "num_steps")
        if found._mean.shape != self._mean.shape:
            raise StateError("The saved shares are of another number of actions; begin a new run.")
        return found
