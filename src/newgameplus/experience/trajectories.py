"""The best sequences of actions that a search has found, and an agent's part that only takes them again.

Shapes: ``T`` steps of an episode, ``B`` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Actions from the level's start, and their return."""

    episode_return: float = float("-inf")
    actions: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    """Number of each step's action, uint8 ``[T]``."""

    def state(self) -> State:
        """Return both fields."""
        return {"episode_return": self.episode_return, "actions": self.actions.copy()}

    @classmethod
    def from_state(cls, state: object) -> Trajectory:
        """Return the trajectory that was saved.

        Raises:
            StateError: the state is damaged.
        """
        found = state if isinstance(state, dict) else {}
        episode_return, actions = found.get("episode_return"), found.get("actions")
        is_sequence = isinstance(actions, np.ndarray) and actions.dtype == np.uint8 and actions.ndim == 1
        if type(episode_return) is not float or not is_sequence:
            raise StateError("The saved trajectory is damaged; begin a new run.")
        return cls(episode_return, np.array(actions))


def trajectories_in(state: object, agent: str) -> list[Trajectory]:
    """Return the trajectories, ``best``, in the state of an agent.

    Raises:
        StateError: it is of another agent, has none, or is damaged.
    """
    if not isinstance(state, dict) or state.get("agent") != agent:
        raise StateError(f"This is not the saved state of the agent {agent!r}.")
    best = state.get("best")
    if not isinstance(best, list) or not best:
        raise StateError("The saved state has no trajectories; begin a new run.")
    return [Trajectory.from_state(each) for each in best]


class OpenLoop:
    """Takes the actions of a trajectory again in every episode, and after its end the last one; it looks at nothing.

    Args:
        trajectories: row ``i`` takes the actions of number ``i``, counted round.
        num_rows: B.
    """

    def __init__(self, trajectories: Sequence[Trajectory], num_rows: int) -> None:
        self._actions = [each.actions if len(each.actions) else np.zeros(1, np.uint8) for each in trajectories]
        self._num_steps = np.zeros(num_rows, np.int64)
        """Steps of each row's episode so far."""

    def act(self) -> Array:
        """Return the action of each row, int64 ``[B]``."""
        chosen = []
        for row, num_steps in enumerate(self._num_steps.tolist()):
            actions = self._actions[row % len(self._actions)]
            chosen.append(int(actions[min(num_steps, len(actions) - 1)]))
        return np.array(chosen, np.int64)

    def observe(self, done: Array) -> None:
        """Count the step; ``done``, bool ``[B]``, marks the rows that begin again."""
        self._num_steps = np.where(done, 0, self._num_steps + 1)

    def state(self) -> State:
        """Return how far each row has come."""
        return {"num_steps": self._num_steps.copy()}

    def restore(self, state: object) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is damaged, or of another number of rows.
        """
        num_steps = state.get("num_steps") if isinstance(state, dict) else None
        own = self._num_steps
        if not isinstance(num_steps, np.ndarray) or num_steps.dtype != own.dtype or num_steps.shape != own.shape:
            raise StateError(f"The saved state does not say how far {len(own)} rows have come; begin a new run.")
        self._num_steps = num_steps.copy()
