"""An append-only log of records of one size, in a file or in memory, that can be cut back to an earlier length."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State

_CHUNK = 4096
"""Records by which a file grows at once, and least room in memory."""


class RecordLog:
    """Records of one dtype, in the order in which they were appended.

    Args:
        dtype: a structured dtype.
        path: file that holds them, created when first needed, so that a state contains only their number; None keeps
            them in memory, and a state contains all of them.
    """

    def __init__(self, dtype: np.dtype[Any], path: Path | None = None) -> None:
        self.dtype, self._path = dtype, path
        self._room: Array = np.empty(0, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, records: Array) -> None:
        """Append records ``[N]`` of the dtype.

        Raises:
            OSError: the file cannot grow.
        """
        begin, end = self._length, self._length + len(records)
        self._make_room(end)
        self._room[begin:end] = records
        self._length = end

    def read(self, begin: int, end: int) -> Array:
        """Return a copy of the records from ``begin`` to ``end``, ``[end - begin]``."""
        return np.array(self._room[begin:end])

    def take(self, places: Array) -> Array:
        """Return a copy of the records at ``places``, ``[N]``."""
        return np.array(self._room[places])

    def state(self) -> State:
        """Return the number of records, and without a file the records."""
        if self._path is None:
            return {"length": self._length, "records": self.read(0, self._length).view(np.uint8)}
        if isinstance(self._room, np.memmap):
            self._room.flush()
        return {"length": self._length}

    def restore(self, state: State) -> None:
        """Go back to the records of ``state``; later ones are written over.

        Raises:
            StateError: the file is missing or lacks records, or the state was made without a file, or the other way
                round.
        """
        length, records = int(state["length"]), state.get("records")
        size_bytes = length * self.dtype.itemsize
        if (records is None) == (self._path is None) or (records is not None and records.nbytes != size_bytes):
            raise StateError("The saved moments do not fit this memory, or their file is missing; begin a new run.")
        if self._path is not None and length:
            found = self._path.stat().st_size if self._path.is_file() else 0
            if found < size_bytes:
                raise StateError(
                    f"{self._path} has lost moments that were written before the last checkpoint; "
                    "restore the file, or begin a new run in another folder."
                )
        self._length = length
        self._room = np.empty(0, self.dtype)
        self._make_room(length)
        if records is not None:
            self._room[:length] = records.view(self.dtype)

    def _make_room(self, length: int) -> None:
        """Let the room hold ``length`` records."""
        if length <= len(self._room):
            return
        if self._path is None:
            room = np.empty(max(_CHUNK, 2 * length), self.dtype)
            room[: len(self._room)] = self._room
            self._room = room
            return
        num_records = -(-length // _CHUNK) * _CHUNK
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _grow(self._path, num_records * self.dtype.itemsize)
        self._room = np.memmap(self._path, self.dtype, "r+", shape=(num_records,))


def _grow(path: Path, size_bytes: int) -> None:
    """Give a file this size, with room on the disk: writing to a memory map that has none would kill the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        before = os.fstat(descriptor).st_size
        os.ftruncate(descriptor, size_bytes)
        if before < size_bytes and hasattr(os, "posix_fallocate"):  # macOS has none
            os.posix_fallocate(descriptor, before, size_bytes - before)
    finally:
        os.close(descriptor)
