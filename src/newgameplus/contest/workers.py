"""Runs as tasks of an executor, each in its own process with its own log."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from newgameplus.contest.batch_run import play_batch
from newgameplus.contest.elsewhere import Ended, receive
from newgameplus.contest.entry_run import SessionFailedError, play_in_sandbox
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job
from newgameplus.contest.run import play_run
from newgameplus.errors import NewGamePlusError
from newgameplus.executor.interface import (
    Begun,
    Cancelled,
    Checkpoint,
    Died,
    Executor,
    Retried,
    Returned,
    Task,
    Tell,
    Told,
)
from newgameplus.executor.interface import Event as TaskEvent
from newgameplus.results.runs import RunFolder

TICK_SECONDS = 0.2
"""Longest time between two events of :func:`play_runs`."""

GRACE_SECONDS = 60.0
"""Time beyond its wall clock after which a run is ended from outside: a last checkpoint may take as long."""
SETUP_SECONDS = 600.0
"""Time for what does not count as time of the run: imports, demonstrations, a prefill."""

LAST_WORDS_BYTES = 8192
"""Size of the end of a log that is searched for the reason of a crash."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has started a run."""

    job: Job


@dataclass(frozen=True, slots=True)
class Advanced:
    """Progress of a run."""

    job: Job
    progress: Progress


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A worker has ended before its run, which goes on from its last checkpoint."""

    job: Job
    how: str
    """A clause."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run has spent its budget."""

    job: Job


@dataclass(frozen=True, slots=True)
class Failed:
    """A run has failed."""

    job: Job
    reason: str
    """One sentence: what happened, and where to read more."""
    is_bad_input: bool = False
    """Whether the cause is invalid input, rather than the agent or the core."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing has happened for a while."""


Event = Started | Advanced | Interrupted | Finished | Failed | Tick


@dataclass(frozen=True, slots=True)
class _OfRun:
    """Message of a batch about one of its runs."""

    number: int
    content: Progress | Failed | None
    """Its progress, or its failure; None if it has spent its budget."""


class _Deadlines:
    """When each task must have ended by itself, by the monotonic clock: that of the run which has told last."""

    def __init__(self, grace_seconds: float, setup_seconds: float) -> None:
        self._grace, self._setup = grace_seconds, setup_seconds
        self._latest: dict[Task[Any], float] = {}
        self.overdue: set[Task[Any]] = set()
        """Tasks that have been ended from outside."""

    def follow(self, event: Event, task: Task[Any]) -> None:
        """Note what an event says about the time that is left to its task."""
        if isinstance(event, Started | Advanced):
            limit = event.job.plan.rules.max_wall_clock_seconds
            if limit is not None:
                left = limit - event.progress.elapsed_seconds if isinstance(event, Advanced) else limit + self._setup
                self._latest[task] = time.monotonic() + left + self._grace
        elif not isinstance(event, Tick):
            self._latest.pop(task, None)

    def passed(self) -> list[Task[Any]]:
        """Return the runs that have become overdue."""
        now = time.monotonic()
        late = [task for task, latest in self._latest.items() if now > latest]
        for task in late:
            del self._latest[task]
        self.overdue.update(late)
        return late


def tasks_here(jobs: Sequence[Job]) -> dict[Task[Any], tuple[Job, ...]]:
    """Return tasks that play runs in their folders, each one run, or as many as its plan lets be played together.

    Args:
        jobs: all runs of a plan, with those that are complete, so that the runs of a batch are always the same.
    """
    tasks: dict[Task[Any], tuple[Job, ...]] = {}
    for batch in _batches(jobs):
        if all(RunFolder(job.folder).is_complete() for job in batch):
            continue
        name = f"{batch[0].plan.agent.name} {batch[0].level} seed {batch[0].seed}"
        if len(batch) == 1:
            tasks[Task(_work, batch[0], name=name)] = batch
        else:
            tasks[Task(_work_together, batch, name=f"{name} and {len(batch) - 1} more")] = batch
    return tasks


def _batches(jobs: Sequence[Job]) -> list[tuple[Job, ...]]:
    """Runs that are played together, in their order; of one console, since their rows must be alike."""
    of_console: dict[str, list[Job]] = {}
    for job in jobs:
        of_console.setdefault(job.level.integration.console.name, []).append(job)
    return [
        tuple(alike[first : first + size])
        for alike in of_console.values()
        for size in [alike[0].plan.rows_together]
        for first in range(0, len(alike), size)
    ]


def play_runs(
    tasks: Mapping[Task[Any], tuple[Job, ...]],
    executor: Executor[Any],
    *,
    grace_seconds: float = GRACE_SECONDS,
    setup_seconds: float = SETUP_SECONDS,
) -> Iterator[Event]:
    """Play runs as tasks of an executor; yield events.

    A run that fails does not stop the others. A run that hangs is ended soon after its wall clock is spent, with those
    beside it. Closing the generator ends the runs at once; steps after their last checkpoints are lost.

    Args:
        tasks: the runs by their tasks, from :func:`tasks_here` or :func:`newgameplus.contest.elsewhere.tasks_of`.
        executor: executor without other tasks.
        grace_seconds: time beyond its wall clock after which a run is ended.
        setup_seconds: time for what does not count, before a run tells of its first step.
    """
    deadlines = _Deadlines(grace_seconds, setup_seconds)
    ended = {job.folder for jobs in tasks.values() for job in jobs if RunFolder(job.folder).is_complete()}
    try:
        for task in tasks:
            executor.submit(task)
        for event in executor.events(TICK_SECONDS):
            is_overdue = isinstance(event, Cancelled) and event.task in deadlines.overdue
            for said in [Tick()] if event is None else _events_of_runs(event, tasks[event.task], is_overdue=is_overdue):
                if not isinstance(said, Tick):
                    if said.job.folder in ended:
                        continue
                    if isinstance(said, Finished | Failed):
                        ended.add(said.job.folder)
                if event is not None:
                    deadlines.follow(said, event.task)
                yield said
            for task in deadlines.passed():
                executor.cancel(task)
    finally:
        for task in reversed(list(tasks)):  # waiting tasks first, so that none of them starts
            executor.cancel(task)


