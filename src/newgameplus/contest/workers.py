"""Runs side by side: each in a process of its own, because a core may crash and stable-retro allows one per process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from newgameplus.contest.run import Job, Progress, play_run
from newgameplus.errors import NewGamePlusError

TICK_SECONDS = 0.2
"""Longest silence of :func:`run_side_by_side`."""

LAST_WORDS_BYTES = 8192
"""How far from its end a log is searched for the reason of a crash."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun a run."""

    job: Job


@dataclass(frozen=True, slots=True)
class Advanced:
    """A run has come further."""

    job: Job
    progress: Progress


@dataclass(frozen=True, slots=True)
class Finished:
    """A run has spent its budget."""

    job: Job


@dataclass(frozen=True, slots=True)
class Failed:
    """A run has ended before its time."""

    job: Job
    reason: str
    """One sentence: what happened, and where to read more."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened for a moment."""


Event = Started | Advanced | Finished | Failed | Tick


def run_side_by_side(jobs: Sequence[Job], num_workers: int) -> Iterator[Event]:
    """Play ``jobs`` in up to ``num_workers`` processes and tell what happens.

    A run that fails does not stop the others. Closing the generator ends the workers at once; each has saved every
    episode but the one it was playing.
    """
    waiting = list(reversed(jobs))
    running: dict[Connection[Any, Any], tuple[Job, SpawnProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < num_workers:
                job = waiting.pop()
                connection, process = _start(job)
                running[connection] = (job, process)
                yield Started(job)
            ready = wait(list(running), timeout=TICK_SECONDS)
            if not ready:
                yield Tick()
            for connection in [connection for connection in running if connection in ready]:
                job, process = running[connection]
                event = _receive(connection, job, process)
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
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start(job: Job) -> tuple[Connection[Any, Any], SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _receive(connection: Connection[Any, Any], job: Job, process: SpawnProcess) -> Event:
    try:
        message = connection.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        words = _last_words(log_path(job))
        return Failed(job, f"The worker of {job.level} seed {job.seed} {_ending(process)}{words}; see {log_path(job)}.")
    if isinstance(message, Progress):
        return Advanced(job, message)
    return Finished(job) if message is None else Failed(job, message)


def _ending(process: SpawnProcess) -> str:
    code = process.exitcode or 0
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _last_words(log: Path) -> str:
    """What the engine said of a core that crashed, as a clause, or nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LAST_WORDS_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line for line in lines if line.startswith("The core ") and " crashed in " in line]
    return f": {said[-1].rstrip('.')}" if said else ""


def log_path(job: Job) -> Path:
    """Where the worker of a run writes what it prints."""
    return job.folder / "worker.log"


def _work(job: Job, connection: Connection[Any, Any]) -> None:
    """Body of a worker process: everything it prints goes to its log; the pipe carries progress and the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job.folder.mkdir(parents=True, exist_ok=True)
    log = os.open(log_path(job), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    print(f"{job.agent} plays {job.level} with seed {job.seed}.", flush=True)  # noqa: T201 - this is the log
    try:
        play_run(job, connection.send)
    except BrokenPipeError:
        return  # whoever waited for us is gone; the checkpoint is saved
    except NewGamePlusError as error:
        connection.send(f"{job.level} seed {job.seed}: {error}")
        raise
    connection.send(None)
