"""Runs as tasks of an executor, each in its own process with its own log."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.contest.elsewhere import Ended, receive
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
"""Time for what does not count as time of the run: imports, a prefill."""

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


class _Deadlines:
    """When each run must have ended by itself, by the monotonic clock."""

    def __init__(self, grace_seconds: float, setup_seconds: float) -> None:
        self._grace, self._setup = grace_seconds, setup_seconds
        self._latest: dict[Task[Any], float] = {}
        self.overdue: set[Task[Any]] = set()
        """Runs that have been ended from outside."""

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


def tasks_here(jobs: Sequence[Job]) -> dict[Task[Any], Job]:
    """Return a task for each run that plays it in its folder."""
    return {Task(_work, job, name=f"{job.plan.agent.name} {job.level} seed {job.seed}"): job for job in jobs}


def play_runs(
    tasks: Mapping[Task[Any], Job],
    executor: Executor[Any],
    *,
    grace_seconds: float = GRACE_SECONDS,
    setup_seconds: float = SETUP_SECONDS,
) -> Iterator[Event]:
    """Play runs as tasks of an executor; yield events.

    A run that fails does not stop the others. A run that hangs is ended soon after its wall clock is spent. Closing the
    generator ends the runs at once; steps after their last checkpoints are lost.

    Args:
        tasks: the runs by their tasks, from :func:`tasks_here` or :func:`newgameplus.contest.elsewhere.tasks_of`.
        executor: executor without other tasks.
        grace_seconds: time beyond its wall clock after which a run is ended.
        setup_seconds: time for what does not count, before a run tells of its first step.
    """
    deadlines = _Deadlines(grace_seconds, setup_seconds)
    try:
        for task in tasks:
            executor.submit(task)
        for event in executor.events(TICK_SECONDS):
            said = Tick() if event is None else _event_of_run(event, tasks[event.task])
            if event is not None:
                deadlines.follow(said, event.task)
            for task in deadlines.passed():
                executor.cancel(task)
            if isinstance(event, Cancelled) and event.task in deadlines.overdue:
                said = _overdue(tasks[event.task])
            yield said
    finally:
        for task in reversed(list(tasks)):  # waiting tasks first, so that none of them starts
            executor.cancel(task)


def _overdue(job: Job) -> Failed:
    limit = job.plan.rules.max_wall_clock_seconds
    where = f"{job.level} seed {job.seed}"
    return Failed(
        job, f"{where}: it hung and was ended, as its wall clock of {limit:g} s was spent; see {log_path(job)}."
    )


def _event_of_run(event: TaskEvent[Any], job: Job) -> Event:
    if isinstance(event, Begun):
        return Started(job)
    if isinstance(event, Retried):
        return Interrupted(job, event.how)
    if isinstance(event, Told):
        return _heard(job, event.content)
    if isinstance(event, Returned):
        return _ended(job, event.result)
    return Failed(job, _crash(job, event.how if isinstance(event, Died) else "was cancelled"))


def _heard(job: Job, message: Any) -> Event:
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


def _crash(job: Job, how: str) -> str:
    log = log_path(job)
    where = f"; see {log}" if log.is_file() else ""
    return f"The worker of {job.level} seed {job.seed} {how}{_last_words(log)}{where}."


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
    job.folder.mkdir(parents=True, exist_ok=True)
    log = os.open(log_path(job), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.write(log, f"{job.plan.agent.name} plays {job.level} with seed {job.seed}.\n".encode())
    where = f"{job.level} seed {job.seed}"
    try:
        play_run(job, tell)
    except BrokenPipeError:
        raise  # the parent process is gone; the last checkpoint is on disk
    except NewGamePlusError as error:
        os.write(log, traceback.format_exc().encode())
        return Failed(job, f"{where}: {error}", is_bad_input=True)
    except Exception as error:
        os.write(log, traceback.format_exc().encode())
        return Failed(job, f"{where}: {type(error).__name__}: {error}; see {log_path(job)}.")
    return None