def _overdue(job: Job) -> Failed:
    limit = job.plan.rules.max_wall_clock_seconds
    where = f"{job.level} seed {job.seed}"
    return Failed(
        job, f"{where}: it hung and was ended, as its wall clock of {limit:g} s was spent; see {log_path(job)}."
    )


def _events_of_runs(event: TaskEvent[Any], jobs: tuple[Job, ...], *, is_overdue: bool) -> list[Event]:
    """What an event of a task says about its runs; about some of them, perhaps, what is known already."""
    if isinstance(event, Begun):
        return [Started(job) for job in jobs]
    if isinstance(event, Retried):
        return [Interrupted(job, event.how) for job in jobs]
    if isinstance(event, Told):
        return [_heard(jobs, event.content)]
    if isinstance(event, Returned):
        return [_ended(job, event.result) for job in jobs]
    if is_overdue:
        return [_overdue(job) for job in jobs]
    return [_crash(job, jobs[0], event.how if isinstance(event, Died) else "was cancelled") for job in jobs]


def _heard(jobs: tuple[Job, ...], message: Any) -> Event:
    if isinstance(message, _OfRun):
        job, content = jobs[message.number], message.content
        return Advanced(job, content) if isinstance(content, Progress) else content or Finished(job)
    (job,) = jobs
    if isinstance(message, Progress):
        return Advanced(job, message)
    receive(job, message.state if isinstance(message, Checkpoint) else message.files)
    return Tick()


def _ended(job: Job, result: Any) -> Event:
    if isinstance(result, Ended):
        receive(job, result.files)
        return Finished(job) if result.reason is None else Failed(job, result.reason, result.is_bad_input)
    failure: Failed | None = result
    return failure or Finished(job)


def log_path(job: Job) -> Path:
    """Path of the output of a run's worker."""
    return RunFolder(job.folder).worker_log


def _crash(job: Job, first: Job, how: str) -> Failed:
    """Failure of a run whose worker, with its output in the log of ``first``, is gone."""
    log = log_path(first)
    where = f"; see {log}" if log.is_file() else ""
    return Failed(job, f"The worker of {job.level} seed {job.seed} {how}{_last_words(log)}{where}.")


def _last_words(log: Path) -> str:
    """The engine's message about a crashed core, as a clause, or the empty string."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LAST_WORDS_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line for line in lines if line.startswith("The core ") and " crashed in " in line]
    return f": {said[-1].rstrip('.')}" if said else ""


def _work(job: Job, tell: Tell) -> Failed | None:
    """Body of a worker: redirects all output to its log; returns the failure, if any."""
    _write_to(job)
    return _played(job, tell)


def _work_together(jobs: tuple[Job, ...], tell: Tell) -> None:
    """Body of a worker of a batch: redirects all output to the log of its first run, and tells how each run ends.

    Where a row of the batch fails, the runs are played on one by one, so that it fails alone.
    """
    for job in reversed(jobs):
        _write_to(job)
    os.write(1, f"It is played together with {len(jobs) - 1} others, whose output is here.\n".encode())

    def report(number: int, progress: Progress) -> None:
        tell(_OfRun(number, progress))
        if progress.is_complete:
            tell(_OfRun(number, None))

    try:
        play_batch(jobs, report)
    except BrokenPipeError:
        raise  # the parent process is gone; the last checkpoints are on disk
    except Exception:
        os.write(1, f"{traceback.format_exc()}The runs go on one by one.\n".encode())
        for number, job in enumerate(jobs):
            tell(_OfRun(number, _played(job, partial(report, number))))


def _write_to(job: Job) -> None:
    """Redirect all output to the log of a run."""
    job.folder.mkdir(parents=True, exist_ok=True)
    log = os.open(log_path(job), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.write(1, f"{job.plan.agent.name} plays {job.level} with seed {job.seed}.\n".encode())


def _played(job: Job, report: Callable[[Progress], None]) -> Failed | None:
    """Play a run; return its failure, if any."""
    where = f"{job.level} seed {job.seed}"
    try:
        play_run(job, report) if job.plan.sandbox is None else play_in_sandbox(job, report)
    except BrokenPipeError:
        raise  # the parent process is gone; the last checkpoint is on disk
    except SessionFailedError as error:
        return Failed(job, f"{where}: {error}")
    except NewGamePlusError as error:
        os.write(1, traceback.format_exc().encode())
        return Failed(job, f"{where}: {error}", is_bad_input=True)
    except Exception as error:
        os.write(1, traceback.format_exc().encode())
        return Failed(job, f"{where}: {type(error).__name__}: {error}; see {log_path(job)}.")
    return None
