"""The state of a machine that was just switched on, as the start of levels that have no state of their own."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from newgameplus.emulator.backends import open_emulator
from newgameplus.emulator.cores import Core
from newgameplus.errors import RomError


def power_on_state(rom: Path, core: Core, options: Mapping[str, str] | None = None) -> bytes:
    """Return the machine state before the first frame of a level from power-on.

    Args:
        rom: path of the ROM.
        core: the core that runs it.
        options: core options to set besides the default ones.

    Raises:
        EmulatorError: the core cannot be loaded, or, on the reference backend, another emulator is open in this
            process.
        RomError: the ROM cannot be read or is refused.
    """
    try:
        status = rom.stat()
    except OSError as error:
        raise RomError(f"The ROM {rom} cannot be read: {error.strerror}.") from error
    return _state(rom, core, tuple((options or {}).items()), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=16)
def _state(rom: Path, core: Core, options: tuple[tuple[str, str], ...], modified_ns: int, size: int) -> bytes:
    """State of a ROM on a core; computed again when the ROM has changed."""
    del modified_ns, size
    with closing(open_emulator(rom, core, dict(options))) as emulator:
        return emulator.save()
