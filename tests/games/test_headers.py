from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.games.headers import Header, recognise, recognise_name, swapped

CASES: list[tuple[str, dict[str, Any], Header]] = [
    ("mega_drive", {}, Header("Genesis", "SOME GAME", "Europe", "GM 12345678-00", 65536)),
    ("mega_drive", {"region": b"JU"}, Header("Genesis", "SOME GAME", "Japan and USA", "GM 12345678-00", 65536)),
    ("mega_drive", {"region": b"4"}, Header("Genesis", "SOME GAME", "USA", "GM 12345678-00", 65536)),
    ("mega_drive", {"title": b""}, Header("Genesis", "DOMESTIC", "Europe", "GM 12345678-00", 65536)),
    ("mega_drive", {"system": b"SEGA 32X"}, Header("32x", "SOME GAME", "Europe", "GM 12345678-00", 65536)),
    ("nes", {}, Header("Nes", size_bytes=16 + 2 * 16384 + 8192)),
    ("game_boy", {}, Header("GameBoy", "POCKET GAME", "outside Japan", "", 0x8000)),
    ("game_boy", {"colour": 0x80}, Header("GbColor", "POCKET GAME", "outside Japan", "", 0x8000)),
    ("game_boy_advance", {}, Header("GbAdvance", "ADVANCE", "Europe", "AGBP")),
    ("super_nintendo", {}, Header("Snes", "SUPER GAME", "USA")),
    ("super_nintendo", {"offset": 0xFFC0, "region": 0}, Header("Snes", "SUPER GAME", "Japan")),
    ("master_system", {}, Header("Sms", "", "export", "1234")),
    ("master_system", {"region": 6}, Header("GameGear", "", "export", "1234")),
    ("nintendo_64", {}, Header("N64", "BIG GAME", "Europe", "NABP")),
    ("nintendo_ds", {}, Header("NintendoDs", "DUAL", "Japan", "ADSJ")),
]


@pytest.mark.parametrize(("console", "how", "header"), CASES)
def test_header_of_each_console_is_read(
    dump: SimpleNamespace, console: str, how: dict[str, Any], header: Header
) -> None:
    assert recognise(getattr(dump, console)(**how)) == header


@pytest.mark.parametrize("width", [2, 4])
def test_n64_title_is_read_in_every_byte_order(dump: SimpleNamespace, width: int) -> None:
    assert recognise(swapped(dump.nintendo_64(), width)) == Header("N64", "BIG GAME", "Europe", "NABP")


def test_real_header_of_airstriker_is_read(airstriker: bytes) -> None:
    header = recognise(airstriker)
    assert header is not None
    assert str(header) == "BasiEgaXorz: Airstriker (Genesis, Japan and USA and Europe, GM MK-0000 -00)"


def test_noise_has_no_header(noise: bytes) -> None:
    assert recognise(noise) is None


def test_atari_rom_is_guessed_from_name_and_size() -> None:
    assert recognise_name("pong.a26", 2048) == Header("Atari2600")
    assert recognise_name("pong.bin", 4096) == Header("Atari2600")
    assert recognise_name("firmware.bin", 4097) is None


def test_title_cannot_carry_control_characters(dump: SimpleNamespace) -> None:
    header = recognise(dump.mega_drive(title=b"EVIL\x1b[2J\x07NAME"))
    assert header is not None
    assert header.title.isprintable()


@given(st.binary(max_size=0x220), st.sampled_from([0, 4, 0x100, 0x104]), st.sampled_from([b"SEGA", b"NES\x1a"]))
def test_no_bytes_make_reading_a_header_fail(start: bytes, offset: int, magic: bytes) -> None:
    recognise(start)
    recognise(start[:offset] + magic + start[offset:])


@given(st.binary(max_size=40), st.sampled_from([1, 2, 4]))
def test_swapping_twice_changes_nothing(data: bytes, width: int) -> None:
    assert swapped(swapped(data, width), width) == data
