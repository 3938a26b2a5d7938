"""Zip files of movies: read with limits on every size, written atomically, or grown while staying readable.

Zip format: PKWARE APPNOTE 6.3. A growing archive keeps its central directory within one memory page behind reserved
space, so that the single small write that publishes new data happens entirely or not at all, even if the process is
killed during it.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from newgameplus.errors import MovieError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_BYTES = 128 * 2**20
"""Size limit of a movie; a movie of a whole day with the largest console's start state is smaller."""
MAX_MEMBERS = 64
"""Limit on the number of members; BizHawk writes about ten files into a movie."""
_MAX_DIRECTORY_BYTES = 64 * 2**10
_MAX_COMMENT_BYTES = 2**16 - 1
_PAGE_BYTES = 4096
_RESERVED_BYTES = 128 * 2**10
"""Reserved space; longer than readers search for the end record, so that they never find a stale one."""

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_DESCRIPTOR = struct.Struct("<4s3L")
_END = struct.Struct("<4s4H2LH")
_VERSION = 20
_DOS_DATE = 1 << 5 | 1
"""1 January 1980, a constant: the same run writes the same bytes."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError)
"""Exceptions that zipfile raises on broken input."""
_SIZES_FOLLOW = 1 << 3
_ENCRYPTED = 1 << 0
_FILE_MODE = 0o100644 << 16
_MADE_ON_UNIX = 3 << 8 | _VERSION


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a zip, ready to be written."""

    name: str
    crc: int
    size: int
    """Uncompressed size in bytes."""
    data: bytes
    """Stored (compressed) bytes."""
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0

    @classmethod
    def deflated(cls, name: str, content: bytes) -> Member:
        """Compress ``content`` with deflate."""
        compressor = raw_deflate()
        data = compressor.compress(content) + compressor.flush()
        return cls(name, zlib.crc32(content), len(content), data)

    def local_header(self) -> bytes:
        """Local file header."""
        name = self.name.encode()
        sizes = (0, 0, 0) if self.flags & _SIZES_FOLLOW else (self.crc, len(self.data), self.size)
        return _LOCAL.pack(b"PK\3\4", _VERSION, self.flags, self.method, 0, _DOS_DATE, *sizes, len(name), 0) + name


def raw_deflate() -> zlib._Compress:
    """Compressor for zip members: raw deflate, without a zlib header."""
    return zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)


def assemble(members: Sequence[Member]) -> bytes:
    """Return a zip of ``members``, in their order."""
    content, entries = bytearray(), []
    for member in members:
        entries.append((member, len(content), len(member.data)))
        content += member.local_header() + member.data
    return bytes(content + _directory(entries, len(content)))


def _directory(entries: Sequence[tuple[Member, int, int]], offset: int) -> bytes:
    """Central directory and end record at ``offset``; an entry is a member, its offset and its stored size."""
    records = bytearray()
    for member, start, stored in entries:
        name = member.name.encode()
        records += _CENTRAL.pack(
            b"PK\1\2", _MADE_ON_UNIX, _VERSION, member.flags, member.method, 0, _DOS_DATE,
            member.crc, stored, member.size, len(name), 0, 0, 0, 0, _FILE_MODE, start,
        ) + name  # fmt: skip
    return bytes(records) + _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(records), offset, 0)


