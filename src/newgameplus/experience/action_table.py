"""A table of values and visit counts of (state, action) pairs, in a memory-mapped file or in memory.

Only pairs that were visited have an entry. Open addressing with linear probing; a record is 16 bytes, and the room is
doubled when seven tenths are taken, so that an entry takes 23 to 46 bytes. Everything is done for ``N`` keys at once.

A file begins with a page that names what its keys were computed from; a table of another origin is refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.undo_log import UndoLog
from newgameplus.types import Array, State

ENTRY = np.dtype([("key", np.uint64), ("value", np.float32), ("count", np.uint32)])
"""A record. Key 0 is a free place; count 0 a pair that is not in the table, or no longer."""
FILE_NAME = "table.bin"
MAGIC = b"ngp-qtable-1\0\0\0\0"
_HEADER_BYTES, _LABEL_BYTES = 4096, 1024
_FIRST_ROOM, _MOST_TAKEN = 1 << 12, 0.7
_CHUNK = 1 << 20
"""Entries that are copied at once."""
_NO_FILE = -1
"""Position in the log before the table was begun."""
_GOLDEN, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def keys_of(state: Array, num_actions: int) -> Array:
    """Return the key of every action in each state, uint64 ``[..., A]`` for hashes uint64 ``[...]``; none is 0.

    The mixing function is the last step of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    with np.errstate(over="ignore"):
        key = state[..., None] + np.arange(1, num_actions + 1, dtype=np.uint64) * _GOLDEN
        key = (key ^ (key >> np.uint64(30))) * _MIX_1
        key = (key ^ (key >> np.uint64(27))) * _MIX_2
    key ^= key >> np.uint64(31)
    mixed: Array = np.maximum(key, np.uint64(1))
    return mixed


