"""Tries of tasks: whether one that ended without a result is started again, and from where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic

from newgameplus.errors import UsageError
from newgameplus.executor.interface import (
    Cancelled,
    Cause,
    Checkpoint,
    Content,
    Died,
    Event,
    Executor,
    Retried,
    Returned,
    Task,
    Told,
)

MOST_TRIES = 3
"""Number of tries that may be killed, or be lost in a row; then a task is set aside."""


@dataclass
class _Open(Generic[Content]):
    """A task that has not ended."""

    task: Task[Content]
    running: Task[Content] = field(init=False)
    """The attempt that runs; whatever another one still says is dropped."""
    checkpoint: Checkpoint | None = None
    """The newest one."""
    num_tries: Counter[Cause] = field(default_factory=Counter)
    """Number of attempts that ended without a result, by cause."""
    is_cancelled: bool = False

    def next_attempt(self) -> Task[Content]:
        """Return the task as it is started next: a copy, so that events tell the attempts apart."""
        if self.checkpoint is None:
            return replace(self.task)
        return replace(self.task, work=partial(self.task.work, checkpoint=self.checkpoint.state))

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Let the next attempt begin at a checkpoint, which is progress: losses before it count no more."""
        self.checkpoint = checkpoint
        del self.num_tries[Cause.LOST]


class RetryingExecutor(Generic[Content]):
    """An :class:`~newgameplus.executor.interface.Executor` that starts tasks of another one again.

    A try goes on from the newest checkpoint that an earlier try has told, if any. What happens after a try without a
    result depends on its cause: an error is final; the third try that is killed, or that loses its worker without a
    checkpoint since the one before, is the last; what was no fault of the task does not count.

    Args:
        place: executor that runs each attempt; closed together with this one.
        most_tries: number of tries after which a task is set aside.
    """

    def __init__(self, place: Executor[Content], most_tries: int = MOST_TRIES) -> None:
        self._place, self._most_tries = place, most_tries
        self._open: dict[Task[Content], _Open[Content]] = {}
        self._attempts: dict[Task[Content], _Open[Content]] = {}
        """The same by the attempts that run."""

    def submit(self, task: Task[Content]) -> None:
        """Submit a task."""
        if task in self._open:
            raise UsageError("The task has been submitted and has not ended; submit another one.")
        entry = _Open(task)
        self._start(entry)
        self._open[task] = entry

    def cancel(self, task: Task[Content]) -> None:
        """End a task and its process; does nothing if it has already ended."""
        entry = self._open.get(task)
        if entry is not None:
            entry.is_cancelled = True
            self._place.cancel(entry.running)

    def events(self, tick_seconds: float | None = None) -> Generator[Event[Content] | None, None, None]:
        """Yield events as they happen, until every task has ended; None after ``tick_seconds`` without any."""
        for event in self._place.events(tick_seconds):
            if event is None:
                yield None
            elif event.task in self._attempts:
                yield self._taken(self._attempts[event.task], event)

    def close(self) -> None:
        """End all tasks and their processes at once, without further events."""
        self._place.close()
        self._open.clear()
        self._attempts.clear()

    def _start(self, entry: _Open[Content]) -> None:
        entry.running = entry.next_attempt()
        self._place.submit(entry.running)
        self._attempts[entry.running] = entry

    def _taken(self, entry: _Open[Content], event: Event[Content]) -> Event[Content]:
        """Follow an event of an attempt; return it as one of the task."""
        if isinstance(event, Told) and isinstance(event.content, Checkpoint):
            entry.go_on_from(event.content)
        if not isinstance(event, Died | Returned | Cancelled):
            return replace(event, task=entry.task)
        del self._attempts[event.task]
        if isinstance(event, Died) and not entry.is_cancelled and not self._is_last(entry, event.cause):
            self._start(entry)
            return Retried(entry.task, event.how)
        del self._open[entry.task]
        if isinstance(event, Died) and entry.is_cancelled:
            return Cancelled(entry.task)
        if isinstance(event, Died) and event.cause is not Cause.ERROR:
            num_tries = entry.num_tries.total()
            return Died(entry.task, f"{event.how} in the last of {num_tries} tries", event.cause)
        return replace(event, task=entry.task)

    def _is_last(self, entry: _Open[Content], cause: Cause) -> bool:
        """Count a try that ended without a result; return whether no other one follows."""
        entry.num_tries[cause] += 1
        return cause is Cause.ERROR or (cause is not Cause.UNPLAYED and entry.num_tries[cause] >= self._most_tries)
