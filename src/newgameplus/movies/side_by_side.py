"""Work on many movies at once: each in a process of its own, as stable-retro allows one emulator per process.

A movie from elsewhere may crash a core; that ends its own process and nothing else.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, TypeAlias

from newgameplus.errors import NewGamePlusError

ProgressTeller: TypeAlias = Callable[[int, int], None]
"""Is told how many frames are done and how many there are."""
Work: TypeAlias = Callable[[Path, ProgressTeller], Any]
"""What is done with one movie; a function of a module or a ``functools.partial`` of one."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """Work on a movie has come further."""

    path: Path
    num_done: int
    num_frames: int


@dataclass(frozen=True, slots=True)
class Done:
    """Work on a movie is done."""

    path: Path
    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Work on a movie came to nothing."""

    path: Path
    reason: str
    """One sentence."""


def work_side_by_side(
    work: Work, paths: Sequence[Path], num_workers: int | None = None
) -> Generator[Advanced | Done | Failed, None, None]:
    """Do ``work`` for every movie in up to ``num_workers`` processes (None: one per core) and tell what happens.

    A movie that fails does not stop the others. Closing the generator ends the workers at once.
    """
    waiting = list(reversed(paths))
    limit = num_workers or available_cores()
    running: dict[Connection[Any, Any], tuple[Path, SpawnProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < limit:
                path = waiting.pop()
                connection, process = start_worker(work, path)
                running[connection] = (path, process)
            ready = wait(list(running))
            for connection in [connection for connection in running if connection in ready]:
                path, process = running[connection]
                event = _receive(connection, path, process)
                if not isinstance(event, Advanced):
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
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_worker(work: Work, path: Path) -> tuple[Connection[Any, Any], SpawnProcess]:
    """Start a process that does ``work`` for one movie; the pipe carries its progress and its end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(work, path, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _receive(connection: Connection[Any, Any], path: Path, process: SpawnProcess) -> Advanced | Done | Failed:
    try:
        event: Advanced | Done | Failed = connection.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        return Failed(path, crash_reason(path, process))
    return event


def crash_reason(path: Path, process: SpawnProcess) -> str:
    """One sentence about a worker that ended without a word."""
    code = process.exitcode or 0
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"The process that worked on {path} {how}; the movie may be damaged."


def _work(work: Work, path: Path, connection: Connection[Any, Any]) -> None:
    """Body of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        connection.send(_outcome(work, path, connection))
    except BrokenPipeError:
        return  # whoever waited for us is gone


def _outcome(work: Work, path: Path, connection: Connection[Any, Any]) -> Done | Failed:
    def tell(num_done: int, num_frames: int) -> None:
        connection.send(Advanced(path, num_done, num_frames))

    try:
        return Done(path, work(path, tell))
    except NewGamePlusError as error:
        return Failed(path, str(error))
    except OSError as error:
        where = f" at {error.filename}" if isinstance(error.filename, str) else ""
        return Failed(path, f"The work on {path} stopped{where}: {error.strerror or error}.")
