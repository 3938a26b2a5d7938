"""Executor on this machine: one spawned process per task, a limited number at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic

from newgameplus.errors import UsageError
from newgameplus.executor.interface import Begun, Cancelled, Content, Died, End, Event, Returned, Task, Tell, Told
from newgameplus.executor.interrupts import sheltered
from newgameplus.executor.threads import let_waiting_threads_sleep


class LocalExecutor(Generic[Content]):
    """An :class:`~newgameplus.executor.interface.Executor` whose tasks run in processes of this machine.

    A process is spawned for each task, in the order of submission, as soon as one of ``num_processes`` places is free.
    It ends with its task, or with the process of the executor, however that ends.

    Args:
        num_processes: number of tasks at a time.
    """

    def __init__(self, num_processes: int) -> None:
        if num_processes < 1:
            raise UsageError(f"Tasks need at least 1 process, not {num_processes}.")
        self._num_processes = num_processes
        self._num_threads = max(1, available_cores() // num_processes)
        self._open: set[Task[Content]] = set()
        """Tasks that have not ended."""
        self._waiting: deque[Task[Content]] = deque()
        self._running: dict[Connection[Any, Any], tuple[Task[Content], SpawnProcess]] = {}
        self._happened: deque[Event[Content]] = deque()

    def submit(self, task: Task[Content]) -> None:
        """Submit a task; its process is started at once if a place is free."""
        if task in self._open:
            raise UsageError("The task has been submitted and has not ended; submit another one.")
        self._open.add(task)
        self._waiting.append(task)
        self._fill_places()

    def cancel(self, task: Task[Content]) -> None:
        """End a task and its process; does nothing if it has already ended."""
        if task not in self._open:
            return
        if task in self._waiting:
            self._waiting.remove(task)
        for connection, (running, process) in list(self._running.items()):
            if running is task:
                process.kill()
                self._free(connection)
        self._end(Cancelled(task))
        self._fill_places()

    def events(self, tick_seconds: float | None = None) -> Generator[Event[Content] | None, None, None]:
        """Yield events as they happen, until every task has ended; None after ``tick_seconds`` without any."""
        while True:
            while self._happened:
                yield self._happened.popleft()
            if not self._running:
                return
            ready = wait(list(self._running), timeout=tick_seconds)
            for connection in [connection for connection in self._running if connection in ready]:
                self._receive(connection)
            self._fill_places()
            if not ready:
                yield None

    def close(self) -> None:
        """End all tasks and their processes at once, without further events."""
        for _, process in self._running.values():
            process.kill()
        for connection in list(self._running):
            self._free(connection)
        for left in (self._open, self._waiting, self._happened):
            left.clear()

    def _fill_places(self) -> None:
        while self._waiting and len(self._running) < self._num_processes:
            task = self._waiting[0]
            connection, process = _start(task, self._num_threads)
            self._running[connection] = (task, process)
            self._waiting.popleft()
            self._happened.append(Begun(task))

    def _receive(self, connection: Connection[Any, Any]) -> None:
        task, process = self._running[connection]
        try:
            is_returned, content = connection.recv()
        except (EOFError, ConnectionResetError):
            self._free(connection)
            self._end(Died(task, ending(process)))
            return
        if is_returned:
            self._free(connection)
            self._end(Returned(task, content))
        else:
            self._happened.append(Told(task, content))

    def _free(self, connection: Connection[Any, Any]) -> None:
        """Wait for a process to end, and free its place; Ctrl-C while it waits leaves the place taken."""
        self._running[connection][1].join()
        connection.close()
        del self._running[connection]

    def _end(self, end: End[Content]) -> None:
        self._open.remove(end.task)
        self._happened.append(end)


def available_cores() -> int:
    """Number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ending(process: SpawnProcess) -> str:
    """Description of how a process ended, as a clause."""
    code = process.exitcode or 0
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _start(task: Task[Any], num_threads: int) -> tuple[Connection[Any, Any], SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(task.work, task.content, theirs, num_threads), daemon=True)
    with sheltered():
        process.start()
    theirs.close()
    return ours, process


def _run(work: Callable[[Any, Tell], Any], content: Any, connection: Connection[Any, Any], num_threads: int) -> None:
    """Body of a process; Ctrl-C is handled by the parent.

    Libraries with threads of their own, such as torch, are limited to this process's share of the cores.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(num_threads))
    let_waiting_threads_sleep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        connection.send((True, work(content, lambda said: connection.send((False, said)))))
    except BrokenPipeError:
        return  # the parent process is gone


def _end_with_parent() -> None:
    """End this process when its parent ends, since a killed parent cannot end its children."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
