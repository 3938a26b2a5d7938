"""Tumbleweed's tunes: every zone plays its own, and their texts are checked before they are built in."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from newgameplus.emulator.cores import core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.catalogue import find_game
from newgameplus.games.integration import Integration
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES
from newgameplus.types import Array

SOUND = Path(__file__).parents[3] / "games" / "tumbleweed" / "sound"
CORE = "picodrive"
NUM_FRAMES = 240
LONG_NOTE = 12
"""Frames; of shorter notes the pitch is not looked for."""
FULL_SCALE = 32767


@pytest.fixture(scope="module")
def maker() -> Iterator[ModuleType]:
    """The program that turns the texts into tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SOUND))
        yield importlib.import_module("make_tunes")


@pytest.fixture(scope="module")
def game() -> Integration:
    return find_game("Tumbleweed-Genesis-v0")


def frames_of_sound(game: Integration, zone: str) -> tuple[list[Array], int, float]:
    """What is heard while the player stands at a level's start, the level's clock before it, and the rate in Hz."""
    start = next(name for name in game.states if name.startswith(f"{zone}."))
    emulator = NativeEmulator(game.rom(), core_of(game.console, CORE), has_sound=True)
    try:
        emulator.load(game.state(start, CORE))
        (memory,) = emulator.memory().values()
        clock = game.variables["clock"]["address"] & 0xFFFF
        heard = []
        for _ in range(NUM_FRAMES):
            emulator.step(is_drawn=False)
            heard.append(emulator.audio()[:, 0].astype(float))
        return heard, int.from_bytes(memory[clock : clock + 2], "little"), emulator.samples_per_second
    finally:
        emulator.close()


def stands_out(sound: Array, rate: float, hertz: float) -> bool:
    """Whether a pitch is much louder than those around it."""
    spectrum = np.abs(np.fft.rfft((sound - sound.mean()) * np.hanning(len(sound)), 1 << 15))
    ratio = np.fft.rfftfreq(1 << 15, 1 / rate) / hertz
    peak = spectrum[(ratio > 0.985) & (ratio < 1.015)].max()
    return bool(peak > 2.5 * np.median(spectrum[(ratio > 0.85) & (ratio < 1.18)]))


@pytest.mark.parametrize("zone", ZONE_NAMES)
def test_the_notes_of_the_zones_tune_are_heard_and_nothing_is_too_loud(
    maker: ModuleType, game: Integration, zone: str
) -> None:
    heard, clock, rate = frames_of_sound(game, zone)
    assert 500 < np.abs(np.concatenate(heard)).max() < FULL_SCALE / 4
    tune = maker.TUNES[ZONE_NAMES.index(zone)]
    events = maker.events(tune.voices[0], tune)
    assert tune.name == zone
    begin, num_heard = -clock, 0
    for note, length in zip(events[:-1:3], events[1:-1:3], strict=True):
        end = begin + length
        if begin >= 0 and end < NUM_FRAMES and length >= LONG_NOTE and note != maker.REST:
            hertz = 440 * 2 ** ((note + maker.LOWEST_NOTE - 69) / 12)
            assert stands_out(np.concatenate(heard[begin + 1 : end]), rate, hertz), f"note at frame {begin}"
            num_heard += 1
        begin = end
    assert num_heard >= 3


@pytest.mark.parametrize(
    ("notes", "sentence"),
    [
        ("c5:8 | d5:7", "bar 2 is not 8 ticks long: d5:7"),
        ("h5:8", "'h5' is no note"),
        ("g2:8", "'g2' is no note from a2 to c7"),
    ],
)
def test_a_wrong_note_or_bar_is_named(maker: ModuleType, notes: str, sentence: str) -> None:
    tune = maker.TUNES[0]
    with pytest.raises(SystemExit, match=sentence):
        maker.events(maker.Voice(notes, "reed"), tune)
