"""Unpacking of somebody else's entry: only regular files, below one folder, of the sizes that were announced.

Everything that a zip may hold beside files is refused, not skipped: paths that lead out, links, devices, names that
are the same on some systems, members that grow beyond bounds. All is checked before the first byte is written.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.printable import printable_field
from newgameplus.remote.entries.entry import FILE, Entry, read_entry
from newgameplus.remote.entries.names import MAX_FILES, MAX_FILES_BYTES, MAX_PACKED_BYTES, Names

MAX_RATIO = 200
"""Limit of how many times larger a member of more than 1 MB may be than what it is packed into."""
_END = struct.Struct("<4s4H2LH")
"""A zip's last record: signature, disks, numbers of members, size and offset of the directory, length of a comment."""
_LOCATOR_BYTES = 20
_MAX_DIRECTORY_BYTES = MAX_FILES * 1024
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def unpack(archive: Path, folder: Path, shown: Path | None = None) -> Entry:
    """Unpack an entry into a new folder and return its ``entry.toml``.

    Args:
        archive: a zip, which may be anybody's.
        folder: a path where nothing is; if unpacking fails, nothing is left there.
        shown: what messages call the zip; None for its own path.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it is no zip of an entry, or holds what an entry must not hold; the message says what.
    """
    try:
        folder.mkdir()
    except OSError as error:
        raise UsageError(f"Cannot unpack {archive} to {folder}: {error.strerror}.") from error
    try:
        return _unpack(archive, folder, shown or archive)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(archive: Path, folder: Path, shown: Path) -> Entry:
    where = str(shown)
    _check_end(archive, where)
    try:
        with zipfile.ZipFile(archive) as members:
            for info, parts in _checked(members, where):
                _make_folders(folder, parts[:-1])
                _write(members, info, folder.joinpath(*parts))
    except UsageError:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, struct.error, ValueError) as error:
        raise UsageError(f"{where} is a damaged zip: {printable_field(str(error))}.") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the beginning of the file
            raise UsageError(f"{where} is a damaged zip: its directory is not where it says.") from error
        raise UsageError(f"Cannot unpack {where}: {error.strerror or error}.") from error
    if not (folder / FILE).is_file():
        raise UsageError(f"{where} has no {FILE} at its top, so it is no entry; pack one with: ngp entry pack DIR")
    return read_entry(folder, shown)


def _check_end(archive: Path, where: str) -> None:
    """Check a zip's last record, before the directory that it announces is read into memory."""
    try:
        num_bytes = archive.stat().st_size
        if num_bytes > MAX_PACKED_BYTES:
            raise UsageError(f"{where} is larger than {MAX_PACKED_BYTES >> 20} MB, the limit of an entry.")
        with archive.open("rb") as file:
            file.seek(max(0, num_bytes - _END.size - _LOCATOR_BYTES))
            tail = file.read()
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no entry {where}.") from error
    except OSError as error:
        raise UsageError(f"Cannot read {where}: {error.strerror}.") from error
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06") or end[-2:] != b"\0\0":
        raise UsageError(f"{where} is not a zip without a comment; pack an entry with: ngp entry pack DIR")
    if tail[: -_END.size].startswith(b"PK\x06\x07"):
        raise UsageError(f"{where} is a zip of the 64-bit kind, which no entry needs; use: ngp entry pack DIR")
    _, _, _, _, num_members, num_directory_bytes, _, _ = _END.unpack(end)
    if num_members > MAX_FILES or num_directory_bytes > _MAX_DIRECTORY_BYTES:
        raise UsageError(f"{where} holds more than {MAX_FILES:,} files and folders.")


def _checked(members: zipfile.ZipFile, where: str) -> list[tuple[zipfile.ZipInfo, tuple[str, ...]]]:
    """Check all members; return the files among them, and the parts of their paths."""
    names, files, num_bytes = Names(where), [], 0
    for info in members.infolist():
        _check_member(info, where)
        parts = names.add(info.orig_filename.removesuffix("/"), is_folder=info.is_dir())
        num_bytes += info.file_size
        if num_bytes > MAX_FILES_BYTES:
            raise UsageError(f"{where} would unpack to more than {MAX_FILES_BYTES >> 30} GB.")
        if not info.is_dir():
            files.append((info, parts))
    return files


def _check_member(info: zipfile.ZipInfo, where: str) -> None:
    name = printable_field(info.orig_filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        raise UsageError(f"{where} holds {name}, which is neither a file nor a folder; an entry holds only these.")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise UsageError(f"{where} holds {name}, which is encrypted or packed in a way that is not read; use deflate.")
    if info.is_dir() and info.file_size:
        raise UsageError(f"{where} holds {name}, a folder with content of its own.")
    if info.file_size > max(1 << 20, MAX_RATIO * info.compress_size):
        raise UsageError(f"{where} holds {name}, which would become {info.file_size:,} bytes from few: a bomb.")


def _make_folders(folder: Path, parts: tuple[str, ...]) -> None:
    """Make the folders around a file, for everybody to read: a sandbox may read it as another user."""
    for depth in range(len(parts) + 1):
        inner = folder.joinpath(*parts[:depth])
        inner.mkdir(exist_ok=True)
        inner.chmod(0o755)


def _write(members: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    """Write a member to a new file; its reader gives no more bytes than were announced, and checks their sum."""
    mode = 0o755 if info.external_attr >> 16 & stat.S_IXUSR else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as target, members.open(info) as source:
        os.fchmod(descriptor, mode)
        shutil.copyfileobj(source, target, 1 << 20)
