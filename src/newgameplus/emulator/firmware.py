"""The folder that cores are told to look into for firmware, and to write save files into."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "ngp-system-"
_NEW_SECONDS = 60.0
"""Time after which a folder without a lock is one whose process has been killed, and not one that is just made."""
_NO_FIRMWARE = frozenset({".so", ".dylib", ".dll", ".json"})


@functools.cache
def system_folder(cores: Path) -> Path:
    """Return a temporary folder of this process in which the firmware beside the cores appears.

    stable-retro names the cores' own folder, so firmware is put there. But cores also write save files, named after the
    ROM, which then would come up again in another process, and in another game whose ROM has the same name.

    Args:
        cores: folder of the cores.
    """
    _remove_left()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    fcntl.flock(os.open(folder, os.O_RDONLY | os.O_CLOEXEC), fcntl.LOCK_EX)  # until this process ends, however it does
    atexit.register(_remove, folder, os.getpid())
    for file in cores.iterdir():
        if file.suffix not in _NO_FIRMWARE:
            (folder / file.name).symlink_to(file)
    return folder


def _remove_left() -> None:
    """Remove what killed processes of this user have left."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process removes it, or it is another user's
            status = left.stat()
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _NEW_SECONDS:
                continue
            descriptor = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(descriptor)


def _remove(folder: Path, process: int) -> None:
    """Remove the folder, unless this is a copy of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
