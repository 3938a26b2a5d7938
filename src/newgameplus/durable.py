"""Files that survive a killed process, complete or not at all; and folders that only one process may write to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from newgameplus.errors import ResultsError

LOCK = ".lock"
"""Name of the file that :func:`hold` locks."""


def write_atomically(path: Path, content: bytes | str | Sequence[bytes | memoryview]) -> None:
    """Replace ``path`` by ``content`` in one step; a reader sees the old file or the new one.

    Args:
        path: in a folder that exists.
        content: bytes, text (written as UTF-8, with escapes for halves of characters), or pieces of bytes, one after
            another.

    Raises:
        OSError: the folder is missing, not writable or full; the old file is then untouched.
    """
    if isinstance(content, str):
        content = content.encode(errors="backslashreplace")  # in JSON, too, "\\ud800" is this character
    pieces = [content] if isinstance(content, bytes) else content
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def remove_unfinished(folder: Path, suffix: str) -> None:
    """Delete what a killed process left of :func:`write_atomically` for files that end in ``suffix``."""
    for unfinished in folder.glob(f".*{suffix}.*"):
        unfinished.unlink()


@contextmanager
def hold(folder: Path, option: str) -> Iterator[None]:
    """Lock ``folder`` for this process; the lock ends with the process, however it ends.

    Args:
        folder: an existing folder.
        option: command line option that names another folder, for the error message.

    Raises:
        ResultsError: another process holds it, or it cannot be written.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as error:
        raise ResultsError(f"Cannot write to {folder}: {error.strerror}.") from error
    try:
        while not _locks(descriptor, fcntl.LOCK_EX):
            if not _locks(descriptor, fcntl.LOCK_SH):
                raise ResultsError(
                    f"Another process is writing to {folder}: wait for it, or give another name with {option}."
                )
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # only is_held had it, which is over at once
        yield
    finally:
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a process holds ``folder`` now, that is, writes to it."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locks(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class GrowingLog:
    """A text file that grows by whole lines, each written at once, and can be cut back to an earlier length.

    Args:
        path: path of the file; created if missing.
        size_bytes: length to keep of an existing file, that of the last checkpoint, since later lines are written
            again; 0 starts over.
        header: the first line; None for none.

    Raises:
        ResultsError: the file is shorter than ``size_bytes``.
    """

    def __init__(self, path: Path, size_bytes: int = 0, header: str | None = None) -> None:
        found = path.stat().st_size if path.exists() else 0
        if found < size_bytes:
            raise ResultsError(
                f"{path} is corrupt: it has lost rows that were written before the last checkpoint; "
                "restore it, or start anew in another folder."
            )
        self._file = path.open("ab", buffering=0)
        self._file.truncate(size_bytes)
        self._file.seek(0, os.SEEK_END)
        if size_bytes == 0 and header is not None:
            self.append(header)

    @property
    def size_bytes(self) -> int:
        """Current length of the file."""
        return self._file.tell()

    def append(self, line: str) -> None:
        """Write one line.

        Raises:
            OSError: the disk is full.
        """
        data = f"{line}\n".encode(errors="backslashreplace")
        while data:
            data = data[self._file.write(data) :]

    def sync(self) -> None:
        """Sync the file to disk, so that a power failure loses no line."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
