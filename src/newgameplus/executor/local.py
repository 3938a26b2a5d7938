"""Functions in parallel, each call in its own process: a crash ends only that process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeAlias, TypeVar

from newgameplus.executor.threads import let_waiting_threads_sleep

Task = TypeVar("Task")
Tell: TypeAlias = Callable[[object], None]
"""Sends a message to the parent process."""


@dataclass(frozen=True, slots=True)
class Begun(Generic[Task]):
    """A process has been started for a task."""

    task: Task


@dataclass(frozen=True, slots=True)
class Told(Generic[Task]):
    """A task's process has sent a message."""

    task: Task
    content: Any


@dataclass(frozen=True, slots=True)
class Returned(Generic[Task]):
    """The function has returned."""

    task: Task
    result: Any


@dataclass(frozen=True, slots=True)
class Died(Generic[Task]):
    """The process has ended without returning."""

    task: Task
    how: str
    """A clause such as ``was ended by SIGSEGV`` or ``ended with exit code 1``."""


Event: TypeAlias = Begun[Task] | Told[Task] | Returned[Task] | Died[Task]


def side_by_side(
    work: Callable[[Task, Tell], Any],
    tasks: Sequence[Task],
    num_processes: int,
    *,
    tick_seconds: float | None = None,
) -> Generator[Event[Task] | None, None, None]:
    """Call ``work(task, tell)`` for every task, in up to ``num_processes`` processes at a time.

    A task that fails does not stop the others. Closing the generator ends the processes at once.

    Args:
        work: a module-level function, or a ``functools.partial`` of one.
        tasks: its arguments, in this order.
        num_processes: number of processes at a time.
        tick_seconds: longest time between two yields, after which None is yielded; None for no limit.

    Yields:
        Events as they happen.
    """
    waiting = list(reversed(tasks))
    running: dict[Connection[Any, Any], tuple[Task, SpawnProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < num_processes:
                task = waiting.pop()
                connection, process = _start(work, task, max(1, available_cores() // num_processes))
                running[connection] = (task, process)
                yield Begun(task)
            ready = wait(list(running), timeout=tick_seconds)
            if not ready:
                yield None
            for connection in [connection for connection in running if connection in ready]:
                task, process = running[connection]
                event = _receive(connection, task, process)
                if not isinstance(event, Told):
                    del running[connection]
                    connection.close()
                    process.join()
                yield event
    finally:
        for connection, (_, process) in running.items():
            process.kill()
            process.join()
            connection.close()


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


def _start(
    work: Callable[[Task, Tell], Any], task: Task, num_threads: int
) -> tuple[Connection[Any, Any], SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, task, theirs, num_threads), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _receive(connection: Connection[Any, Any], task: Task, process: SpawnProcess) -> Event[Task]:
    try:
        is_returned, content = connection.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        return Died(task, ending(process))
    return Returned(task, content) if is_returned else Told(task, content)


def _run(work: Callable[[Task, Tell], Any], task: Task, connection: Connection[Any, Any], num_threads: int) -> None:
    """Body of a process; Ctrl-C is handled by the parent.

    Libraries with threads of their own, such as torch, are limited to this process's share of the cores.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(num_threads))
    let_waiting_threads_sleep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        connection.send((True, work(task, lambda content: connection.send((False, content)))))
    except BrokenPipeError:
        return  # the parent process is gone
