"""What a recorded episode starts from: the contents of ``NewGamePlus.json`` that are known from the first frame on."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from newgameplus import __version__
from newgameplus.emulator.cores import Core
from newgameplus.emulator.native import lasting_options
from newgameplus.games.levels import Level

EXTRA_SCHEMA = 2
"""Version of the contents of ``NewGamePlus.json``. Since 2 a finished movie has marks, and names its core's options."""


def origin_of(level: Level, rom: Path, core: Core, start_state: bytes) -> dict[str, Any]:
    """Return what an episode starts from, as plain data.

    Args:
        level: the level.
        rom: path of the ROM.
        core: the core that plays it.
        start_state: machine state before the first frame.
    """
    options = lasting_options(core, level.integration.core_options)
    return {
        "schema": EXTRA_SCHEMA,
        "newgameplus": __version__,
        "level": str(level),
        "scenario": level.scenario,
        "rom_sha1": rom_sha1(rom),
        "core": {"name": core.name, "version": core.version, "sha256": core.sha256, "options": options},
        "state_sha256": hashlib.sha256(start_state).hexdigest(),
    }


@functools.cache
def rom_sha1(path: Path) -> str:
    """Return the SHA-1 of a ROM file, lower case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()
