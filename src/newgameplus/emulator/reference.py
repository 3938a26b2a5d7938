"""Emulator backend on stable-retro's own binding (the reference): one console per process."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from newgameplus.emulator.cores import console_of_rom, core_of
from newgameplus.emulator.interface import CLOSED, NO_COPY
from newgameplus.errors import EmulatorError, RomError
from newgameplus.types import Array


class ReferenceEmulator:
    """An :class:`~newgameplus.emulator.interface.Emulator` on stable-retro's ``RetroEmulator``.

    Libretro cores keep their state in globals, so stable-retro allows one emulator per process; :meth:`close` makes
    room for the next.

    Args:
        rom: path of the ROM; its file name extension selects the core.

    Raises:
        EmulatorError: another emulator is open in this process, or the core cannot be loaded.
        RomError: the core refuses the ROM.
    """

    def __init__(self, rom: Path) -> None:
        from stable_retro import RetroEmulator
        from stable_retro.data import GameData

        if not rom.is_file():
            raise RomError(f"The ROM {rom} is not there.")
        self.core = core_of(console_of_rom(rom))
        gc.collect()
        try:
            self._open_machine: Any = RetroEmulator(str(rom))
        except RuntimeError as error:
            raise _refusal(error, rom) from error
        self.data: Any = GameData()
        """stable-retro's view of the memory, which evaluates variables and scenarios."""
        self._machine.configure_data(self.data)
        self._num_buttons = len(self.core.console.buttons)
        self._masks: dict[int, Array] = {}
        self._machine.step()

    @property
    def _machine(self) -> Any:
        if self._open_machine is None:
            raise EmulatorError(CLOSED)
        return self._open_machine

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console, about 60."""
        return float(self._machine.get_screen_rate())

    @property
    def samples_per_second(self) -> float:
        """Sample rate of the sound in Hz."""
        return float(self._machine.get_audio_rate())

    def step(self, masks: Sequence[int] = (0,), *, is_drawn: bool = True) -> None:
        """Run one frame while player ``p`` holds ``masks[p]``."""
        for player, mask in enumerate(masks):
            self._machine.set_button_mask(self._array_of(mask), player)
        self._machine.step()

    def screen(self) -> Array:
        """Current picture, uint8 ``[H, W, 3]``, RGB, rotated upright."""
        picture: Array = self._machine.get_screen()
        turns = int(self._machine.get_rotation()) % 4
        return picture if turns == 0 else np.ascontiguousarray(np.rot90(picture, turns))

    def audio(self) -> Array:
        """Sound of the last frame, int16 ``[samples, 2]``."""
        sound: Array = self._machine.get_audio()
        return sound

    def memory(self) -> Mapping[int, bytes]:
        """Current memory of the console: address of each block to its bytes, in host byte order.

        stable-retro exposes the machine's own memory here. Do not call its ``update_ram`` for this: it evaluates one
        more frame, which advances the scenario's clock and scripts.
        """
        if self.data is None:
            raise EmulatorError(CLOSED)
        blocks = self.data.memory.blocks
        return {address: bytes(blocks[address]) for address in sorted(blocks)}

    def save(self) -> bytes:
        """Serialise the machine state."""
        return bytes(self._machine.get_state())

    def load(self, state: bytes) -> None:
        """Restore a state from :meth:`save`.

        Raises:
            EmulatorError: the core refuses the state.
        """
        if not self._machine.set_state(state):
            raise EmulatorError(
                f"The core {self.core.name} refuses a state of {len(state)} bytes; "
                "it was made by another core build or is cut short."
            )

    def close(self) -> None:
        """Free the machine and the process's single emulator slot."""
        self._open_machine = None
        self.data = None
        gc.collect()

    def __getstate__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise EmulatorError(NO_COPY)

    def _array_of(self, mask: int) -> Array:
        array = self._masks.get(mask)
        if array is None:
            held = mask & self.core.console.button_mask
            array = np.array([held >> bit & 1 for bit in range(self._num_buttons)], np.uint8)
            self._masks[mask] = array
        return array


def _refusal(error: RuntimeError, rom: Path) -> EmulatorError | RomError:
    if "multiple emulator" in str(error).lower():
        return EmulatorError(
            "Another emulator runs in this process, and stable-retro allows one: close the other environment first, "
            "or run each in a process of its own (newgameplus.envs.vector.make_vector does)."
        )
    return RomError(f"The core cannot run {rom}: {error}.")
