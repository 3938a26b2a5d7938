"""The folder that cores are told to look into for firmware, and to write save files into."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

_NO_FIRMWARE = frozenset({".so", ".dylib", ".dll", ".json"})


@functools.cache
def system_folder(cores: Path) -> Path:
    """Return a temporary folder of this process in which the firmware beside the cores appears.

    stable-retro names the cores' own folder, so firmware is put there. But cores also write save files, named after the
    ROM, which then would come up again in another process, and in another game whose ROM has the same name.

    Args:
        cores: folder of the cores.
    """
    folder = Path(tempfile.mkdtemp(prefix="ngp-firmware-"))
    atexit.register(_remove, folder, os.getpid())
    for file in cores.iterdir():
        if file.suffix not in _NO_FIRMWARE:
            (folder / file.name).symlink_to(file)
    return folder


def _remove(folder: Path, process: int) -> None:
    """Remove the folder, unless this is a copy of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
