"""Processes that Ctrl-C does not reach: whoever started them handles it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def sheltered() -> Iterator[None]:
    """Start processes in which Ctrl-C is blocked from their first instruction on.

    A process that ignored it in its body would still be interrupted while its interpreter starts, and print where.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
