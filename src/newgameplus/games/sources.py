"""Files offered for import: found in folders, read from zips, with limits on every name and size."""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from newgameplus.errors import NotFoundError
from newgameplus.printable import printable_field

MAX_ROM_BYTES = 64 * 2**20
"""Size limit of a ROM; no cartridge is larger."""
MAX_FILE_BYTES = 2**30
"""Size limit of a file: more than a CD."""
MAX_ARCHIVE_BYTES = 2**30
"""Limit of what is unpacked from one zip."""
MAX_DIRECTORY_BYTES = 4 * 2**20
"""Size limit of a zip's directory: room for some 40,000 names."""

_END_RECORD = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR_BYTES = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One file offered for import: its bytes, or the reason why there are none."""

    label: str
    """Where it is, safe to print on a terminal: ``folder/games.zip: Game.md``."""
    name: str
    """Its own file name."""
    data: bytes = b""
    problem: str = ""
    """Why it is not read, as the end of a sentence that begins with the label; empty if it was read."""


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return the files named by ``paths``, sorted; folders are searched recursively, links to folders are not followed.

    A folder that cannot be read is itself in the list, so that it is reported.

    Raises:
        NotFoundError: one of the paths does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _walk(path)
        elif path.exists():
            found.append(path)
        else:
            raise NotFoundError(f"There is no file or folder {printable_field(str(path))}.")
    return list(dict.fromkeys(found))


def _walk(root: Path) -> Iterator[Path]:
    unreadable: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=lambda error: unreadable.append(Path(error.filename))):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names))
    yield from unreadable


def file_problem(path: Path) -> str:
    """Why the file at ``path`` is not read; empty if it can be."""
    try:
        if path.is_dir():
            return "is a folder that cannot be read"
        if not path.is_file():
            return "is no regular file"
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if size == 0:
        return "is empty"
    if size > MAX_FILE_BYTES:
        return f"has {size:,} bytes, more than any game here"
    return ""


def file_sha1(path: Path) -> str:
    """SHA-1 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def is_zip(path: Path) -> bool:
    """Whether the content begins like a zip, whatever its name."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def zip_offers(path: Path) -> Iterator[Offer]:
    """Yield every file in a zip; a refused file is an offer with its problem, and does not stop the others."""
    label = printable_field(str(path))
    problem = _directory_problem(path)
    if problem:
        yield Offer(label, path.name, problem=problem)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _members(archive, label)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        yield Offer(label, path.name, problem=f"is a damaged zip: {printable_field(str(error))}")


def _directory_problem(path: Path) -> str:
    """Check the end record before Python reads the whole directory into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 65536 - _END_RECORD.size - _ZIP64_LOCATOR_BYTES))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END_RECORD.size:
        return "is a damaged zip: its table of contents is missing, as in an unfinished download"
    directory_bytes = _END_RECORD.unpack_from(tail, at)[5]
    is_zip64 = tail[max(0, at - _ZIP64_LOCATOR_BYTES) : at].startswith(b"PK\x06\x07")
    if is_zip64 or directory_bytes > MAX_DIRECTORY_BYTES:
        return "is a zip with more files than are looked through; unpack it and import the folder"
    return ""


def _members(archive: zipfile.ZipFile, label: str) -> Iterator[Offer]:
    budget = MAX_ARCHIVE_BYTES
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        name = printable_field(entry.filename)
        problem, data = _entry_problem(entry, budget), b""
        if not problem:
            problem, data = _unpack(archive, entry, min(MAX_ROM_BYTES, budget))
            budget -= len(data)
        yield Offer(f"{label}: {name}", PurePosixPath(name).name, b"" if problem else data, problem)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> tuple[str, bytes]:
    """Return the problem and the bytes; reads at most one byte more than ``limit``, whatever size the entry claims."""
    try:
        with archive.open(entry) as file:
            data = file.read(limit + 1)
    except (RuntimeError, NotImplementedError) as error:
        return f"cannot be unpacked: {printable_field(str(error))}", b""
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        return f"is damaged: {printable_field(str(error))}", b""
    if len(data) > limit:
        return f"unpacks to more than the {limit:,} bytes that this zip may still have", data
    return "" if data else "is empty", data


def _entry_problem(entry: zipfile.ZipInfo, budget: int) -> str:
    windows, posix = PureWindowsPath(entry.filename), PurePosixPath(entry.filename)
    if ".." in windows.parts or posix.is_absolute() or windows.drive or windows.root:
        return "has a name that points out of its folder; it is not opened"
    if entry.flag_bits & 1:
        return "is encrypted; unpack it with its password first"
    if entry.file_size > MAX_ROM_BYTES:
        return f"has {entry.file_size:,} bytes, more than any cartridge; unpack the zip and import the folder"
    if budget <= 0:
        return f"is left out: more than {MAX_ARCHIVE_BYTES:,} bytes were unpacked from this zip"
    return ""
