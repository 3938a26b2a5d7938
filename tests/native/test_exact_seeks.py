"""A frame that a film goes to is the one of straight play, in picture, memory, variables and reward, on every core."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.exactness import Keeping
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.folders import GAMES_VARIABLE, HOME_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.games.roms import Importer
from newgameplus.movies.bk2 import Movie, write_movie
from newgameplus.movies.playback import Playback
from newgameplus.session.film import Film
from newgameplus.session.session import Session

from . import tiny_roms
from .play import course

NUM_FRAMES = 150
NUM_SEEKS = pytest.mark.parametrize("num_seeks", [12, pytest.param(1000, marks=pytest.mark.nightly)])
DAILY = ("Nes", "GameBoy", "Sms")
"""Consoles among those of ``TINY`` that are not left to the night."""
TINY = {
    "Atari2600": tiny_roms.atari_2600,
    "Nes": tiny_roms.nes,
    "Snes": tiny_roms.super_nintendo,
    "GameBoy": tiny_roms.game_boy,
    "GbAdvance": tiny_roms.game_boy_advance,
    "NintendoDs": tiny_roms.nintendo_ds,
    "Sms": tiny_roms.master_system,
    "PCEngine": tiny_roms.pc_engine,
}
LEVELS = {
    "genesis_plus_gx": "Airstriker-Genesis-v0/Level1",
    "picodrive": "Tumbleweed-Genesis-v0/Mesa.Act1",
    "picodrive, a game that shows what its states leave out": "Pico-Genesis-v0/Start",
    "stella, a paddle": "Breakout-Atari2600-v0/Start",
    "stella, Lua": "Boxing-Atari2600-v0/Start",
}


@pytest.fixture(scope="module", autouse=True)
def _games(tmp_path_factory: pytest.TempPathFactory, pico_folder: Path) -> Iterator[None]:
    """The games of the tests: those of ALE, Airstriker on picodrive, and a program for each other console."""
    collection = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        patch.setenv(GAMES_VARIABLE, f"{pico_folder}:{collection}")
        for console, rom in TINY.items():
            write_tiny_game(collection, console, rom())
        importer = Importer(games())
        for path in ale_roms():
            list(importer.take(path))
        yield


def write_tiny_game(collection: Path, console: str, rom: bytes) -> None:
    folder = collection / f"Tiny-{console}-v0"
    folder.mkdir()
    path = folder / f"rom.{console_named(console).extensions[0]}"
    path.write_bytes(rom)
    (folder / "data.json").write_text(json.dumps({"info": {}}))
    (folder / "scenario.json").write_text("{}")
    with closing(NativeEmulator(path, core_of(console_named(console)))) as emulator:
        for _ in range(20):
            emulator.step()
        (folder / "Start.state").write_bytes(gzip.compress(emulator.save()))


def write_random_movie(path: Path, level_id: str) -> None:
    level = find_level(level_id)
    integration = level.integration
    console, core = integration.console, integration.core("native")
    held = course(NUM_FRAMES, len(console.buttons)).buttons
    masks = (held.astype(np.uint32) << np.arange(len(console.buttons), dtype=np.uint32)).sum(axis=1, dtype=np.uint32)
    state = integration.state(level.state, core.name)
    extra = {"core": {"name": core.name}, "scenario": level.scenario}
    write_movie(path, Movie(integration.name, console.name, state, console.buttons, masks[:, None], extra=extra))


def checksums(picture: np.ndarray, emulator: Emulator) -> tuple[int, int]:
    memory = b"".join(emulator.memory().values())
    return zlib.crc32(np.ascontiguousarray(picture).data), zlib.crc32(memory)


def assert_seeks_are_exact(path: Path, num_seeks: int) -> None:
    straight = []
    with Playback(path) as playback:
        for reward in playback.rewards():
            seen = checksums(playback.picture(), playback.emulator)
            straight.append((*seen, reward, playback.scenario.variables()))
    rng = random.Random(5)
    with Film(path) as film:
        for _ in range(num_seeks):
            frame = rng.randrange(film.num_frames)
            shown = film.show(frame)
            picture, memory = checksums(shown.picture, film.emulator)
            expected = straight[frame]
            assert picture == expected[0], frame
            if film.console_frame == frame:
                assert memory == expected[1], frame
            assert shown.reward == pytest.approx(expected[2], abs=1e-9)
            assert shown.variables == expected[3]
        assert film.returns[-1] == pytest.approx(sum(line[2] for line in straight[: film.num_surveyed]))


@NUM_SEEKS
@pytest.mark.parametrize("level", LEVELS.values(), ids=list(LEVELS))
def test_seeks_in_a_game_are_exact(level: str, num_seeks: int, tmp_path: Path) -> None:
    path = tmp_path / "movie.bk2"
    write_random_movie(path, level)
    assert_seeks_are_exact(path, num_seeks)


def write_tiny_movie(path: Path, console: str) -> Path:
    write_random_movie(path, f"Tiny-{console}-v0/Start")
    return path


@pytest.mark.parametrize("console", DAILY)
def test_seeks_on_another_console_are_exact(console: str, tmp_path: Path) -> None:
    assert_seeks_are_exact(write_tiny_movie(tmp_path / "movie.bk2", console), 12)


@pytest.mark.nightly
@pytest.mark.parametrize("console", TINY)
def test_many_seeks_on_another_console_are_exact(console: str, tmp_path: Path) -> None:
    assert_seeks_are_exact(write_tiny_movie(tmp_path / "movie.bk2", console), 100 if console == "NintendoDs" else 1000)


@pytest.mark.nightly
def test_seeks_in_a_whole_level_are_exact() -> None:
    path = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    assert path is not None
    assert_seeks_are_exact(path, 100)


def test_going_back_while_pause_is_held_is_exact() -> None:
    level = find_level("Tiny-Sms-v0/Start")
    pause = 1 << level.integration.console.buttons.index("PAUSE")
    session = Session(level)
    try:
        assert session.keeping is Keeping.STATES
        memories = [session.memory()]
        for frame in range(100):
            session.step(pause if 50 <= frame < 75 else 0)
            memories.append(session.memory())
        session.go_back(65)  # from the state after frame 60, on a console that was last run without the button
        assert session.memory() == memories[65]
    finally:
        session.close()
