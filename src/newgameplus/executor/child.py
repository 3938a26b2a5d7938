"""A spawned process that runs one task after another for the process that started it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from newgameplus.executor.interface import Task
from newgameplus.executor.interrupts import sheltered
from newgameplus.executor.threads import let_waiting_threads_sleep


class Child:
    """A spawned process for tasks; it ends with its last task, or with the process that started it.

    It sends pairs: ``(False, message)`` for each message of a task, and ``(True, result)`` when the task has returned.

    Args:
        num_threads: number of compute threads, unless ``OMP_NUM_THREADS`` says otherwise.
    """

    def __init__(self, num_threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.connection: Connection[Any, Any] = ours
        """Connection to read from; it is at its end when the process has ended."""
        self.process = context.Process(target=_serve, args=(theirs, num_threads), daemon=True)
        self._held: str | None = None
        """Key of the shared value that the process holds."""
        with sheltered():
            self.process.start()
        theirs.close()

    def begin(self, task: Task[Any]) -> None:
        """Send a task; the process ends after it unless the task keeps its process."""
        shared = task.shared
        key = None if shared is None else shared.key
        packed = None if shared is None or key == self._held else shared.packed
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # then reading finds that it has ended
            self.connection.send((task.work, task.content, task.keeps_process, key))
            if packed is not None:
                self.connection.send_bytes(packed)
                self._held = key

    def close(self) -> None:
        """Wait for the process to end."""
        self.process.join()
        self.connection.close()


def _serve(connection: Connection[Any, Any], num_threads: int) -> None:
    """Body of a process; Ctrl-C is handled by the parent.

    Libraries with threads of their own, such as torch, are limited to this process's share of the cores.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(num_threads))
    let_waiting_threads_sleep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    held: dict[str, Any] = {}
    """The newest shared value, by its key."""
    is_kept = True
    try:
        while is_kept:
            work, content, is_kept, key = connection.recv()
            if key is not None and key not in held:
                held = {key: pickle.loads(connection.recv_bytes())}  # noqa: S301 - the parent has pickled it
            keywords = {} if key is None else {"shared": held[key]}
            connection.send((True, work(content, lambda said: connection.send((False, said)), **keywords)))
    except (EOFError, BrokenPipeError):
        return  # the parent needs this process no more, or is gone


def _end_with_parent() -> None:
    """End this process when its parent ends, since a killed parent cannot end its children."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
