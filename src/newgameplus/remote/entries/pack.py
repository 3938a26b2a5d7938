"""One file from the folder of an entry: the same folder always gives the same bytes, so its hash names the entry.

The members are stored, not compressed, since the output of zlib differs between its versions; sorted by name, with one
fixed time, and of their modes only whether they can be executed. Hidden files and Python's caches are left out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newgameplus.errors import UsageError
from newgameplus.printable import printable_field
from newgameplus.remote.entries.entry import Entry, read_entry
from newgameplus.remote.entries.names import MAX_PACKED_BYTES, Names

SUFFIX = ".zip"
_TIME = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT = "__pycache__"


@dataclass(frozen=True, slots=True)
class Packed:
    """What has been packed."""

    entry: Entry
    sha256: str
    """Hash of the file."""
    num_files: int
    num_bytes: int
    """Size of the file."""


def pack(folder: Path, output: Path) -> Packed:
    """Write the entry in ``folder`` to one file, completely or not at all.

    Raises:
        NotFoundError: there is no entry.
        UsageError: the entry is invalid, or holds what cannot be packed; the message names it.
    """
    entry = read_entry(folder)
    if output.resolve().is_relative_to(folder.resolve()):  # the next time it would be packed, too
        raise UsageError(f"{output} lies in the entry itself, which it would change: name a place outside with -o.")
    unfinished = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        files = list(_files_of(folder))
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
            for name, path in files:
                _add(archive, name, path)
        if unfinished.stat().st_size > MAX_PACKED_BYTES:
            raise UsageError(_too_large(folder))
        packed = Packed(entry, sha256_of(unfinished), len(files), unfinished.stat().st_size)
        unfinished.replace(output)
    except OSError as error:
        raise UsageError(f"Cannot pack {folder} into {output}: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return packed


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of the files to pack, sorted by name.

    Raises:
        UsageError: something cannot be packed.
        OSError: something cannot be read.
    """
    names, num_bytes = Names(str(folder)), 0
    found = []
    for root, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != _LEFT_OUT)
        here = Path(root)
        for name in [*folders, *files]:
            path = here / name
            if name.startswith(".") or name.endswith(".pyc"):
                continue
            status = path.lstat()
            relative = path.relative_to(folder).as_posix()
            if name in folders and stat.S_ISDIR(status.st_mode):
                continue
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(
                    f"{folder} holds {printable_field(relative)}, which is {_kind(status.st_mode)}; an entry holds "
                    "only files and folders."
                )
            names.add(relative)
            num_bytes += status.st_size
            if num_bytes > MAX_PACKED_BYTES:
                raise UsageError(_too_large(folder))
            found.append((relative, path))
    yield from sorted(found, key=lambda item: item[0].encode())


def _raise(error: OSError) -> None:
    raise error


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        mode = os.fstat(descriptor).st_mode
        member = zipfile.ZipInfo(name, _TIME)
        member.create_system = 3  # Unix, on every system
        member.external_attr = (stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)) << 16
        with archive.open(member, "w") as target:
            _copy(source, target)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(source, target, 1 << 20)


def _kind(mode: int) -> str:
    kinds = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _too_large(folder: Path) -> str:
    return f"{folder} is larger than {MAX_PACKED_BYTES >> 20} MB: leave out what the agent does not need."
