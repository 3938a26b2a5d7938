"""A log of what records were before they were written over, so that a table in a file can go back to a checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array


class UndoLog:
    """Records of one dtype in files, the earlier ones deleted after a while.

    A position counts all records since the log began. Each record goes to the operating system before the caller
    changes anything, so that a killed process loses none.

    Args:
        folder: folder of the files, which exists.
        dtype: a structured dtype.
        reach: number of records that one may want to go back; at least as many are kept, and at most about twice.
    """

    def __init__(self, folder: Path, dtype: np.dtype[Any], reach: int) -> None:
        self._folder, self._dtype, self._reach = folder, dtype, max(reach, 1)
        self._begin = self._length = 0
        self._is_known = False

    def clear(self) -> None:
        """Begin anew, with an empty log."""
        for path in self._files().values():
            path.unlink()
        self._begin_file(0)

    @property
    def position(self) -> int:
        """Number of records since the log began, also by another process that is over."""
        if not self._is_known:
            self._begin_file(max(self._files(), default=0))
        return self._begin + self._length

    def append(self, records: Array) -> None:
        """Append records ``[N]``.

        Raises:
            OSError: the disk is full.
        """
        end = self.position
        if self._length >= self._reach:
            for begin, path in self._files().items():
                if begin < self._begin:
                    path.unlink()
            self._begin_file(end)
        with self._path(self._begin).open("ab") as file:
            file.write(records.tobytes())
        self._length += len(records)

    def since(self, position: int) -> Array:
        """Return the records since a position, the oldest first, ``[N]``.

        Raises:
            StateError: the files are missing, too short, or no longer reach back so far.
        """
        files = self._files()
        if not files or not min(files) <= position <= self.position:
            raise StateError(
                f"The files in {self._folder} do not reach back to the saved state; restore them, or begin a new run."
            )
        pieces = [np.empty(0, self._dtype)]
        for begin, path in sorted(files.items()):
            content = path.read_bytes()
            whole = len(content) // self._dtype.itemsize * self._dtype.itemsize
            pieces.append(np.frombuffer(content[:whole], self._dtype)[max(position - begin, 0) :])
        return np.concatenate(pieces)

    def cut(self, position: int) -> None:
        """Forget all records since ``position``, and half a record that a killed process left."""
        self._is_known = False
        for begin, path in self._files().items():
            if begin > position:
                path.unlink()
            elif path.stat().st_size > (position - begin) * self._dtype.itemsize:
                os.truncate(path, (position - begin) * self._dtype.itemsize)

    def _begin_file(self, begin: int) -> None:
        """Append from now on to the file that begins at this position, which is created if it is missing."""
        path = self._path(begin)
        path.touch()
        self._begin, self._length, self._is_known = begin, path.stat().st_size // self._dtype.itemsize, True

    def _path(self, begin: int) -> Path:
        return self._folder / f"undo-{begin}.bin"

    def _files(self) -> dict[int, Path]:
        """Return the files by the position at which each begins."""
        return {int(path.stem.removeprefix("undo-")): path for path in self._folder.glob("undo-*.bin")}
