"""Emulator backend on the compiled engine: any number of consoles per process, each with a private copy of its core."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from newgameplus.emulator.compiled import in_words, required_engine
from newgameplus.emulator.cores import (
    BEFORE_STATE,
    RANDOM_AT_POWER_ON,
    REFERENCE_OPTIONS,
    SPEED_OPTIONS,
    BeforeState,
    Core,
)
from newgameplus.emulator.firmware import system_folder
from newgameplus.emulator.interface import CLOSED, NO_COPY
from newgameplus.errors import EmulatorError, RomError
from newgameplus.types import Array

if TYPE_CHECKING:
    from newgameplus._engine import Console, CoreSpec


def core_spec(
    core: Core,
    rom: Path,
    options: Mapping[str, str] | None = None,
    *,
    has_sound: bool = False,
    before_state: BeforeState | None = None,
) -> CoreSpec:
    """Core specification for the engine.

    Args:
        core: the core.
        rom: path of the ROM.
        options: core options to set besides the default ones.
        has_sound: whether sound will be read; if not, options that trade sound for speed are set.
        before_state: what is done before a state is loaded; None for what the core needs (``BEFORE_STATE``).
    """
    speed = {} if has_sound else SPEED_OPTIONS.get(core.name, {})
    return required_engine().CoreSpec(
        library=str(core.path),
        rom_path=str(rom),
        system_folder=str(system_folder(core.path.parent)),
        options=dict(speed) | lasting_options(core, options),
        ram_address=core.console.ram_address,
        before_state=before_state or BEFORE_STATE.get(core.name, "nothing"),
        button_mask=core.console.button_mask,
        random_part=RANDOM_AT_POWER_ON.get((core.name, core.console.name), (0, 0)),
    )


def lasting_options(core: Core, options: Mapping[str, str] | None = None) -> dict[str, str]:
    """Core options that decide what happens in a game; those that only make the core faster are not among them.

    Args:
        core: the core.
        options: core options to set besides the default ones.
    """
    return {**REFERENCE_OPTIONS.get(core.name, {}), **(options or {})}


def read_rom(rom: Path) -> bytes:
    """Return the ROM's bytes.

    Raises:
        RomError: the file does not exist or cannot be read.
    """
    try:
        return rom.read_bytes()
    except OSError as error:
        raise RomError(f"The ROM {rom} cannot be read: {error.strerror}.") from error


def fingerprint(core: Core, rom: bytes) -> str:
    """Identifier that a machine state is tied to: one core build and one ROM."""
    return f"{core.sha256}:{hashlib.sha256(rom).hexdigest()}"


class NativeEmulator:
    """An :class:`~newgameplus.emulator.interface.Emulator` on the engine.

    Args:
        rom: path of the ROM.
        core: the core that runs it.
        options: core options to set besides the default ones.
        has_sound: whether :meth:`audio` will be called; sound costs time.

    Raises:
        EmulatorError: the core cannot be loaded, refuses the ROM, or has no such option.
        RomError: the ROM cannot be read.
    """

    def __init__(
        self, rom: Path, core: Core, options: Mapping[str, str] | None = None, *, has_sound: bool = False
    ) -> None:
        module = required_engine()
        self.core = core
        self._errors: type[Exception] = module.EngineError
        with in_words():
            self._console: Console | None = module.Console(
                core_spec(core, rom, options, has_sound=has_sound), module.Blob(read_rom(rom))
            )
            self._console.keep_audio(has_sound)
            self._console.warm_up()

    @property
    def console(self) -> Console:
        """The engine's console.

        Raises:
            EmulatorError: it is closed.
        """
        if self._console is None:
            raise EmulatorError(CLOSED)
        return self._console

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console, about 60."""
        return float(self.console.frames_per_second)

    @property
    def samples_per_second(self) -> float:
        """Sample rate of the sound in Hz."""
        return float(self.console.samples_per_second)

    def step(self, masks: Sequence[int] = (0,), *, is_drawn: bool = True) -> None:
        """Run one frame while player ``p`` holds ``masks[p]``.

        Raises:
            EmulatorError: the core gives up or does not come back, or another thread uses this console.
        """
        try:
            self.console.run(masks, is_drawn)
        except self._errors as error:
            raise EmulatorError(str(error)) from error

    def screen(self) -> Array:
        """Picture last drawn, uint8 ``[H, W, 3]``, RGB, rotated upright."""
        with in_words():
            return self.console.screen()

    def audio(self) -> Array:
        """Sound of the last frame, int16 ``[samples, 2]``; empty unless ``has_sound``."""
        with in_words():
            return self.console.audio()

    def memory(self) -> Mapping[int, bytes]:
        """Current memory of the console: address of each block to its bytes, in host byte order."""
        with in_words():
            return dict(self.console.memory())

    def save(self) -> bytes:
        """Serialise the machine state."""
        with in_words():
            return bytes(self.console.save())

    def load(self, state: bytes) -> None:
        """Restore a state from :meth:`save`.

        Raises:
            EmulatorError: the core refuses the state or does not survive loading it.
        """
        with in_words():
            self.console.load(state)

    def image(self) -> bytes:
        """Copy the machine state together with all that the core keeps in its own variables.

        Raises:
            EmulatorError: the core's variables cannot be found on this system.
        """
        with in_words():
            return self.console.image()

    def put_back(self, image: bytes) -> None:
        """Go back to an image; :meth:`load` ends the use of earlier ones on cores that it restarts.

        Raises:
            EmulatorError: the image is not of this console.
        """
        with in_words():
            self.console.put_back(image)

    def close(self) -> None:
        """Free the machine, once no thread is in it."""
        self._console = None

    def __getstate__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise EmulatorError(NO_COPY)
