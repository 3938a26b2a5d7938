"""Executor on this machine: tasks in spawned processes, a limited number at a time."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Generator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic

from newgameplus.errors import UsageError
from newgameplus.executor.child import Child
from newgameplus.executor.interface import Begun, Cancelled, Cause, Content, Died, End, Event, Returned, Task, Told

_CRASHES = {
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSYS,
    signal.SIGTRAP,
}
"""Signals that a program brings upon itself."""


class LocalExecutor(Generic[Content]):
    """An :class:`~newgameplus.executor.interface.Executor` whose tasks run in processes of this machine.

    A task begins, in the order of submission, as soon as one of ``num_processes`` places is free: in a process spawned
    for it, or in one that a task before it has kept. A process ends with its last task, or with the process of the
    executor, however that ends.

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
        self._running: dict[Connection[Any, Any], tuple[Task[Content], Child]] = {}
        self._kept: list[Child] = []
        """Processes that wait for another task."""
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
        for connection, (running, child) in list(self._running.items()):
            if running is task:
                child.process.kill()
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
        for child in (*self._kept, *(child for _, child in self._running.values())):
            child.process.kill()
        for connection in list(self._running):
            self._free(connection)
        self._end_kept()
        for left in (self._open, self._waiting, self._happened):
            left.clear()

    def _fill_places(self) -> None:
        while self._waiting and len(self._running) < self._num_processes:
            task = self._waiting[0]
            child = self._child_for(task)
            self._running[child.connection] = (task, child)
            self._waiting.popleft()
            self._happened.append(Begun(task))
            child.begin(task)

    def _child_for(self, task: Task[Content]) -> Child:
        if task.keeps_process and self._kept and self._kept[-1].process.is_alive():
            return self._kept.pop()
        if len(self._running) + len(self._kept) >= self._num_processes:
            self._end_kept()
        return Child(self._num_threads)

    def _end_kept(self) -> None:
        while self._kept:
            self._kept[-1].process.kill()
            self._kept[-1].close()
            self._kept.pop()

    def _receive(self, connection: Connection[Any, Any]) -> None:
        task, child = self._running[connection]
        try:
            is_returned, content = connection.recv()
        except (EOFError, ConnectionResetError):
            self._free(connection)
            self._end(Died(task, ending(child.process), _cause(child.process)))
            return
        if not is_returned:
            self._happened.append(Told(task, content))
            return
        if task.keeps_process:
            self._kept.append(child)
            del self._running[connection]
        else:
            self._free(connection)
        self._end(Returned(task, content))

    def _free(self, connection: Connection[Any, Any]) -> None:
        """Wait for a process to end, and free its place; Ctrl-C while it waits leaves the place taken."""
        self._running[connection][1].close()
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


def _cause(process: SpawnProcess) -> Cause:
    """Whether a process that ended without a result was ended from outside."""
    code = -(process.exitcode or 0)
    return Cause.KILLED if code > 0 and code not in _CRASHES else Cause.ERROR
