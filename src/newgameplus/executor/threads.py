"""Threads that compute, in a process that shares its cores with consoles and other programs."""

from __future__ import annotations

import os


def let_waiting_threads_sleep() -> None:
    """Let threads of torch that wait for work sleep soon; call it before torch is loaded.

    GNU's OpenMP lets them turn in a circle for hundreds of milliseconds where the cores are oversubscribed, and burn
    what the consoles need. The user's own ``OMP_WAIT_POLICY`` or ``GOMP_SPINCOUNT`` stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