def replace_file(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` atomically with respect to a killed process.

    Unlike ``write_atomically`` it does not sync to disk, which would delay an agent at the end of each episode.

    Raises:
        OSError: the folder is missing, full or not writable; the old file is then untouched.
    """
    unfinished = part_of(path)
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def part_of(path: Path) -> Path:
    """Name of the temporary file that is renamed to ``path`` when finished."""
    return path.with_name(f".{path.name}.part")


class GrowingArchive:
    """A zip on disk whose last member grows; it is a complete, readable zip at any moment.

    Args:
        path: replaced atomically by a new archive.
        members: complete members that come first.
        name: name of the growing member.
        content: initial content of that member.

    Raises:
        OSError: the folder is missing, full or not writable.
    """

    def __init__(self, path: Path, members: Sequence[Member], name: str, content: bytes) -> None:
        head = bytearray()
        self._entries = []
        for member in members:
            self._entries.append((member, len(head), len(member.data)))
            head += member.local_header() + member.data
        self._name, self._start = name, len(head)
        head += self._growing(0, 0).local_header()
        self._data_start = len(head)
        self._size = self._crc = 0
        self._directory_offset = self._page_after(len(head) + len(content))
        temporary = part_of(path)
        self._file = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
        try:
            os.pwrite(self._file, head, 0)
            self.append(content)
            temporary.replace(path)
        except BaseException:
            self.close()
            temporary.unlink(missing_ok=True)
            raise

    def append(self, content: bytes) -> None:
        """Append ``content`` to the growing member: first the data, then the directory that includes it."""
        crc, size = zlib.crc32(content, self._crc), self._size + len(content)
        if self._data_start + size + _DESCRIPTOR.size > self._directory_offset:
            self._directory_offset = self._page_after(self._data_start + size)
            self._publish()
        descriptor = _DESCRIPTOR.pack(b"PK\7\x08", crc, size, size)
        os.pwrite(self._file, content + descriptor, self._data_start + self._size)
        self._crc, self._size = crc, size
        self._publish()

    def close(self) -> None:
        """Close the file, which stays as it is."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _publish(self) -> None:
        entries = [*self._entries, (self._growing(self._crc, self._size), self._start, self._size)]
        os.pwrite(self._file, _directory(entries, self._directory_offset), self._directory_offset)

    def _growing(self, crc: int, size: int) -> Member:
        return Member(self._name, crc, size, b"", zipfile.ZIP_STORED, _SIZES_FOLLOW)

    @staticmethod
    def _page_after(offset: int) -> int:
        return -(-(offset + _RESERVED_BYTES) // _PAGE_BYTES) * _PAGE_BYTES


class Archive:
    """A zip opened for reading; the number, names, sizes and compression of its members are checked against limits."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self._path, self._zip = path, file
        self.names = frozenset(file.namelist())
        """Names of the members."""
        if len(self.names) != len(file.infolist()):
            raise MovieError(f"The movie {path} holds two members of the same name.")
        for member in file.infolist():
            self._check(member)

    def read(self, name: str, limit: int) -> bytes:
        """Return a member's content.

        Raises:
            MovieError: the member is missing, damaged or longer than ``limit`` bytes.
        """
        with self.open(name) as file:  # never yields more than the size that the directory gives
            if self._zip.getinfo(name).file_size > limit:
                raise MovieError(f"{name} in the movie {self._path} is longer than {limit} bytes.")
            return file.read()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member for reading in chunks.

        Raises:
            MovieError: the member is missing or damaged; damage may be raised while reading.
        """
        if name not in self.names:
            raise MovieError(f"The movie {self._path} has no {name!r} inside; it is no bk2 movie or incomplete.")
        try:
            with self._zip.open(name) as file:
                yield io.BufferedReader(file)  # type: ignore[type-var]  # ZipExtFile reads like a raw file
        except (*_DAMAGE, EOFError, OSError) as error:
            raise MovieError(f"{name} in the movie {self._path} is damaged: {error}.") from error

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = member.orig_filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
            raise MovieError(f"The movie {self._path} holds a member that leaves its folder: {name!r}.")
        if member.flag_bits & _ENCRYPTED:
            raise MovieError(f"{name} in the movie {self._path} is encrypted.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise MovieError(f"{name} in the movie {self._path} is compressed in a way that bk2 movies are not.")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open the untrusted zip at ``path``.

    Raises:
        MovieError: the file is missing, not a zip, truncated, or exceeds a limit for movies.
    """
    try:
        _check_size(path)
        file = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise MovieError(f"The movie {path} is not there.") from None
    except IsADirectoryError:
        raise MovieError(f"{path} is a folder, not a movie.") from None
    except _DAMAGE as error:
        raise MovieError(f"{path} is not a bk2 movie, or it is cut short: {error}.") from error
    except OSError as error:
        raise MovieError(f"Cannot read the movie {path}: {error.strerror or error}.") from error
    with file:
        yield Archive(path, file)


def _check_size(path: Path) -> None:
    """Refuse files whose directory alone would fill the memory, and pipes and devices, which may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise MovieError(f"{path} is a pipe or a device, not a movie.")
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size > MAX_FILE_BYTES:
            raise MovieError(f"{path} has {size} bytes; a movie has at most {MAX_FILE_BYTES}.")
        file.seek(max(0, size - _END.size - _MAX_COMMENT_BYTES))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise MovieError(f"{path} is not a bk2 movie, or it is cut short: it has no zip directory.")
    _, _, _, _, num_members, directory_bytes, _, _ = _END.unpack_from(tail, at)
    if num_members > MAX_MEMBERS or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise MovieError(f"{path} holds {num_members} members; a movie has at most {MAX_MEMBERS}.")
