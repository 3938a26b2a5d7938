"""Atari 2600 ROMs shipped in the package ale-py."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from newgameplus.errors import RomError, install_line


def ale_roms() -> list[Path]:
    """ROM files in the installed ale-py, found without loading its emulator.

    Raises:
        RomError: the package is not installed.
    """
    spec = importlib.util.find_spec("ale_py")
    found = sorted(Path(spec.origin).parent.glob("roms/*.bin")) if spec is not None and spec.origin else []
    if not found:
        raise RomError(
            f"The package ale-py, which ships the ROMs, is missing; install it with: {install_line('atari')}"
        )
    return found
