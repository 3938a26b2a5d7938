"""Games and ROMs made on the spot, in folders that end with the test."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE

MakeGame = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of its own for each test."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def make_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeGame:
    """Make an integration: its name, the bytes that its ROM is hashed from, and further files."""
    collection = tmp_path / "collection"
    collection.mkdir()
    monkeypatch.setenv(GAMES_VARIABLE, str(collection))

    def make(name: str, *hashed: bytes, metadata: object = None, files: dict[str, bytes] | None = None) -> Path:
        folder = collection / name
        folder.mkdir(exist_ok=True)
        (folder / "rom.sha").write_text("".join(f"{hashlib.sha1(rom).hexdigest()}\n" for rom in hashed))
        (folder / "data.json").write_text('{"info": {}}')
        (folder / "scenario.json").write_text('{"reward": {}, "done": {}}')
        if metadata is not None:
            (folder / "metadata.json").write_text(json.dumps(metadata))
        for file_name, content in (files or {}).items():
            (folder / file_name).write_bytes(content)
        return folder

    return make


@pytest.fixture(scope="session")
def airstriker() -> bytes:
    """The real ROM of Airstriker, which stable-retro ships; 119,580 bytes."""
    return (stable_retro_folder() / "data/stable/Airstriker-Genesis-v0/rom.md").read_bytes()


@pytest.fixture
def noise() -> bytes:
    """64 KiB that no console knows and that end in no padding."""
    return random.Random(7).randbytes(65535) + b"\x5a"


@pytest.fixture(scope="session")
def dump() -> SimpleNamespace:
    """Makers of files with the header of a console around made-up contents: ``dump.nes()``."""
    makers = (mega_drive, nes, game_boy, game_boy_advance, super_nintendo, master_system, nintendo_64, nintendo_ds)
    return SimpleNamespace(**{maker.__name__: maker for maker in makers})


def contents(size: int, seed: int = 1) -> bytearray:
    return bytearray(random.Random(seed).randbytes(size - 1) + b"\x5a")


def mega_drive(
    title: bytes = b"SOME GAME", size: int = 65536, region: bytes = b"E", system: bytes = b"SEGA GENESIS"
) -> bytes:
    rom = contents(size)
    rom[0x100:0x110] = system.ljust(16)
    rom[0x120:0x150] = b"DOMESTIC".ljust(48)
    rom[0x150:0x180] = title.ljust(48)
    rom[0x180:0x18E] = b"GM 12345678-00"
    rom[0x1A0:0x1A8] = bytes(4) + (size - 1).to_bytes(4, "big")
    rom[0x1F0:0x200] = region.ljust(16)
    return bytes(rom)


def nes(program: int = 2, pictures: int = 1) -> bytes:
    body = contents(program * 16384 + pictures * 8192)
    return b"NES\x1a" + bytes([program, pictures]) + bytes(10) + bytes(body)


def game_boy(title: bytes = b"POCKET GAME", colour: int = 0) -> bytes:
    rom = contents(0x8000)
    rom[0x104:0x10C] = bytes.fromhex("ceed6666cc0d000b")
    rom[0x134:0x144] = title.ljust(16, b"\0")
    rom[0x143] = colour
    rom[0x148], rom[0x14A] = 0, 1
    return bytes(rom)


def game_boy_advance(title: bytes = b"ADVANCE", code: bytes = b"AGBP") -> bytes:
    rom = contents(0x1000)
    rom[4:8] = bytes.fromhex("24ffae51")
    rom[0xA0:0xAC] = title.ljust(12, b"\0")
    rom[0xAC:0xB0] = code
    rom[0xB2] = 0x96
    return bytes(rom)


def super_nintendo(title: bytes = b"SUPER GAME", offset: int = 0x7FC0, region: int = 1) -> bytes:
    rom = contents(0x20000)
    rom[offset : offset + 21] = title.ljust(21)
    rom[offset + 0x19] = region
    rom[offset + 0x1C : offset + 0x20] = (0x1234 ^ 0xFFFF).to_bytes(2, "little") + (0x1234).to_bytes(2, "little")
    return bytes(rom)


def master_system(region: int = 4) -> bytes:
    rom = contents(0x8000)
    rom[0x7FF0:0x7FF8] = b"TMR SEGA"
    rom[0x7FFC:0x8000] = bytes([0x34, 0x12, 0x00, region << 4 | 0xC])
    return bytes(rom)


def nintendo_64(title: bytes = b"BIG GAME", code: bytes = b"NABP") -> bytes:
    rom = contents(0x10000)
    rom[:4] = bytes.fromhex("80371240")
    rom[0x20:0x34] = title.ljust(20)
    rom[0x3B:0x3F] = code
    return bytes(rom)


def nintendo_ds(title: bytes = b"DUAL", code: bytes = b"ADSJ") -> bytes:
    rom = contents(0x4000)
    rom[:0x10] = title.ljust(12, b"\0") + code
    rom[0x15C:0x15E] = b"\x56\xcf"
    return bytes(rom)
