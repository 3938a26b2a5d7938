"""Apply a VCDIFF patch, which turns one ROM into another; the contest's custom levels are such patches.

RFC 3284 (Korn, MacDonald, Mogul, Vo, 2002) with its default code table, and the Adler-32 checksum of each window that
xdelta3 adds. *Differences from the RFC*: secondary compression and application-defined code tables are refused; no
patch that comes with stable-retro uses them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from newgameplus.errors import RomError

MAGIC = b"\xd6\xc3\xc4\x00"
MAX_RESULT_BYTES = 64 * 2**20
"""Size limit of the result; no cartridge is larger."""

_HAS_SECONDARY, _HAS_CODE_TABLE, _HAS_APPLICATION_HEADER = 1, 2, 4
_FROM_SOURCE, _FROM_TARGET, _HAS_ADLER32 = 1, 2, 4
_ADD, _RUN, _COPY = "add", "run", "copy"
_NUM_NEAR, _NUM_SAME = 4, 3

_Half = tuple[str, int, int]
"""Instruction, size (0: the size follows in the stream), address mode."""


def _code_table() -> list[tuple[_Half, ...]]:
    """The 256 instruction codes of RFC 3284, section 5.6; each is one instruction or two."""
    modes = range(2 + _NUM_NEAR + _NUM_SAME)
    table: list[tuple[_Half, ...]] = [((_RUN, 0, 0),)]
    table += [((_ADD, size, 0),) for size in range(18)]
    table += [((_COPY, size, mode),) for mode in modes for size in (0, *range(4, 19))]
    table += [
        ((_ADD, add, 0), (_COPY, copy, mode)) for mode in modes[:6] for add in range(1, 5) for copy in range(4, 7)
    ]
    table += [((_ADD, add, 0), (_COPY, 4, mode)) for mode in modes[6:] for add in range(1, 5)]
    table += [((_COPY, 4, mode), (_ADD, 1, 0)) for mode in modes]
    return table


_TABLE = _code_table()


class _Reader:
    """Reads a section of the patch, never past its end."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    @property
    def is_at_end(self) -> bool:
        return self._position >= len(self._content)

    def take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._content):
            raise RomError("The patch is cut short.")
        taken = self._content[self._position : end]
        self._position = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def integer(self) -> int:
        """Read a variable-length integer: seven bits per byte, most significant first; the top bit means continued."""
        value = 0
        for _ in range(10):
            byte = self.byte()
            value = value << 7 | byte & 127
            if byte < 128:
                return value
        raise RomError("The patch is damaged: a number in it does not end.")


class _Addresses:
    """Address cache of RFC 3284, section 5.1; emptied at each window."""

    def __init__(self, stream: _Reader) -> None:
        self._stream = stream
        self._near = [0] * _NUM_NEAR
        self._next_near = 0
        self._same = [0] * (_NUM_SAME * 256)

    def decode(self, mode: int, here: int) -> int:
        if mode == 0:
            address = self._stream.integer()
        elif mode == 1:
            address = here - self._stream.integer()
        elif mode < 2 + _NUM_NEAR:
            address = self._near[mode - 2] + self._stream.integer()
        else:
            address = self._same[(mode - 2 - _NUM_NEAR) * 256 + self._stream.byte()]
        self._near[self._next_near] = address
        self._next_near = (self._next_near + 1) % _NUM_NEAR
        self._same[address % len(self._same)] = address
        return address


_Window = tuple[int, int, int, _Reader]
"""Indicator, size and position of the source segment, and the encoding of the window."""


def apply_patch(source: bytes, patch: bytes) -> bytes:
    """Return ``source`` with ``patch`` applied.

    Raises:
        RomError: the patch is damaged, uses an extension of the format, or was made for another source.
    """
    result = bytearray()
    for window in _windows(patch):
        result += _decode_window(window, source, result)
        if len(result) > MAX_RESULT_BYTES:
            raise RomError(f"The patch makes more than {MAX_RESULT_BYTES} bytes.")
    return bytes(result)


def _windows(patch: bytes) -> Iterator[_Window]:
    """Split the patch into its windows."""
    reader = _Reader(patch)
    if reader.take(len(MAGIC)) != MAGIC:
        raise RomError("This is no VCDIFF patch.")
    indicator = reader.byte()
    if indicator & (_HAS_SECONDARY | _HAS_CODE_TABLE):
        raise RomError("The patch is compressed or has its own code table, which is not supported.")
    if indicator & _HAS_APPLICATION_HEADER:
        reader.take(reader.integer())
    while not reader.is_at_end:
        kind = reader.byte()
        size, position = (reader.integer(), reader.integer()) if kind & 3 else (0, 0)
        yield kind, size, position, _Reader(reader.take(reader.integer()))


def _decode_window(window: _Window, source: bytes, made: bytearray) -> bytes:
    kind, size, position, encoding = window
    origin = made if kind & _FROM_TARGET else source
    if position + size > len(origin):
        raise RomError("The patch was made for a larger ROM.")
    target_size = encoding.integer()
    if target_size > MAX_RESULT_BYTES:
        raise RomError(f"The patch makes more than {MAX_RESULT_BYTES} bytes.")
    if encoding.byte():
        raise RomError("The patch is compressed, which is not supported.")
    lengths = [encoding.integer() for _ in range(3)]
    checksum = encoding.take(4) if kind & _HAS_ADLER32 else None
    data, instructions, addresses = (_Reader(encoding.take(length)) for length in lengths)
    text = bytearray(origin[position : position + size])
    _run(text, size + target_size, data, instructions, _Addresses(addresses))
    target = bytes(text[size:])
    if checksum is not None and zlib.adler32(target) != int.from_bytes(checksum, "big"):
        raise RomError("The patch was made for another ROM: its checksum does not fit.")
    return target


def _run(text: bytearray, end: int, data: _Reader, instructions: _Reader, addresses: _Addresses) -> None:
    """Extend ``text``, which begins with the source segment, to ``end`` bytes."""
    while not instructions.is_at_end:
        for name, size, mode in _TABLE[instructions.byte()]:
            length = size or instructions.integer()
            if len(text) + length > end:
                raise RomError("The patch is damaged: a window overflows.")
            if name == _ADD:
                text += data.take(length)
            elif name == _RUN:
                text += data.take(1) * length
            else:
                _copy(text, addresses.decode(mode, len(text)), length)
    if len(text) != end:
        raise RomError("The patch is damaged: a window is not filled.")


def _copy(text: bytearray, start: int, length: int) -> None:
    """Copy from the existing text; a copy may overlap its own result, which repeats it."""
    here = len(text)
    if not 0 <= start < here:
        raise RomError("The patch is damaged: it copies from nowhere.")
    piece = text[start : start + length]
    while len(piece) < length:
        piece += piece[: length - len(piece)]
    text += piece
