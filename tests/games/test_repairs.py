from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from newgameplus.games.headers import swapped
from newgameplus.games.repairs import find_repair, interleaved, sha1s


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def padded(data: bytes, size: int, padding: bytes = b"\0") -> bytes:
    return data + padding * (size - len(data))


DEFECTS: list[tuple[str, Callable[[bytes], bytes], tuple[str, ...]]] = [
    ("copier header", lambda rom: b"\xaa" * 512 + rom, ("remove the 512-byte copier header",)),
    ("swapped bytes", lambda rom: swapped(rom, 2), ("swap each pair of bytes",)),
    ("over-dump with zeros", lambda rom: padded(rom, 131072), ("cut the 11,492 bytes after the game",)),
    ("over-dump with ones", lambda rom: padded(rom, 131072, b"\xff"), ("cut the 11,492 bytes after the game",)),
    ("twice", lambda rom: rom + rom, ("keep one of the equal halves",)),
    (
        "interleave",
        lambda rom: interleaved(padded(rom, 131072)),
        ("undo the Super Magic Drive interleave", "cut the 11,492 bytes after the game"),
    ),
    (
        "interleave under a copier header",
        lambda rom: b"\x08" + bytes(511) + interleaved(padded(rom, 131072)),
        (
            "remove the 512-byte copier header",
            "undo the Super Magic Drive interleave",
            "cut the 11,492 bytes after the game",
        ),
    ),
    (
        "padding under a copier header",
        lambda rom: b"\x08" + bytes(511) + padded(rom, 131072),
        ("remove the 512-byte copier header", "cut the 11,492 bytes after the game"),
    ),
]


@pytest.mark.parametrize(("spoil", "words"), [case[1:] for case in DEFECTS], ids=[case[0] for case in DEFECTS])
def test_real_rom_is_restored_from_each_defect(
    airstriker: bytes, spoil: Callable[[bytes], bytes], words: tuple[str, ...]
) -> None:
    repair = find_repair(spoil(airstriker), {sha1(airstriker)})
    assert repair is not None
    assert repair.words == words
    assert repair.data == airstriker
    assert repair.sha1 == sha1(airstriker)


@pytest.mark.parametrize("padding", [b"\0", b"\xff"])
def test_trimmed_padding_is_put_back(noise: bytes, padding: bytes) -> None:
    rom = padded(noise[:50_000], 65536, padding)
    repair = find_repair(rom.rstrip(padding), {sha1(rom)})
    assert repair is not None
    assert repair.data == rom
    assert repair.words[-1].endswith(f"bytes of 0x{padding.hex().upper()} that were trimmed")


def test_over_dump_with_other_rubbish_is_cut(noise: bytes) -> None:
    rom = noise[:32768]
    repair = find_repair(noise, {sha1(rom)})
    assert repair is not None
    assert repair.data == rom


def test_over_dump_of_a_rom_that_ends_in_padding_is_cut_at_the_right_byte(noise: bytes) -> None:
    rom = noise[:10_001] + b"\xff" * 13
    repair = find_repair(padded(rom, 16384, b"\xff"), {sha1(rom)})
    assert repair is not None
    assert repair.data == rom


def test_nes_over_dump_keeps_its_ines_header(dump: SimpleNamespace) -> None:
    rom = dump.nes()
    repair = find_repair(rom + b"\xff" * 8192, {sha1(rom[16:])})
    assert repair is not None
    assert repair.data == rom


@pytest.mark.parametrize("width", [2, 4])
def test_n64_byte_orders_are_changed_to_the_known_one(dump: SimpleNamespace, width: int) -> None:
    rom = dump.nintendo_64()
    repair = find_repair(swapped(rom, width), {sha1(rom)})
    assert repair is not None
    assert repair.data == rom
    assert repair.words == (f"change the byte order from {'v64' if width == 2 else 'n64'} to z64",)


def test_unknown_file_has_no_repair(noise: bytes, airstriker: bytes) -> None:
    assert find_repair(noise, {sha1(airstriker)}) is None
    assert find_repair(b"", {sha1(airstriker)}) is None


def test_nes_rom_is_hashed_without_its_header_first(dump: SimpleNamespace) -> None:
    rom = dump.nes()
    assert sha1s(rom) == (sha1(rom[16:]), sha1(rom))
    assert sha1s(rom[16:]) == (sha1(rom[16:]),)
