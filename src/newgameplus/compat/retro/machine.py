"""stable-retro's ``RetroEmulator``, which environments have as ``em``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.emulator.backends import open_emulator
from newgameplus.emulator.cores import console_of_rom, core_of
from newgameplus.emulator.interface import Emulator
from newgameplus.errors import EmulatorError
from newgameplus.types import Array

MAX_PLAYERS = 8
"""Largest number of players whose buttons can be held."""


class RetroEmulator:
    """A console with a game, frame by frame.

    Args:
        rom_path: path of the ROM; its extension selects the core.
        emulator: the machine, if it is open already.

    Raises:
        RomError: the ROM cannot be read, or the core refuses it.
        EmulatorError: the core cannot be loaded.
    """

    def __init__(self, rom_path: str, emulator: Emulator | None = None) -> None:
        path = Path(rom_path)
        self.emulator = emulator or open_emulator(path, core_of(console_of_rom(path)), has_sound=True)
        self._masks = [0] * MAX_PLAYERS

    def step(self) -> None:
        """Run one frame."""
        self.emulator.step(tuple(self._masks))

    def set_button_mask(self, mask: Any, player: int = 0) -> None:
        """Hold the buttons of a player that are not 0 in ``mask``, one number per button."""
        self._masks[player] = sum(1 << bit for bit, is_held in enumerate(np.asarray(mask).tolist()) if is_held)

    def get_state(self) -> bytes:
        """Serialise the machine state."""
        return self.emulator.save()

    def set_state(self, state: bytes) -> bool:
        """Restore a state; return whether the core took it."""
        try:
            self.emulator.load(bytes(state))
        except EmulatorError:
            return False
        return True

    def get_screen(self) -> Array:
        """Picture last drawn, uint8 ``[H, W, 3]``, upright."""
        return self.emulator.screen()

    def get_screen_rate(self) -> float:
        """Frames per second."""
        return self.emulator.frames_per_second

    def get_resolution(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        height, width = self.get_screen().shape[:2]
        return width, height

    def get_rotation(self) -> int:
        """Quarter turns that make the picture upright: none, as it is so already."""
        return 0

    def get_audio(self) -> Array:
        """Sound of the last frame, int16 ``[samples, 2]``."""
        return self.emulator.audio()

    def get_audio_rate(self) -> float:
        """Sample rate of the sound in Hz."""
        return self.emulator.samples_per_second

    def configure_data(self, data: object) -> None:
        """Do nothing: an environment's data see its machine from the beginning."""
