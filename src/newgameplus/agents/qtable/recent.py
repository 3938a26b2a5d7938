"""What became of the last steps: how often a state was seen before, and which actions were taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.agents.qtable.choice import Choice
from newgameplus.agents.saved import take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import State

_WINDOW = 5_000
"""Steps, over all rows, of which the running means are."""


class Recent:
    """Running means over about the last 5,000 steps, and counts of all.

    Args:
        names: a name per action.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._mean = np.zeros(2 + len(names))
        self._num_steps = self._num_states = 0

    def count(self, choice: Choice) -> None:
        """Count a step of every row."""
        num_rows = len(choice.state)
        self._num_steps += num_rows
        self._num_states += len(np.unique(choice.state[~choice.is_known]))
        shares = np.bincount(choice.action, minlength=len(self._names)) / num_rows
        now = np.concatenate([[choice.is_known.mean(), choice.is_random.mean()], shares])
        self._mean += (now - self._mean) * max(num_rows / self._num_steps, min(num_rows / _WINDOW, 1.0))

    def metrics(self) -> dict[str, float]:
        """Return the means by name, and the number of states that were new; empty before the first step."""
        if not self._num_steps:
            return {}
        revisited, drawn, *shares = self._mean.tolist()
        figures = {"revisit_rate": revisited, "distinct_states": float(self._num_states), "random_share": drawn}
        return figures | {f"action/{name}": share for name, share in zip(self._names, shares, strict=True)}

    def state(self) -> State:
        """Return means and counts."""
        return {"mean": self._mean.copy(), "num_steps": self._num_steps, "num_states": self._num_states}

    def restored(self, state: State) -> Recent:
        """Return what ``state`` saved.

        Raises:
            StateError: it is damaged, or of another number of actions.
        """
        found = Recent(self._names)
        found._mean = take_array(state, "mean", np.float64).copy()
        found._num_steps, found._num_states = take_count(state, "num_steps"), take_count(state, "num_states")
        if found._mean.shape != self._mean.shape:
            raise StateError("The saved means are of another number of actions; begin a new run.")
        return found
