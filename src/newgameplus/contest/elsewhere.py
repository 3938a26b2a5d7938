"""A run on another machine: what it begins from travels with its task, and its files come back as it plays.

There is no shared disk. A checkpoint with its logs comes at most once a minute, and movies apart from it, each once. So
the results folder is at all times one that ``--resume`` could continue, whoever dies.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from newgameplus.contest.fingerprint import check_unchanged, fingerprint
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.run import play_run
from newgameplus.durable import write_atomically
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.executor.interface import Checkpoint, Shared, Task, Tell, share
from newgameplus.results.runs import RunFolder
from newgameplus.training.demonstrations import PAR

SEND_SECONDS = 60.0
"""Shortest time between two checkpoints that are sent."""
Files: TypeAlias = dict[str, bytes]
"""Contents by paths relative to the run's folder, in the order in which they may be written."""


@dataclass(frozen=True, slots=True)
class Movies:
    """Message of a run: movies that nothing has sent before."""

    files: Files


@dataclass(frozen=True, slots=True)
class Ended:
    """Result of a run: the files that have not come yet, and why it failed, if it did."""

    files: Files
    reason: str | None = None
    is_bad_input: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a run begins from."""

    job: Job
    level: dict[str, Any]
    """Hashes of the level here."""
    files: Files
    """Checkpoint and logs, if it was begun before."""
    send_seconds: float


def tasks_of(jobs: list[Job], send_seconds: float = SEND_SECONDS) -> dict[Task[Any], tuple[Job, ...]]:
    """Return a task for each run that plays it wherever it is put.

    Raises:
        UsageError: something of the plan lies on this machine's disk and cannot travel.
    """
    weights: dict[str, Shared] = {}
    for job in jobs:
        check_travels(job.plan)
        init = job.plan.own_agent.init
        if init is not None and init not in weights:
            weights[init] = share(Path(init).read_bytes())
    return {
        Task(
            play_elsewhere,
            Parcel(job, fingerprint(job.level, job.plan.world.core), _state_files(job.folder), send_seconds),
            shared=weights.get(job.plan.own_agent.init or ""),
            name=f"{job.plan.agent.name} {job.level} seed {job.seed}",
        ): (job,)
        for job in jobs
    }


def check_travels(plan: Plan) -> None:
    """Check that a plan's runs can be played on other machines.

    Raises:
        UsageError: something of it lies on this machine's disk and cannot travel.
    """
    if plan.sandbox is not None:
        raise UsageError("An agent in a sandbox plays on this machine only: leave out --on.")
    agent = plan.own_agent
    sources = {
        "prefill": None if agent.prefill is None else agent.prefill.source,
        "demonstrations": agent.demonstrations,
    }
    for option, source in sources.items():
        if source is not None and source != PAR and Path(source).is_absolute():
            raise UsageError(
                f"What --{option} names, {source}, lies on this machine and does not travel: use --{option} par, or "
                "the name of a split."
            )


def receive(job: Job, files: Mapping[str, bytes]) -> None:
    """Write files of a run into its folder, in their order."""
    for name, content in files.items():
        path = job.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)


def play_elsewhere(
    parcel: Parcel, tell: Tell, *, checkpoint: Files | None = None, shared: bytes | None = None
) -> Ended:
    """Body of a task: play a run in a folder of this machine.

    Args:
        parcel: the run.
        tell: told a :class:`Progress`, a :class:`Movies` or a :class:`Checkpoint` of files.
        checkpoint: files that an earlier try has told.
        shared: the initial weights, a checkpoint file.
    """
    with tempfile.TemporaryDirectory(prefix="run-") as name:
        folder = Path(name) / "run"
        job = _unpacked(parcel, folder, parcel.files if checkpoint is None else checkpoint, shared)
        sender = _Sender(RunFolder(folder), tell, parcel.send_seconds)
        reason, log, is_bad_input = None, {}, False
        where = f"{job.level} seed {job.seed}"
        try:
            check_unchanged(job.level, parcel.level, job.plan.world.core)
            play_run(job, sender.report)
        except NewGamePlusError as error:
            reason, is_bad_input = f"{where}: {error}", True
        except Exception as error:
            log = {RunFolder(folder).worker_log.name: traceback.format_exc().encode()}
            sys.stderr.write(traceback.format_exc())
            reason = f"{where}: {type(error).__name__}: {error}; see {RunFolder(folder).worker_log}."
        told = None if reason is None else reason.replace(str(folder), str(parcel.job.folder))
        return Ended(sender.movies() | _state_files(folder) | sender.summary() | log, told, is_bad_input)


def _unpacked(parcel: Parcel, folder: Path, files: Files, weights: bytes | None) -> Job:
    """Put a run's files into a folder of this machine; return the run as it is played there."""
    job = replace(parcel.job, folder=folder)
    receive(job, files)
    if weights is None:
        return job
    init = folder.parent / "init.safetensors"
    init.write_bytes(weights)
    return replace(job, plan=replace(job.plan, agent=replace(job.plan.own_agent, init=str(init))))


def _state_files(folder: Path) -> Files:
    """Checkpoint and logs of a run; the checkpoint last, since logs may reach beyond it, but it not beyond them."""
    run = RunFolder(folder)
    return {path.name: path.read_bytes() for path in (run.monitor, run.log, run.checkpoint) if path.is_file()}


@dataclass
class _Sender:
    """Sends what a run has written since the last time."""

    run: RunFolder
    tell: Tell
    send_seconds: float
    _next_at: float = field(default_factory=time.monotonic)
    _sent_checkpoint_ns: int = 0
    _sent_movies: dict[str, tuple[int, int]] = field(default_factory=dict)

    def report(self, progress: Progress) -> None:
        """Tell of the progress, and send a new checkpoint if it is time."""
        self.tell(progress)
        checkpoint = self.run.checkpoint
        # A checkpoint without its replay buffer is none, and the buffer is too large to travel.
        if time.monotonic() < self._next_at or self.run.replay.is_dir() or not checkpoint.is_file():
            return
        written_ns = checkpoint.stat().st_mtime_ns
        if written_ns == self._sent_checkpoint_ns:
            return
        if files := self.movies():
            self.tell(Movies(files))
        self.tell(Checkpoint(_state_files(self.run.path)))
        self._sent_checkpoint_ns, self._next_at = written_ns, time.monotonic() + self.send_seconds

    def movies(self) -> Files:
        """Movies that have not been sent as they are now; that of a running episode is written anew at its end."""
        new = {}
        for path in sorted(self.run.movies.glob("*.bk2")):
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size)
            if self._sent_movies.get(path.name) != version:
                new[f"{path.parent.name}/{path.name}"] = path.read_bytes()
                self._sent_movies[path.name] = version
        return new

    def summary(self) -> Files:
        """The summary of a complete run."""
        path = self.run.summary
        return {path.name: path.read_bytes()} if path.is_file() else {}
