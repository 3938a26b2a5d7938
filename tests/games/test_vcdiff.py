from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import RomError
from newgameplus.games.vcdiff import MAX_RESULT_BYTES, apply_patch

HEAD = b"\xd6\xc3\xc4\x00\x00"
BLANK = bytes(4 * 2**20)


def number(value: int) -> bytes:
    """Seven bits a byte, the most significant first."""
    digits = [value & 127]
    while value := value >> 7:
        digits.append(value & 127 | 128)
    return bytes(reversed(digits))


def window(
    size: int,
    data: bytes = b"",
    instructions: bytes = b"",
    addresses: bytes = b"",
    *,
    source: tuple[int, int] | None = None,
    kind: int = 1,
    checked: bytes | None = None,
) -> bytes:
    checksum = b"" if checked is None else zlib.adler32(checked).to_bytes(4, "big")
    body = number(size) + b"\0" + number(len(data)) + number(len(instructions)) + number(len(addresses))
    body += checksum + data + instructions + addresses
    indicator = (kind if source else 0) | (4 if checked is not None else 0)
    segment = b"" if source is None else number(source[0]) + number(source[1])
    return bytes([indicator]) + segment + number(len(body)) + body


def test_example_of_the_rfc_is_decoded() -> None:
    """RFC 3284, section 3: COPY 4,0; ADD 4 wxyz; COPY 4,4; COPY 12,24; RUN 4 z."""
    source = b"abcdefghijklmnop"
    instructions = bytes([20, 5, 20, 28, 0, 4])
    addresses = number(0) + number(4) + number(24)
    patch = HEAD + window(28, b"wxyzz", instructions, addresses, source=(16, 0))
    assert apply_patch(source, patch) == b"abcdwxyzefghefghefghefghzzzz"


def test_every_address_mode_finds_its_byte() -> None:
    source = bytes(range(200))
    copies = [
        (19 + 1, number(100), 100),  # itself: 4 bytes at 100
        (19 + 16 + 1, number(204 - 120), 120),  # from here: the text is 200 + 4 long
        (19 + 32 + 1, number(3), 103),  # near slot 0, which holds 100
        (19 + 48 + 1, number(5), 125),  # near slot 1, which holds 120
        (19 + 96 + 1, bytes([100]), 100),  # same[100]
    ]
    patch = HEAD + window(
        20, b"", bytes(code for code, _, _ in copies), b"".join(address for _, address, _ in copies), source=(200, 0)
    )
    assert apply_patch(source, patch) == b"".join(source[start : start + 4] for _, _, start in copies)


def test_double_instructions_do_both_halves() -> None:
    source = b"0123456789"
    patch = HEAD + window(10, b"xy", bytes([163, 247]), number(2) + number(5), source=(10, 0))
    assert apply_patch(source, patch) == b"x2345" + b"5678y"


def test_windows_may_copy_from_what_was_made_before() -> None:
    first = window(4, b"abcd", bytes([5]))
    second = window(8, b"", bytes([24]), number(0), source=(4, 0), kind=2)
    assert apply_patch(b"", HEAD + first + second) == b"abcd" + b"abcdabcd"


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5))
def test_literal_windows_with_checksums_come_back(pieces: list[bytes]) -> None:
    windows = [window(len(piece), piece, b"\1" + number(len(piece)), checked=piece) for piece in pieces]
    assert apply_patch(b"", HEAD + b"".join(windows)) == b"".join(pieces)


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (b"PATCH", "no VCDIFF"),
        (HEAD[:4] + b"\1\2", "not supported"),
        (HEAD + window(4, b"abcd", bytes([5]))[:-2], "cut short"),
        (HEAD + window(4, b"abcd", bytes([5]), checked=b"abce"), "another ROM"),
        (HEAD + window(4, b"", bytes([20]), number(0), source=(99, 0)), "larger ROM"),
        (HEAD + window(3, b"abcd", bytes([5])), "overflows"),
        (HEAD + window(5, b"abcd", bytes([5])), "not filled"),
        (HEAD + window(4, b"", bytes([20]), number(9)), "from nowhere"),
        (HEAD + window(MAX_RESULT_BYTES + 1, b"a", b"\0" + number(MAX_RESULT_BYTES + 1)), "more than"),
        (HEAD + b"\0" + b"\xff" * 40, "does not end"),
    ],
)
def test_damaged_or_hostile_patch_is_refused_in_words(patch: bytes, message: str) -> None:
    with pytest.raises(RomError, match=message):
        apply_patch(b"source", patch)


@given(st.binary(max_size=80))
def test_no_bytes_make_the_decoder_fail_otherwise(rubbish: bytes) -> None:
    with contextlib.suppress(RomError):
        apply_patch(b"source", HEAD + rubbish)


def windows_of(patch: bytes) -> Iterator[tuple[int, bytes]]:
    """The indicator and the bytes of each window of a real patch, split without the decoder under test."""
    position = len(HEAD)

    def read() -> int:
        nonlocal position
        value = 0
        while True:
            byte = patch[position]
            position += 1
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    while position < len(patch):
        start, indicator = position, patch[position]
        position += 1
        if indicator & 3:
            read(), read()
        length = read()
        position += length
        yield indicator, patch[start:position]


def test_real_patches_of_the_contest_decode_to_their_last_instruction() -> None:
    """No Sonic ROM is at hand: each window fills exactly from a blank one, and only its checksum then objects."""
    patches = sorted((stable_retro_folder() / "data" / "contrib").glob("*/rom.delta"))
    assert len(patches) == 6
    num_standalone_bytes = 0
    for path in patches:
        patch = path.read_bytes()
        assert patch.startswith(HEAD)
        for indicator, content in windows_of(patch):
            if indicator == 4:  # needs no source, so the checksum that xdelta3 left must fit
                num_standalone_bytes += len(apply_patch(b"", HEAD + content))
            else:
                with pytest.raises(RomError, match="made for another ROM"):
                    apply_patch(BLANK, HEAD + content)
    assert num_standalone_bytes == 49_152
