"""Mechanical defects of ROM dumps and their repair; each repair is confirmed by the SHA-1.

A dump may have a copier's 512-byte header, be interleaved as the Super Magic Drive stored it, have the bytes of each
word swapped, hold the game several times over, be padded, or have had its padding cut off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from newgameplus.games.headers import N64_SUFFIX, recognise, swapped

COPIER_HEADER_BYTES = 512
_INES_HEADER_BYTES = 16
_BLOCK_BYTES = 16384
_GRID_BYTES = 1024
_MAX_PADDED_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired file."""

    sha1: str
    """The known SHA-1 of the result."""
    data: bytes
    words: tuple[str, ...]
    """Steps of the repair in the imperative: ``remove the 512-byte copier header``."""


def sha1s(data: bytes) -> tuple[str, ...]:
    """SHA-1 of a ROM; for an iNES file first that of the game without its header, as integrations list it."""
    start = _start(data)
    whole = hashlib.sha1(data).hexdigest()
    return (hashlib.sha1(data[start:]).hexdigest(), whole) if start else (whole,)


def find_repair(data: bytes, known: Container[str]) -> Repair | None:
    """Try mechanical repairs until the SHA-1 is one of ``known``; None if none matches."""
    for words, form in forms(data):
        for sha1 in sha1s(form) if words else ():
            if sha1 in known:
                return Repair(sha1, form, words)
        resized = _cut(form, known) or _fill(form, known)
        if resized is not None:
            return Repair(resized.sha1, resized.data, words + resized.words)
    return None


def forms(data: bytes) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yield the file unchanged, and then without each defect that it shows signs of."""
    yield (), data
    without = ("remove the 512-byte copier header",)
    body = data[COPIER_HEADER_BYTES:]
    if body:
        yield without, body
    for words, dump in (((), data), (without, body)):
        if len(dump) % _BLOCK_BYTES == 0 and (dump[0x80:0x82], dump[0x2080:0x2082]) == (b"EA", b"SG"):
            yield (*words, "undo the Super Magic Drive interleave"), _deinterleaved(dump)
    if data[0x100:0x104] == b"ESAG":
        yield ("swap each pair of bytes",), swapped(data, 2)
    yield from _n64_orders(data)
    half = len(data) // 2
    if half and len(data) % 2 == 0 and data[:half] == data[half:]:
        yield ("keep one of the equal halves",), data[:half]


def interleaved(data: bytes) -> bytes:
    """Interleave ``data`` as the Super Magic Drive does: in each 16 KiB block first odd bytes, then even ones."""
    blocks = (data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES))
    return b"".join(block[1::2] + block[::2] for block in blocks)


def _deinterleaved(data: bytes) -> bytes:
    result = bytearray(len(data))
    for start in range(0, len(data), _BLOCK_BYTES):
        middle, end = start + _BLOCK_BYTES // 2, start + _BLOCK_BYTES
        result[start + 1 : end : 2] = data[start:middle]
        result[start:end:2] = data[middle:end]
    return bytes(result)


def _n64_orders(data: bytes) -> Iterator[tuple[tuple[str, ...], bytes]]:
    suffix = N64_SUFFIX.get(data[:4])
    if suffix is None:
        return
    widths = {"z64": 1, "v64": 2, "n64": 4}
    plain = swapped(data, widths[suffix])
    for other, width in widths.items():
        if other != suffix:
            yield (f"change the byte order from {suffix} to {other}",), swapped(plain, width)


def _start(data: bytes) -> int:
    return _INES_HEADER_BYTES if data[:4] == b"NES\x1a" else 0


def _cut(data: bytes, known: Container[str]) -> Repair | None:
    """Search the beginning of an over-dump for the game: at each KiB, and at each byte where padding begins."""
    start, end = _start(data), len(data)
    padding = data[-1:] if data[-1:] in (b"\0", b"\xff") else b""
    content_end = start + len(data[start:].rstrip(padding)) if padding else end
    lengths = set(range(start + _GRID_BYTES, end, _GRID_BYTES)) | set(range(content_end, min(end, content_end + 64)))
    declared = _declared_size(data)
    if declared is not None and start < declared < end:
        lengths.add(declared)
    digest, position = hashlib.sha1(), start
    for length in sorted(lengths):
        digest.update(data[position:length])
        position = length
        sha1 = digest.hexdigest()
        if sha1 in known:
            return Repair(sha1, data[:length], (f"cut the {end - length:,} bytes after the game",))
    return None


def _fill(data: bytes, known: Container[str]) -> Repair | None:
    """Restore trimmed padding, up to the next power of two or the size in the header."""
    start = _start(data)
    size = len(data) - start
    declared = _declared_size(data) or 0
    limit = min(max(1 << (size - 1).bit_length() if size else 0, declared - start), _MAX_PADDED_BYTES)
    body = hashlib.sha1(data[start:])
    for padding in (b"\xff", b"\0"):
        repair = _filled(data, body.copy(), size, limit, padding, known)
        if repair is not None:
            return repair
    return None


def _filled(
    data: bytes,
    digest: Any,
    size: int,
    limit: int,
    padding: bytes,
    known: Container[str],
) -> Repair | None:
    position = size
    while position < limit:
        step = _GRID_BYTES - position % _GRID_BYTES
        digest.update(padding * step)
        position += step
        if digest.hexdigest() in known:
            missing = position - size
            words = (f"put back the {missing:,} bytes of 0x{padding.hex().upper()} that were trimmed",)
            return Repair(digest.hexdigest(), data + padding * missing, words)
    return None


def _declared_size(data: bytes) -> int | None:
    header = recognise(data)
    return None if header is None else header.size_bytes
