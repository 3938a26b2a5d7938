"""What is wrong from outside is refused in a sentence."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from newgameplus.emulator.compiled import in_words
from newgameplus.emulator.cores import Core, console_named, core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.errors import EmulatorError, RomError, UsageError
from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import Level

from .faulty import console, library

GENESIS = core_of(console_named("Genesis"))


@pytest.fixture
def rom() -> Path:
    return find_game("Airstriker-Genesis-v0").rom()


@pytest.fixture
def emulator(rom: Path) -> NativeEmulator:
    return NativeEmulator(rom, GENESIS)


def is_a_sentence(error: pytest.ExceptionInfo[Exception]) -> bool:
    return re.fullmatch(r"[A-Z0-9/][^\n]*[.?]", str(error.value)) is not None


def test_an_unknown_option_is_answered_with_those_that_there_are(rom: Path) -> None:
    with pytest.raises(EmulatorError, match=r"has no option colour; it has: .*genesis_plus_gx_bram, ") as error:
        NativeEmulator(rom, GENESIS, {"colour": "blue"})
    assert is_a_sentence(error)


def test_an_unknown_value_of_an_option_is_answered_with_those_that_it_can_have(rom: Path) -> None:
    with pytest.raises(EmulatorError, match="cannot be sometimes; it can be: per bios, per game") as error:
        NativeEmulator(rom, GENESIS, {"genesis_plus_gx_bram": "sometimes"})
    assert is_a_sentence(error)


@pytest.mark.parametrize("console_name", ["Nes", "Atari2600", "GameBoy", "GbAdvance"])
def test_a_rom_of_another_console_is_refused(rom: Path, console_name: str) -> None:
    with pytest.raises(EmulatorError, match=rf"refuses the ROM {re.escape(str(rom))}; is it a game") as error:
        NativeEmulator(rom, core_of(console_named(console_name)))
    assert is_a_sentence(error)


def test_a_core_that_takes_any_rom_runs_it(rom: Path) -> None:
    emulator = NativeEmulator(rom, core_of(console_named("Snes")))
    emulator.step()
    assert emulator.screen().shape[2] == 3


def test_a_core_that_refuses_a_rom_says_so() -> None:
    with pytest.raises(EmulatorError, match=r"refuses the ROM /games/faulty\.rom; is it a game") as error, in_words():
        console("R")
    assert is_a_sentence(error)


def test_a_rom_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RomError, match=r"absent\.md cannot be read"):
        NativeEmulator(tmp_path / "absent.md", GENESIS)


def test_a_core_without_an_entry_point_is_named(rom: Path) -> None:
    incomplete = Core("incomplete", GENESIS.console, library("retro_run=retro_walk"))
    with pytest.raises(EmulatorError, match="is not a libretro core: it has no entry point retro_run") as error:
        NativeEmulator(rom, incomplete)
    assert is_a_sentence(error)


@pytest.mark.parametrize("content", [b"", b"no library", b"\x7fELF" + bytes(100)])
def test_a_core_that_is_no_library_is_named(rom: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong_libretro.so"
    path.write_bytes(content)
    with pytest.raises(EmulatorError, match="cannot be loaded") as error:
        NativeEmulator(rom, Core("wrong", GENESIS.console, path))
    assert is_a_sentence(error)


def test_a_core_that_is_not_there_is_named(rom: Path, tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"absent_libretro\.so cannot be read"):
        NativeEmulator(rom, Core("absent", GENESIS.console, tmp_path / "absent_libretro.so"))


@pytest.mark.parametrize("damage", [lambda state: b"", lambda state: state[:100], lambda state: b"x" * 1000])
def test_a_state_that_is_cut_short_or_foreign_is_refused(
    emulator: NativeEmulator, damage: Callable[[bytes], bytes]
) -> None:
    state = emulator.save()
    with pytest.raises(EmulatorError, match="refuses a state") as error:
        emulator.load(damage(state))
    assert is_a_sentence(error)
    emulator.load(state)
    emulator.step()


def test_a_state_of_another_core_is_refused(rom: Path, emulator: NativeEmulator) -> None:
    other = NativeEmulator(rom, core_of(console_named("Genesis"), "picodrive"))
    with pytest.raises(EmulatorError, match="refuses a state"):
        other.load(emulator.save())


def test_a_level_whose_start_state_is_damaged_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    original, folder = find_game(level.game), tmp_path / "Cut-Genesis-v0"
    folder.mkdir()
    for name in ("data.json", "scenario.json", "metadata.json"):
        source = original.file(name)
        assert source is not None
        (folder / name).write_bytes(source.read_bytes())
    (folder / "rom.md").write_bytes(original.rom().read_bytes())
    (folder / "Level1.state").write_bytes(gzip.compress(b"GENPLUS-GX 1.7.5" + bytes(100)))
    monkeypatch.setenv("NGP_GAMES", str(tmp_path))
    with pytest.raises(EmulatorError, match="refuses a state of 116 bytes"):
        RetroVecEnv([Level("Cut-Genesis-v0", "Level1", "scenario")])


def test_more_consoles_than_memory_are_refused_before_any_is_made(level: Level) -> None:
    with pytest.raises((EmulatorError, UsageError), match="memory") as error:
        RetroVecEnv([level] * 1_000_000)
    assert is_a_sentence(error)
