"""Airstriker on picodrive, which is not its usual core and needs a start state of its own."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.catalogue import find_game
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level, find_level

NAME = "Pico-Genesis-v0"
LIVES = 0x25A
"""Where Airstriker's number of lives lies in the console's work memory."""


@pytest.fixture(scope="session")
def level() -> Level:
    """The only level whose ROM everybody has."""
    return find_level("Airstriker-Genesis-v0/Level1")


@pytest.fixture(scope="session")
def pico_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of games with one game, that names picodrive as its core."""
    root = tmp_path_factory.mktemp("games")
    folder, original = root / NAME, find_game("Airstriker-Genesis-v0")
    folder.mkdir()
    for name in ("data.json", "scenario.json", "rom.sha"):
        source = original.file(name)
        assert source is not None
        (folder / name).write_bytes(source.read_bytes())
    (folder / "rom.md").write_bytes(original.rom().read_bytes())
    (folder / "metadata.json").write_text(json.dumps({"core": "picodrive"}))
    (folder / "Start.state").write_bytes(gzip.compress(_state_at_the_start(folder / "rom.md"), 1))
    return root


def _state_at_the_start(rom: Path) -> bytes:
    """Press the buttons that lead from power-on into the game."""
    emulator = NativeEmulator(rom, core_of(console_named("Genesis"), "picodrive"))
    masks = [1 << emulator.core.console.buttons.index(name) for name in ("START", "A", "B", "C")]
    for frame in range(2000):
        emulator.step((masks[frame // 100 % 4] if frame % 100 > 90 else 0,), is_drawn=False)
        (memory,) = emulator.memory().values()
        if memory[LIVES]:
            state = emulator.save()
            emulator.close()
            return state
    raise AssertionError("The game did not begin.")


@pytest.fixture
def pico(pico_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Level:
    """Airstriker on picodrive, a core that leaves frames undrawn."""
    monkeypatch.setenv(GAMES_VARIABLE, str(pico_folder))
    return find_level(f"{NAME}/Start")


@pytest.fixture
def batch() -> Iterator[Callable[..., RetroVecEnv]]:
    """Makes batches and closes them at the end of the test."""
    made: list[RetroVecEnv] = []

    def make(*levels: Level, **keywords: Any) -> RetroVecEnv:
        made.append(RetroVecEnv(levels, **keywords))
        return made[-1]

    yield make
    for each in made:
        each.close()
