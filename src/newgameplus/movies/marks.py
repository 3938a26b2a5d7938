"""Marks: hashes of the console's memory at each second, in a member of the movie that other programs ignore.

They tell at which second a playback first differs. A mark is the beginning of a SHA-256, which takes 0.04 ms for the
64 kB of a Mega Drive. The member is binary: a fixed head, and then one mark after the other.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newgameplus.errors import MovieError
from newgameplus.movies.archive import Member
from newgameplus.types import Array

MARKS = "NewGamePlus.marks"
"""Name of the member."""
FRAMES_PER_MARK = 60
"""Interval of the marks in frames; the first one is of frame 0, which the reset runs."""
MARK_BYTES = 8
MAX_MARKS_BYTES = 2 * 2**20
"""Limit of the member; the marks of a whole day are smaller."""
_HEAD = struct.Struct("<4sHH32s")
"""Magic, version, frames per mark, SHA-256 of what ``NewGamePlus.json`` says."""
_MAGIC, _VERSION = b"NGPM", 1


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a movie."""

    record_sha256: bytes
    """SHA-256 of what ``NewGamePlus.json`` says, so that a change of it shows."""
    hashes: tuple[bytes, ...]
    """Mark of the frames 0, ``frames_per_mark``, 2 · ``frames_per_mark`` and so on."""
    frames_per_mark: int = FRAMES_PER_MARK

    def num_expected(self, num_frames: int) -> int:
        """Number of marks of a movie of ``num_frames`` frames."""
        return -(-num_frames // self.frames_per_mark)


def mark_of(memory: Mapping[int, bytes]) -> bytes:
    """Return the mark of a console's memory, given as address of each block to its bytes."""
    digest = hashlib.sha256()
    for address in sorted(memory):
        digest.update(memory[address])
    return digest.digest()[:MARK_BYTES]


def mark_of_ram(ram: Array) -> bytes:
    """Return the mark of a console's memory, given as all blocks in order of address, uint8 ``[bytes]``."""
    return hashlib.sha256(ram.tobytes()).digest()[:MARK_BYTES]


def marks_of(extra: Mapping[str, Any], hashes: Sequence[bytes]) -> Marks:
    """Return the marks of a movie whose ``NewGamePlus.json`` is ``extra``."""
    return Marks(record_sha256(extra), tuple(hashes))


def record_sha256(extra: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of what ``NewGamePlus.json`` says, independent of order and white space."""
    return hashlib.sha256(json.dumps(extra, sort_keys=True, separators=(",", ":")).encode()).digest()


def marks_member(marks: Marks) -> Member:
    """Return the member that holds ``marks``."""
    head = _HEAD.pack(_MAGIC, _VERSION, marks.frames_per_mark, marks.record_sha256)
    return Member.deflated(MARKS, head + b"".join(marks.hashes))


def parse_marks(content: bytes, name: str) -> Marks:
    """Parse ``content``, the marks in the movie called ``name``.

    Raises:
        MovieError: they are damaged, or of a later version.
    """
    if len(content) < _HEAD.size or (len(content) - _HEAD.size) % MARK_BYTES or not content.startswith(_MAGIC):
        raise MovieError(f"{MARKS} in the movie {name} is damaged.")
    _, version, frames_per_mark, record = _HEAD.unpack_from(content)
    if version != _VERSION or not frames_per_mark:
        raise MovieError(f"{MARKS} in the movie {name} is damaged or of a later version ({version}) of New Game Plus.")
    starts = range(_HEAD.size, len(content), MARK_BYTES)
    return Marks(record, tuple(content[start : start + MARK_BYTES] for start in starts), frames_per_mark)
