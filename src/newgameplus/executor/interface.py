"""Interface of an executor of tasks in other processes.

An executor starts a task at most once, reports how it ended and repeats nothing.
:class:`~newgameplus.executor.retries.RetryingExecutor` is an executor over another one: it repeats, resumes from
checkpoints and gives up after some tries, and is the only one that counts.
"""

from __future__ import annotations

import enum
import hashlib
import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

Content = TypeVar("Content")
Tell: TypeAlias = Callable[[object], None]
"""Sends a message to whoever submitted the task."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value that many tasks read, such as the weights of a generation; each process receives it once."""

    key: str
    """SHA-256 of ``packed``."""
    packed: bytes
    """The pickled value."""


def share(value: object) -> Shared:
    """Return ``value`` as it is shared by tasks; it must be picklable."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return Shared(hashlib.sha256(packed).hexdigest(), packed)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A message from which another try of the task goes on."""

    state: Any


@dataclass(frozen=True, slots=True, eq=False)
class Task(Generic[Content]):
    """A call of ``work(content, tell)`` in another process; compared by identity, so that it is its own handle."""

    work: Callable[..., Any]
    """A module-level function, or a ``functools.partial`` of one; its results and messages must be picklable. If the
    task has a shared value, it is called with ``shared=value``; if a try before it told a checkpoint, with
    ``checkpoint=state``."""
    content: Content
    """Argument of the call; must be picklable."""
    shared: Shared | None = None
    """Value shared with other tasks."""
    keeps_process: bool = False
    """Whether the task may run in a process that has run other such tasks, and leave it to the next. It saves the start
    of an interpreter and its imports, 0.1 to 2 s, and whatever the work keeps in its modules, such as a console."""
    name: str = ""
    """What is shown of the task, such as its level."""


class Cause(enum.Enum):
    """Why a task ended without a result."""

    ERROR = "error"
    """Its function raised, ended its process or crashed it: another try would do the same."""
    KILLED = "killed"
    """Its process was ended from outside, such as by a system without memory."""
    LOST = "lost"
    """The worker that ran it ended."""
    UNPLAYED = "unplayed"
    """It was not run to an end by no fault of its own, since its worker or scheduler ended before."""


@dataclass(frozen=True, slots=True)
class Begun(Generic[Content]):
    """A process has been started for a task."""

    task: Task[Content]


@dataclass(frozen=True, slots=True)
class Retried(Generic[Content]):
    """A try of a task has ended without a result; another one follows, and begins."""

    task: Task[Content]
    how: str
    """A clause, as of :class:`Died`."""


@dataclass(frozen=True, slots=True)
class Told(Generic[Content]):
    """A task has sent a message."""

    task: Task[Content]
    content: Any


@dataclass(frozen=True, slots=True)
class Returned(Generic[Content]):
    """A task has ended: its function has returned."""

    task: Task[Content]
    result: Any


@dataclass(frozen=True, slots=True)
class Died(Generic[Content]):
    """A task has ended: its process ended before its function returned."""

    task: Task[Content]
    how: str
    """A clause such as ``was ended by SIGSEGV`` or ``ended with exit code 1``, also if the function raised."""
    cause: Cause = Cause.ERROR


@dataclass(frozen=True, slots=True)
class Cancelled(Generic[Content]):
    """A task has ended: it was cancelled, and its process, if any, has ended."""

    task: Task[Content]


End: TypeAlias = Returned[Content] | Died[Content] | Cancelled[Content]
"""How a task ended; each task has exactly one end, which is its last event."""
Event: TypeAlias = Begun[Content] | Told[Content] | Retried[Content] | End[Content]


class Executor(Protocol[Content]):
    """Runs tasks in other processes, so that a crash ends only its own task.

    It must be used from a single thread: submit, cancel and read events in the same one.
    """

    def submit(self, task: Task[Content]) -> None:
        """Submit a task, at any time: before, while or after events are read.

        Raises:
            UsageError: the task has been submitted and has not ended.
        """
        ...

    def cancel(self, task: Task[Content]) -> None:
        """End a task and its process; does nothing if it has already ended."""
        ...

    def events(self, tick_seconds: float | None = None) -> Iterator[Event[Content] | None]:
        """Yield events as they happen, until every task has ended.

        Args:
            tick_seconds: longest time between two yields, after which None is yielded; None for no limit.
        """
        ...

    def close(self) -> None:
        """End all tasks and their processes at once, without further events."""
        ...


def in_order(executor: Executor[Content], tasks: Sequence[Task[Content]]) -> Generator[End[Content], None, None]:
    """Submit tasks and yield the end of each, in their order, as soon as all before it are known.

    Messages of the tasks are dropped. Closing the generator cancels those that have not ended.

    Args:
        executor: executor without other tasks.
        tasks: the tasks, such as a generation.
    """
    for task in tasks:
        executor.submit(task)
    ends: dict[Task[Content], End[Content]] = {}
    events = executor.events()
    try:
        for task in tasks:
            while task not in ends:
                event = next(events)
                if isinstance(event, Returned | Died | Cancelled):
                    ends[event.task] = event
            yield ends[task]
    finally:
        for task in reversed(tasks):  # waiting tasks first, so that none of them starts
            executor.cancel(task)
