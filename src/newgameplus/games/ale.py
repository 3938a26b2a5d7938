"""The Atari 2600 ROMs that the package ale-py ships."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from newgameplus.errors import RomError


def ale_roms() -> Path:
    """The folder of ROMs in the installed ale-py, found without loading its emulator.

    Raises:
        RomError: the package is not installed.
    """
    spec = importlib.util.find_spec("ale_py")
    folder = Path(spec.origin).parent / "roms" if spec is not None and spec.origin else None
    if folder is None or not folder.is_dir():
        raise RomError(
            "The package ale-py, which ships the ROMs, is missing; install it with: pip install newgameplus[atari]"
        )
    return folder
