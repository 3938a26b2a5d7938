"""The engine's emulator: any number of consoles in one process, each with a private copy of its core."""

from __future__ import annotations

import functools
import hashlib
import importlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from newgameplus.emulator.cores import BEFORE_STATE, REFERENCE_OPTIONS, SPEED_OPTIONS, Core
from newgameplus.errors import EmulatorError, IntegrationError, RomError
from newgameplus.types import Array


@functools.cache
def engine() -> ModuleType | None:
    """The compiled engine, or None where it was not built."""
    try:
        return importlib.import_module("newgameplus._engine")
    except ImportError:
        return None


def required_engine() -> Any:  # a compiled module without stubs
    """The compiled engine.

    Raises:
        EmulatorError: it was not built.
    """
    module = engine()
    if module is None:
        raise EmulatorError(
            "The native engine is not built here: install a C++ compiler and run pip install again, "
            "or use the reference backend."
        )
    return module


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the engine's errors into ours."""
    try:
        yield
    except required_engine().ScriptError as error:
        raise IntegrationError(str(error)) from error
    except required_engine().EngineError as error:
        raise EmulatorError(str(error)) from error


def core_spec(core: Core, rom: Path, options: Mapping[str, str] | None = None, *, has_sound: bool = False) -> Any:
    """Describe to the engine which core a console runs on, and how.

    Args:
        core: the core.
        rom: the game's file.
        options: core options beyond the usual ones.
        has_sound: whether somebody listens; if not, options that make a core faster at the cost of its sound are set.
    """
    chosen = dict(REFERENCE_OPTIONS.get(core.name, {}))
    if not has_sound:
        chosen |= SPEED_OPTIONS.get(core.name, {})
    return required_engine().CoreSpec(
        library=str(core.path),
        rom_path=str(rom),
        system_folder=str(_system_folder(core.path.parent)),
        options=chosen | dict(options or {}),
        ram_address=core.console.ram_address,
        before_state=BEFORE_STATE.get(core.name, "nothing"),
    )


def read_rom(rom: Path) -> bytes:
    """Return the ROM's bytes.

    Raises:
        RomError: it is not there or cannot be read.
    """
    try:
        return rom.read_bytes()
    except OSError as error:
        raise RomError(f"The ROM {rom} cannot be read: {error.strerror}.") from error


def fingerprint(core: Core, rom: bytes) -> str:
    """What a machine state belongs to: one build of a core and one ROM."""
    return f"{core.sha256}:{hashlib.sha256(rom).hexdigest()}"


class NativeEmulator:
    """An :class:`~newgameplus.emulator.interface.Emulator` on the engine.

    Args:
        rom: the game.
        core: the core that plays it.
        options: core options beyond the usual ones.
        has_sound: whether :meth:`audio` will be asked for; sound costs time.

    Raises:
        EmulatorError: the core cannot be loaded, refuses the ROM, or has no such option.
        RomError: the ROM cannot be read.
    """

    def __init__(
        self, rom: Path, core: Core, options: Mapping[str, str] | None = None, *, has_sound: bool = False
    ) -> None:
        module = required_engine()
        self.core = core
        with in_words():
            self.console: Any = module.Console(
                core_spec(core, rom, options, has_sound=has_sound), module.Blob(read_rom(rom))
            )
            self.console.keep_audio(has_sound)
            self.console.run([0], True)

    @property
    def frames_per_second(self) -> float:
        """Frames that the console shows per second, about 60."""
        return float(self.console.frames_per_second)

    @property
    def samples_per_second(self) -> float:
        """Rate of the sound in Hz."""
        return float(self.console.samples_per_second)

    def step(self, masks: Sequence[int] = (0,), *, is_drawn: bool = True) -> None:
        """Run one frame while player ``p`` holds ``masks[p]``."""
        self.console.run(masks, is_drawn)

    def screen(self) -> Array:
        """The picture last drawn, uint8 ``[H, W, 3]``, RGB, turned upright."""
        picture: Array = self.console.screen()
        return picture

    def audio(self) -> Array:
        """The sound of the last frame, int16 ``[samples, 2]``; empty unless sound was asked for."""
        sound: Array = self.console.audio()
        return sound

    def memory(self) -> Mapping[int, bytes]:
        """The console's memory now: address of each block to its bytes, in host order."""
        return dict(self.console.memory())

    def save(self) -> bytes:
        """The whole machine as bytes that ``load`` takes back."""
        with in_words():
            return bytes(self.console.save())

    def load(self, state: bytes) -> None:
        """Put the machine back.

        Raises:
            EmulatorError: the core refuses the state, or does not come back from it.
        """
        with in_words():
            self.console.load(state)

    def close(self) -> None:
        """Free the machine."""
        self.console = None


@functools.cache
def _system_folder(cores: Path) -> Path:
    """Where cores look for firmware; a core that writes there must not write into the package."""
    del cores
    return Path(tempfile.gettempdir())
