"""What an executor of tasks promises, wherever it runs them.

An executor starts a task at most once, says how it ended and repeats nothing. Who wants a task to be tried again,
to go on from a checkpoint or to be set aside after several deaths submits it again and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

Content = TypeVar("Content")
Tell: TypeAlias = Callable[[object], None]
"""Sends something to whoever submitted the task."""


@dataclass(frozen=True, slots=True, eq=False)
class Task(Generic[Content]):
    """A call of ``work(content, tell)`` in another process; it is its own handle, and equals itself alone."""

    work: Callable[[Content, Tell], Any]
    """A function of a module, or a ``functools.partial`` of one; what it returns and tells can be pickled."""
    content: Content
    """What it is called with; can be pickled."""


@dataclass(frozen=True, slots=True)
class Begun(Generic[Content]):
    """A process has been started for a task."""

    task: Task[Content]


@dataclass(frozen=True, slots=True)
class Told(Generic[Content]):
    """A task has sent something on its way."""

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
    """A clause: ``was ended by SIGSEGV`` or ``ended with exit code 1``, also where the function raised."""


@dataclass(frozen=True, slots=True)
class Cancelled(Generic[Content]):
    """A task has ended: it was cancelled, and its process, if it had one, is no more."""

    task: Task[Content]


End: TypeAlias = Returned[Content] | Died[Content] | Cancelled[Content]
"""How a task ended: each has exactly one end, which comes after all else that is said of it."""
Event: TypeAlias = Begun[Content] | Told[Content] | End[Content]


class Executor(Protocol[Content]):
    """Runs tasks in other processes, so that what crashes there crashes alone.

    It belongs to one thread: submit, cancel and look at events from the same.
    """

    def submit(self, task: Task[Content]) -> None:
        """Take a task on, at any time: before events are looked at, in between and afterwards.

        Raises:
            UsageError: the task has been submitted and has not ended.
        """
        ...

    def cancel(self, task: Task[Content]) -> None:
        """End a task and its process; without effect where it has ended already."""
        ...

    def events(self, tick_seconds: float | None = None) -> Iterator[Event[Content] | None]:
        """Yield what happens, as it happens, until every task has ended.

        Args:
            tick_seconds: longest silence, which a None breaks; None for no limit.
        """
        ...

    def close(self) -> None:
        """End every task and its process at once, without another event."""
        ...


def in_order(executor: Executor[Content], tasks: Sequence[Task[Content]]) -> Generator[End[Content], None, None]:
    """Submit tasks and yield the end of each, in their order, each as soon as all before it are known.

    What tasks tell is not heard. Closing the generator cancels those that have not ended.

    Args:
        executor: has no other task meanwhile.
        tasks: a generation, for example.
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
        for task in reversed(tasks):  # those that wait first, so that none of them begins
            executor.cancel(task)
