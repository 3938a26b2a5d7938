"""Tree of action sequences: each node is a sequence from the start, with the best return of the episodes through it.

Shapes: ``N`` nodes, ``A`` actions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.agents.saved import take_array
from newgameplus.errors import StateError
from newgameplus.types import Array, State

ROOT = 0
"""The empty sequence."""
OUTSIDE = -1
"""No node: the sequence is not in the tree."""
_FIRST_SIZE = 1024


class Tree:
    """The sequences that have been tried.

    Args:
        num_actions: A.
        capacity: most nodes; there is always a root.
    """

    def __init__(self, num_actions: int, capacity: int) -> None:
        self._num_actions, self._capacity = num_actions, capacity
        self._num_nodes = 1
        self._allocate(_FIRST_SIZE)
        self._value[ROOT] = -np.inf

    def __len__(self) -> int:
        return self._num_nodes

    def child(self, node: int, action: int) -> int:
        """Return the node of the sequence that goes on from ``node`` with ``action``."""
        return int(self._child[node, action]) or OUTSIDE

    def visits(self, node: int) -> int:
        """Return the number of episodes through a node."""
        return int(self._visits[node])

    def best_actions(self, node: int) -> Array:
        """Return the actions with the highest value, int64 ``[1 … A]``: any of them where none has been tried."""
        children = self._child[node]
        value = np.where(children > 0, self._value[children], -np.inf)
        return np.flatnonzero(value == value.max())

    def add(self, actions: Sequence[int], episode_return: float) -> None:
        """Add an episode: a visit and, if it is the best so far, its return to every node that it went through."""
        node = ROOT
        self._visit(node, episode_return)
        for action in actions:
            child = self.child(node, action)
            if child == OUTSIDE:
                if self._num_nodes >= self._capacity:
                    return
                child = self._append(node, action)
            node = child
            self._visit(node, episode_return)

    def state(self) -> State:
        """Return parent, action, value and visits of each node: 21 bytes a node."""
        size = self._num_nodes
        parts = ("parent", "action", "value", "visits")
        return {name: getattr(self, f"_{name}")[:size].copy() for name in parts}

    @classmethod
    def from_state(cls, state: object, num_actions: int, capacity: int) -> Tree:
        """Return the tree that was saved.

        Raises:
            StateError: the state is damaged or of a tree with more actions.
        """
        parent, action = take_array(state, "parent", np.int32), take_array(state, "action", np.uint8)
        value, visits = take_array(state, "value", np.float64), take_array(state, "visits", np.int64)
        size = len(parent)
        if not size == len(action) == len(value) == len(visits) > 0 or action.max() >= num_actions:
            raise StateError("The saved tree of actions does not add up; begin a new run.")
        if (parent < 0).any() or (parent[1:] >= np.arange(1, size)).any():
            raise StateError("The saved tree of actions has a node before its parent; begin a new run.")
        tree = cls(num_actions, capacity)
        tree._allocate(max(_FIRST_SIZE, size))
        tree._num_nodes = size
        tree._parent[:size], tree._action[:size] = parent, action
        tree._value[:size], tree._visits[:size] = value, visits
        tree._child[parent[1:], action[1:]] = np.arange(1, size)
        return tree

    def _visit(self, node: int, episode_return: float) -> None:
        self._visits[node] += 1
        self._value[node] = max(self._value[node], episode_return)

    def _append(self, parent: int, action: int) -> int:
        node = self._num_nodes
        if node == len(self._parent):
            grown = self._child, self._parent, self._action, self._value, self._visits
            self._allocate(2 * node)
            self._child[:node], self._parent[:node], self._action[:node] = grown[:3]
            self._value[:node], self._visits[:node] = grown[3:]
        self._num_nodes += 1
        self._child[parent, action] = node
        self._parent[node], self._action[node], self._value[node] = parent, action, -np.inf
        return node

    def _allocate(self, size: int) -> None:
        self._child = np.zeros((size, self._num_actions), np.int32)
        self._parent, self._action = np.zeros(size, np.int32), np.zeros(size, np.uint8)
        self._value, self._visits = np.zeros(size), np.zeros(size, np.int64)
