"""The archive of a level: the cells that were reached, how each was reached best, and a snapshot of that moment.

Shapes: ``N`` cells, ``M`` nodes of the trajectories, ``H W`` picture of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newgameplus.agents.saved import take_array
from newgameplus.errors import StateError
from newgameplus.types import Array, State

START = -1
"""In place of a node: no action yet; in place of a cell or a snapshot: the level's start."""
_COLUMNS = {"handle": np.int64, "node": np.int64, "length": np.int64, "total": np.float64, "seen": np.int64}


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of an episode, as a trajectory leads there from the level's start."""

    node: int = START
    """Last node of the trajectory."""
    length: int = 0
    """Its number of steps."""
    total: float = 0.0
    """Sum of its rewards."""


class Archive:
    """Cells by their pictures.

    Trajectories are branches of a tree, of which each node is an action after another node, so that what two cells have
    in common is stored once.

    Args:
        capacity: largest N.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._number: dict[bytes, int] = {}
        self._columns: dict[str, list[float]] = {name: [] for name in _COLUMNS}
        self._parent: list[int] = []
        self._action: list[int] = []
        self.is_full = False
        """Whether a cell has been forgotten because there was no room."""

    def __len__(self) -> int:
        return len(self._number)

    @property
    def size(self) -> tuple[int, int]:
        """Number of cells, and of nodes."""
        return len(self._number), len(self._parent)

    def see(self, picture: bytes) -> int | None:
        """Count that a cell was seen; return its number, None if it is new."""
        number = self._number.get(picture)
        if number is not None:
            self._columns["seen"][number] += 1
        return number

    def is_better(self, cell: int | None, place: Place) -> bool:
        """Whether a moment is to be kept: of a new cell, or with a higher return, or the same and fewer steps."""
        if cell is None:
            self.is_full = self.is_full or len(self) >= self._capacity
            return len(self) < self._capacity
        total, length = self._columns["total"][cell], self._columns["length"][cell]
        return place.total > total or (place.total == total and place.length < length)

    def extended(self, place: Place, actions: list[int]) -> int:
        """Store actions that were taken after a place; return the node of the last one."""
        node = place.node
        for action in actions:
            self._parent.append(node)
            self._action.append(action)
            node = len(self._parent) - 1
        return node

    def keep(self, picture: bytes, place: Place, handle: int) -> int | None:
        """Keep a moment as that of its cell; return the handle of the snapshot that it replaces, None if none.

        A new cell has been seen once.
        """
        cell = self._number.get(picture)
        if cell is None:
            self._number[picture] = len(self._number)
            for name, value in zip(_COLUMNS, (handle, place.node, place.length, place.total, 1), strict=True):
                self._columns[name].append(value)
            return None
        replaced = int(self._columns["handle"][cell])
        for name, value in zip(_COLUMNS, (handle, place.node, place.length, place.total), strict=False):
            self._columns[name][cell] = value
        return replaced

    def choose(self, random: np.random.Generator) -> int:
        """Return a cell, with a probability that falls with the square root of how often it was seen; START if none.

        The weight of a cell seen n times is 1/sqrt(n + 1) (Ecoffet et al. 2021, Methods).
        """
        if not self._number:
            return START
        total = np.cumsum(1 / np.sqrt(np.array(self._columns["seen"]) + 1))
        return int(np.searchsorted(total, random.random() * total[-1], side="right"))

    def place(self, cell: int) -> Place:
        """Return where a cell is."""
        if cell == START:
            return Place()
        node, length, total = (self._columns[name][cell] for name in ("node", "length", "total"))
        return Place(int(node), int(length), float(total))

    def handle(self, cell: int) -> int | None:
        """Return the snapshot of a cell; None for the level's start."""
        return None if cell == START else int(self._columns["handle"][cell])

    def actions(self, node: int) -> Array:
        """Return the actions from the level's start up to a node, uint8 ``[T]``."""
        actions = []
        while node != START:
            actions.append(self._action[node])
            node = self._parent[node]
        return np.array(actions[::-1], np.uint8)

    def state(self) -> State:
        """Return all cells and trajectories."""
        pictures = np.frombuffer(b"".join(self._number), np.uint8)
        columns = {name: np.array(self._columns[name], dtype) for name, dtype in _COLUMNS.items()}
        tree = {"parent": np.array(self._parent, np.int64), "action": np.array(self._action, np.uint8)}
        return {"pictures": pictures, "is_full": int(self.is_full), **columns, **tree}

    def restore(self, state: object, num_pixels: int) -> None:
        """Restore ``state``.

        Args:
            state: the state.
            num_pixels: H times W.

        Raises:
            StateError: it is damaged, or of cells of another size; nothing has changed then.
        """
        columns = {name: take_array(state, name, dtype) for name, dtype in _COLUMNS.items()}
        pictures = take_array(state, "pictures", np.uint8).tobytes()
        parent, action = take_array(state, "parent", np.int64), take_array(state, "action", np.uint8)
        keys = [pictures[begin : begin + num_pixels] for begin in range(0, len(pictures), num_pixels)]
        if {len(each) for each in columns.values()} != {len(set(keys))} or len(parent) != len(action):
            raise StateError("The saved cells do not add up, or are of another size; begin a new run.")
        later = np.arange(len(parent))
        if (parent < START).any() or (parent >= later).any() or (columns["node"] >= len(parent)).any():
            raise StateError("The saved trajectories do not add up; begin a new run.")
        self._number = {key: number for number, key in enumerate(keys)}
        self._columns = {name: each.tolist() for name, each in columns.items()}
        self._parent, self._action = parent.tolist(), action.tolist()
        self.is_full = bool(state["is_full"])  # type: ignore[index]  # it has the other entries