class ActionTable:
    """Values and visit counts by key; a missing entry has value 0 and count 0.

    Args:
        label: text, at most 1,000 bytes as UTF-8, that says what the keys are computed from.
        folder: folder of the file, created when needed, and of the log by which it goes back; a state then contains
            only a position of the log. None keeps the table in memory, and in every state.
        reach: number of written entries that the file may have to go back.
    """

    def __init__(self, label: str, folder: Path | None = None, reach: int = 1) -> None:
        self._label, self._folder = label, folder
        self._log = None if folder is None else UndoLog(folder, ENTRY, reach)
        self._room: Array = np.zeros(_FIRST_ROOM, ENTRY)
        self._num_taken = self._num_entries = 0

    def __len__(self) -> int:
        """Number of entries."""
        return self._num_entries

    @property
    def num_bytes(self) -> int:
        """Size of the table."""
        return self._room.nbytes

    def clear(self) -> None:
        """Begin with an empty table; in a folder a file that is there is replaced."""
        if self._folder is not None and self._log is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._log.clear()
        self._room = self._new_room(_FIRST_ROOM)
        self._num_taken = self._num_entries = 0

    def read(self, key: Array) -> tuple[Array, Array]:
        """Return value, float32 ``[...]``, and count, uint32 ``[...]``, of keys uint64 ``[...]``."""
        entries = self._room[self._find(key.ravel())]  # a free place has value and count 0
        return entries["value"].reshape(key.shape), entries["count"].reshape(key.shape)

    def write(self, key: Array, value: Array, count: Array) -> None:
        """Set value and count of distinct keys, all ``[N]``.

        Raises:
            OSError: the disk is full.
        """
        if self._log is not None:
            earlier = self._room[self._find(key)]
            earlier["key"] = key
            self._log.append(earlier)
        self._set(key, value, count)

    def entries(self) -> Array:
        """Return a copy of all entries, by ascending key."""
        found = self._room[self._room["count"] > 0]
        return np.array(found[np.argsort(found["key"])])

    def merge(self, path: Path) -> None:
        """Add the entries of another file: of a pair in both the value with more visits counts, and visits add up.

        Raises:
            UsageError: it is no table, or belongs to other states and actions.
        """
        others = open_table(path, self._label)
        for begin in range(0, len(others), _CHUNK):
            piece = others[begin : begin + _CHUNK]
            piece = piece[piece["count"] > 0]
            value, count = self.read(piece["key"])
            is_more = piece["count"] > count
            total = np.minimum(count.astype(np.uint64) + piece["count"], np.iinfo(np.uint32).max)
            self._set(piece["key"], np.where(is_more, piece["value"], value), total.astype(np.uint32))

    def state(self) -> State:
        """Return the position in the log, or without a folder all entries."""
        if self._log is None:
            return {"entries": self.entries().view(np.uint8)}
        if isinstance(self._room, np.memmap):
            self._room.flush()
        return {"position": self._log.position if isinstance(self._room, np.memmap) else _NO_FILE}

    def restore(self, state: State) -> None:
        """Go back to ``state``.

        Raises:
            StateError: the files are missing or do not reach back so far, or the state was made without files, or the
                other way round.
        """
        if ("position" in state) == (self._folder is None):
            raise StateError("The saved table does not fit: it lay elsewhere, in files or in memory; begin a new run.")
        if self._folder is None or self._log is None:
            saved = state["entries"]
            if saved.ndim != 1 or saved.nbytes % ENTRY.itemsize:
                raise StateError("The saved table is damaged; begin a new run.")
            entries = saved.view(ENTRY)
            self.clear()
            self._set(entries["key"], entries["value"], entries["count"])
        elif state["position"] != _NO_FILE:
            later = self._log.since(state["position"])
            self._open(self._folder / FILE_NAME)
            key, first = np.unique(later["key"], return_index=True)
            self._set(key, later["value"][first], later["count"][first])
            self._log.cut(state["position"])

    def _open(self, path: Path) -> None:
        try:
            self._room = open_table(path, self._label, "r+")
        except UsageError as error:
            raise StateError(str(error)) from None
        self._num_taken = int(np.count_nonzero(self._room["key"]))
        self._num_entries = int(np.count_nonzero(self._room["count"]))

    def _find(self, key: Array) -> Array:
        """Return the place of each key, or the free place where it belongs, int64 ``[N]``."""
        mask, keys = np.uint64(len(self._room) - 1), self._room["key"]
        place = (key & mask).astype(np.int64)
        found = keys[place]
        pending = np.flatnonzero((found != key) & (found != 0))
        while len(pending):
            place[pending] = (place[pending] + 1) & int(mask)
            found = keys[place[pending]]
            pending = pending[(found != key[pending]) & (found != 0)]
        return place

    def _set(self, key: Array, value: Array, count: Array) -> None:
        """Set value and count of distinct keys, without the log."""
        if not len(key):
            return
        while self._num_taken + len(key) > _MOST_TAKEN * len(self._room):
            self._grow()
        place = self._place(key)
        self._num_entries += int(np.count_nonzero(count)) - int(np.count_nonzero(self._room["count"][place]))
        self._room["value"][place], self._room["count"][place] = value, count

    def _place(self, key: Array) -> Array:
        """Return the place of each key, taken for it if it had none, int64 ``[N]``."""
        place, keys = self._find(key), self._room["key"]
        missing = np.flatnonzero(keys[place] == 0)
        while len(missing):
            keys[place[missing]] = key[missing]  # of several for one place the last one takes it
            is_lost = keys[place[missing]] != key[missing]
            self._num_taken += len(missing) - int(np.count_nonzero(is_lost))
            missing = missing[is_lost]
            place[missing] = self._find(key[missing])
        return place

    def _grow(self) -> None:
        """Double the room, and leave out entries that are no longer there."""
        earlier = self._room
        self._room, self._num_taken = self._new_room(2 * len(earlier), ".new"), 0
        for begin in range(0, len(earlier), _CHUNK):
            piece = earlier[begin : begin + _CHUNK]
            piece = np.array(piece[piece["count"] > 0])
            place = self._place(piece["key"])
            self._room[place] = piece
        if self._folder is not None:
            (self._folder / f"{FILE_NAME}.new").replace(self._folder / FILE_NAME)

    def _new_room(self, length: int, suffix: str = "") -> Array:
        """Return an empty room for ``length`` entries."""
        if self._folder is None:
            return np.zeros(length, ENTRY)
        path = self._folder / f"{FILE_NAME}{suffix}"
        with path.open("wb") as file:
            file.write(MAGIC + self._label.encode().ljust(_LABEL_BYTES, b"\0"))
            file.truncate(_HEADER_BYTES + length * ENTRY.itemsize)
        return np.memmap(path, ENTRY, "r+", offset=_HEADER_BYTES, shape=(length,))


def find_table(path: Path) -> Path:
    """Return the file of a table: ``path`` itself, or in a folder of a table or of a training run.

    Raises:
        UsageError: there is none.
    """
    for candidate in (path, path / FILE_NAME, path / "replay" / FILE_NAME):
        if candidate.is_file():
            return candidate
    raise UsageError(f"There is no table at {path}: name a {FILE_NAME}, or a training run of this agent.")


def open_table(path: Path, label: str, mode: str = "r") -> Array:
    """Map the entries of a file, free places included.

    Args:
        path: the file.
        label: what its keys have to be computed from.
        mode: ``r`` to read, ``r+`` to read and write.

    Raises:
        UsageError: it is missing, no table, or computed from something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError as error:
        raise UsageError(f"Cannot read the table {path}: {error.strerror}.") from error
    room_bytes = path.stat().st_size - _HEADER_BYTES
    length = room_bytes // ENTRY.itemsize
    if not head.startswith(MAGIC) or length < 1 or room_bytes % ENTRY.itemsize or length & (length - 1):
        raise UsageError(f"{path} is no table of this version, or damaged.")
    found = head[len(MAGIC) : len(MAGIC) + _LABEL_BYTES].rstrip(b"\0").decode(errors="replace")
    if found != label:
        raise UsageError(
            f"The table {path} was written with other states or actions ({found}) than this agent's ({label}); "
            "set the same fields, or begin without it."
        )
    room: Array = np.memmap(path, ENTRY, "r+" if mode == "r+" else "r", offset=_HEADER_BYTES, shape=(length,))
    return room
