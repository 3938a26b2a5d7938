"""The engine equals stable-retro on every console that we have a ROM for, in picture, sound and memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator
from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.types import Array

from . import tiny_roms
from .play import course

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "engine.md"
NUM_FRAMES = 60


@dataclass(frozen=True)
class Case:
    """A program on a console, and what of it equals the reference."""

    what: str
    """As the guide calls it."""
    console: str
    rom: bytes
    size: tuple[int, int]
    """Height and width of the engine's picture: those of the picture that the core draws."""
    reference_size: tuple[int, int] | None = None
    """What stable-retro shows instead; None for the same."""
    unset_memory: range = range(0)
    """Addresses that the core leaves as the process's memory happens to be, until the program writes them."""
    sound: Literal["equal", "not tested"] = "equal"

    def row(self) -> str:
        """The case's row of the guide's table."""
        size, other = ("{} × {}".format(*sides) for sides in (self.size, self.reference_size or self.size))
        picture = "equal" if size == other else f"stable-retro shows {other}"
        core = console_named(self.console).core
        return f"| {self.what} | {core} | {size} | {picture} | {self.sound} | equal |"


CASES = [
    Case("Atari 2600", "Atari2600", tiny_roms.atari_2600(), (210, 160)),
    Case("NES", "Nes", tiny_roms.nes(), (224, 240), unset_memory=range(0x6000, 0x8000)),
    Case("SNES", "Snes", tiny_roms.super_nintendo(), (224, 256)),
    Case("Game Boy", "GameBoy", tiny_roms.game_boy(), (144, 160)),
    Case("Game Boy Color", "GbColor", tiny_roms.game_boy(has_colour=True), (144, 160)),
    Case("Game Boy Advance", "GbAdvance", tiny_roms.game_boy_advance(), (160, 240)),
    Case("Nintendo DS, the lower screen", "NintendoDs", tiny_roms.nintendo_ds(), (192, 256), sound="not tested"),
    Case("Mega Drive, 320 columns", "Genesis", tiny_roms.mega_drive(), (224, 320)),
    Case("Mega Drive, 256 columns", "Genesis", tiny_roms.mega_drive(has_320_columns=False), (224, 256), (224, 320)),
    Case(
        "Mega Drive, PAL with 240 lines",
        "Genesis",
        tiny_roms.mega_drive(region=b"E", has_240_lines=True),
        (240, 320),
        (224, 320),
    ),
    Case("Master System", "Sms", tiny_roms.master_system(), (192, 256)),
    Case("Game Gear", "GameGear", tiny_roms.master_system(), (144, 160)),
    Case("PC Engine", "PCEngine", tiny_roms.pc_engine(), (243, 256), (242, 256)),
]


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.what for case in cases])


@pytest.fixture
def both(case: Case, tmp_path: Path) -> Iterator[tuple[Emulator, Emulator]]:
    """The case's program, just switched on, on the engine and on the reference."""
    console = console_named(case.console)
    rom = tmp_path / f"rom.{console.extensions[0]}"
    rom.write_bytes(case.rom)
    with (
        closing(NativeEmulator(rom, core_of(console), has_sound=True)) as engine,
        closing(ReferenceEmulator(rom)) as reference,
    ):
        yield engine, reference


@each(CASES)
def test_every_frame_after_power_on_equals_the_reference(case: Case, both: tuple[Emulator, Emulator]) -> None:
    seen = set()
    for frame in range(NUM_FRAMES):
        for emulator in both:
            emulator.step((frame // 4, frame // 2))  # every button of the pad, and the bits that are none
        assert_equal(case, *both, but=case.unset_memory if frame < 8 else range(0))
        seen.add(both[0].screen().tobytes())
    assert len(seen) > NUM_FRAMES / 2


@each(CASES)
def test_every_frame_after_a_state_equals_the_reference(case: Case, both: tuple[Emulator, Emulator]) -> None:
    engine, reference = both
    plan, other = (course(NUM_FRAMES, len(engine.core.console.buttons), seed) for seed in (20, 21))
    heard, saved = set(), reference.save()
    for emulator in both:
        emulator.load(saved)
    for step, (buttons, others) in enumerate(zip(plan.buttons, other.buttons, strict=True)):
        if step in plan.saves:
            saved = engine.save()
        if step in plan.loads:
            for emulator in both:
                emulator.load(saved)
        for emulator in both:
            emulator.step((mask_of(buttons), mask_of(others)))
        assert_equal(case, engine, reference)
        heard.add(engine.audio().tobytes())
    assert len(heard) > NUM_FRAMES / 2 or case.sound == "not tested"


def assert_equal(case: Case, engine: Emulator, reference: Emulator, but: range = range(0)) -> None:
    ours, theirs = engine.screen(), reference.screen()
    assert ours.shape[:2] == case.size
    assert theirs.shape[:2] == (case.reference_size or case.size)
    height, width = (min(sides) for sides in zip(case.size, theirs.shape, strict=False))
    assert np.array_equal(ours[:height, :width], theirs[:height, :width])
    assert np.array_equal(engine.audio(), reference.audio())
    assert memory_of(engine, but) == memory_of(reference, but)


def memory_of(emulator: Emulator, but: range) -> dict[int, bytes]:
    return {address: block for address, block in emulator.memory().items() if address not in but}


def mask_of(buttons: Array) -> int:
    return sum(1 << bit for bit, is_held in enumerate(buttons) if is_held)


@each(CASES)
def test_the_guide_lists_what_was_compared(case: Case) -> None:
    assert case.row() in GUIDE.read_text().splitlines()


def test_picodrive_always_begins_in_the_same_way(tmp_path: Path) -> None:
    rom = tmp_path / "rom.md"
    rom.write_bytes(tiny_roms.mega_drive())
    core = core_of(console_named("Genesis"), "picodrive")
    states = set()
    for _ in range(4):
        with closing(NativeEmulator(rom, core)) as emulator:
            states.add(emulator.save())
    assert len(states) == 1
