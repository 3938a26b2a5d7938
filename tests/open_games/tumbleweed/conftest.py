"""Hand-made levels, packed behind the real program and played button by button."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from newgameplus.emulator.cores import console_named, core_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.games.integration import Integration
from newgameplus.games.native_scenario import NativeScenario
from newgameplus.open_games.game_folder import bundled_base
from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import pack_levels

MODE_TITLE, MODE_PLAY = 1, 2
BOOT_FRAMES, LOAD_FRAMES, FALL_FRAMES = 60, 60, 60
"""Longest times to the title, from there to the level, and until the tumbleweed stands."""

Values = dict[str, int]


class Play:
    """One level under way; ``now`` are the game's variables after the last frame."""

    def __init__(self, rom: Path) -> None:
        self.emulator = NativeEmulator(rom, core_of(console_named("Genesis"), TUMBLEWEED.fast_core))
        self._scenario = NativeScenario(self.emulator, Integration(TUMBLEWEED.name, (TUMBLEWEED.folder,)), "scenario")
        self._scenario.reset()
        self.now: Values = {}
        self.hold("", BOOT_FRAMES, until=lambda now: now["mode"] == MODE_TITLE)
        self.poke("request", 1)
        self.hold("", LOAD_FRAMES, until=lambda now: now["mode"] == MODE_PLAY and not now["request"])
        self.hold("", FALL_FRAMES, until=lambda now: bool(now["is_grounded"]))

    def hold(self, buttons: str, frames: int = 1, until: Callable[[Values], bool] = lambda _: False) -> Values:
        """Hold buttons, such as ``"RIGHT B"``, for some frames or until something is so; return ``now``."""
        names = self.emulator.core.console.buttons
        mask = sum(1 << names.index(name) for name in buttons.split())
        for _ in range(frames):
            self.emulator.step((mask,), is_drawn=False)
            self._scenario.judge()
            self.now = self._scenario.variables()
            if until(self.now):
                break
        return self.now

    def charge(self, presses: int, toward: str = "RIGHT") -> Values:
        """Stand still, look to one side, crouch, charge, and let go; returns the first frame of the roll."""
        self.hold("", 120, until=lambda now: now["ground_speed"] == 0)
        self.hold(toward)
        self.hold("DOWN", 2)
        for _ in range(presses):
            self.hold("DOWN B")
            self.hold("DOWN")
        return self.hold("")

    def poke(self, name: str, value: int) -> None:
        """Write one of the game's variables; it is read in the next frame."""
        self._scenario.set_variable(name, value)


@pytest.fixture(scope="session")
def program() -> bytes:
    """The program of the game that is shipped."""
    return bundled_base(TUMBLEWEED)


@pytest.fixture
def play(program: bytes, tmp_path: Path) -> Iterator[Callable[..., Play]]:
    """Begins a level, at a place if one is named, and waits until the tumbleweed stands."""
    begun: list[Play] = []

    def begin(sketch: Sketch, start: tuple[int, int] | None = None) -> Play:
        rom = tmp_path / f"level_{len(begun)}.md"
        rom.write_bytes(pack_levels(program, [sketch.finish(start)]))
        begun.append(Play(rom))
        return begun[-1]

    yield begin
    for one in begun:
        one.emulator.close()
