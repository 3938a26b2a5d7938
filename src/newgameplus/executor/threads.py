"""Settings of compute threads in a process that shares its cores with consoles and other programs."""

from __future__ import annotations

import os


def let_waiting_threads_sleep() -> None:
    """Make idle threads of torch sleep soon; call it before torch is imported.

    With oversubscribed cores, GNU's OpenMP would let them spin for hundreds of milliseconds, at the cost of the
    consoles. The user's own ``OMP_WAIT_POLICY`` or ``GOMP_SPINCOUNT`` is kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
