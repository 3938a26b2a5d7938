"""Number of consoles and threads that this machine can run."""

from __future__ import annotations

from pathlib import Path

from newgameplus.errors import EmulatorError

INSTANCE_BYTES = 16 * 2**20
"""Upper estimate of the memory of one console."""

_MEMORY = Path("/proc/meminfo")


def check_room(num_consoles: int) -> None:
    """Refuse more consoles than fit into memory, if the system reports its free memory.

    Raises:
        EmulatorError: there is too little.
    """
    available = _available_bytes()
    if available is not None and num_consoles * INSTANCE_BYTES > available:
        raise EmulatorError(
            f"{num_consoles} consoles need about {num_consoles * INSTANCE_BYTES >> 20} MiB of memory, and only "
            f"{available >> 20} MiB are free; make fewer."
        )


def _available_bytes() -> int | None:
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    except (OSError, StopIteration):
        return None
