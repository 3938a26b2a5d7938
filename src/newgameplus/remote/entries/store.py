"""Entries unpacked in the user's cache, once each, under their hash.

A folder of an entry is packed first, so what is judged is what has that hash, whatever happens to the folder meanwhile;
and a sandbox sees a path that says nothing about the run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.folders import cache
from newgameplus.remote.entries.entry import Entry, read_entry
from newgameplus.remote.entries.names import MAX_PACKED_BYTES
from newgameplus.remote.entries.pack import SUFFIX, pack, sha256_of
from newgameplus.remote.entries.unpack import unpack

CLIENT = Path(__file__).parents[1] / "client.py"
"""The file that an agent needs."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry in the cache."""

    folder: Path
    """Folder that it is unpacked in, to be read only."""
    entry: Entry
    sha256: str
    """Hash of the entry, packed."""


def is_entry(text: str) -> bool:
    """Whether ``text`` means an entry: a folder that is there, or what can only be a path, there or not."""
    path = Path(text)
    return path.is_dir() or path.suffix == SUFFIX or path.name != text


def store(path: Path) -> Stored:
    """Return the entry at ``path``, a folder or a zip, unpacked in the cache.

    Raises:
        NotFoundError: there is none.
        UsageError: it is invalid, or the cache cannot be written.
    """
    with in_cache(cache() / "entries") as (place, unfinished):
        archive = unfinished / f"entry{SUFFIX}"
        if path.is_dir():
            pack(path, archive)
        else:
            _copy(path, archive)
        sha256 = sha256_of(archive)
        folder = place / sha256
        if not folder.is_dir():
            unpack(archive, unfinished / "entry", path)
            keep(unfinished / "entry", folder)
    return Stored(folder, read_entry(folder, path), sha256)


def client_folder() -> Path:
    """Return a folder to import ``newgameplus.remote.client`` from, and nothing else, for a Python without the package.

    Raises:
        UsageError: the cache cannot be written.
    """
    content = CLIENT.read_bytes()
    with in_cache(cache() / "clients") as (place, unfinished):
        folder = place / hashlib.sha256(content).hexdigest()
        if not folder.is_dir():
            remote = unfinished / "client" / "newgameplus" / "remote"
            remote.mkdir(parents=True)
            (remote / CLIENT.name).write_bytes(content)
            keep(unfinished / "client", folder)
    return folder


def keep(made: Path, folder: Path) -> None:
    """Give a finished folder its place, unless another process was first."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


@contextmanager
def in_cache(place: Path) -> Iterator[tuple[Path, Path]]:
    """Give a folder of the cache, and one in it of this process' own, which is removed at the end."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        _remove_left(place)
        unfinished = place / f".{os.getpid()}"
        unfinished.mkdir()
        try:
            yield place, unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"Cannot keep an entry in {place}: {error.strerror or error}.") from error


def _remove_left(place: Path) -> None:
    """Remove what killed processes have left."""
    for left in place.glob(".*"):
        number = left.name[1:]
        if number.isdigit() and (int(number) == os.getpid() or not _is_running(int(number))):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def _copy(path: Path, target: Path) -> None:
    if not path.is_file():  # nor a pipe, which would be waited for
        raise NotFoundError(f"There is no entry {path}.")
    if path.stat().st_size > MAX_PACKED_BYTES:
        raise UsageError(f"{path} is larger than {MAX_PACKED_BYTES >> 20} MB, the limit of an entry.")
    shutil.copyfile(path, target)
