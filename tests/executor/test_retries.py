"""Tries of tasks: what is started again, from where, and what is given up."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from newgameplus.executor.interface import (
    Begun,
    Cancelled,
    Cause,
    Checkpoint,
    Died,
    Event,
    Retried,
    Returned,
    Task,
    Told,
)
from newgameplus.executor.local import LocalExecutor
from newgameplus.executor.retries import RetryingExecutor


@pytest.fixture
def executor() -> Iterator[RetryingExecutor[Any]]:
    made = RetryingExecutor[Any](LocalExecutor(1))
    yield made
    made.close()


def count_up(limit, tell, *, checkpoint=0):
    """Go on from the checkpoint, tell the next one, and be killed until the limit is reached."""
    if checkpoint == limit:
        return checkpoint
    tell(Checkpoint(checkpoint + 1))
    os.kill(os.getpid(), signal.SIGKILL)
    return None


def misbehave(how, tell):
    if how == "raise":
        raise ValueError(how)
    if how == "wait":
        tell("waits")
        signal.pause()
    os.kill(os.getpid(), getattr(signal, how))


def ran(executor, task):
    executor.submit(task)
    return list(executor.events())


def kinds(events):
    return [type(event).__name__ for event in events if not isinstance(event, Told)]


def test_a_try_goes_on_from_the_checkpoint_of_the_try_before(executor):
    task = Task(count_up, 2)
    events = ran(executor, task)
    assert kinds(events) == ["Begun", "Retried", "Begun", "Retried", "Begun", "Returned"]
    assert events[-1].result == 2
    assert all(event.task is task for event in events)
    assert [event.content.state for event in events if isinstance(event, Told)] == [1, 2]


def test_a_task_whose_process_is_killed_three_times_is_set_aside_and_others_are_not(executor):
    poison, other = Task(misbehave, "SIGKILL"), Task(count_up, 0)
    executor.submit(poison)
    events = ran(executor, other)
    assert kinds(event for event in events if event.task is poison) == [*["Begun", "Retried"] * 2, "Begun", "Died"]
    died = next(event for event in events if isinstance(event, Died))
    assert (died.how, died.cause) == ("was ended by SIGKILL in the last of 3 tries", Cause.KILLED)
    assert kinds(event for event in events if event.task is other) == ["Begun", "Returned"]


@pytest.mark.parametrize(("how", "told"), [("raise", "ended with exit code 1"), ("SIGSEGV", "was ended by SIGSEGV")])
def test_what_would_happen_again_is_not_tried_again(executor, how, told, capfd):
    events = ran(executor, Task(misbehave, how))
    assert kinds(events) == ["Begun", "Died"]
    assert (events[-1].how, events[-1].cause) == (told, Cause.ERROR)


def test_a_task_that_is_cancelled_while_it_dies_is_not_tried_again(executor):
    task = Task(misbehave, "wait")
    executor.submit(task)
    events = executor.events()
    assert isinstance(next(events), Begun)
    assert isinstance(next(events), Told)
    executor.cancel(task)
    assert [type(event) for event in events] == [Cancelled]


class Script:
    """An executor whose attempts end as a list says, to see what is counted where no machine can be lost."""

    def __init__(self, *ends: Any) -> None:
        self._ends, self._happened, self.started = list(ends), list[Event[Any]](), list[Task[Any]]()

    def submit(self, task: Task[Any]) -> None:
        self.started.append(task)
        self._happened.append(Begun(task))
        for end in self._ends.pop(0):
            self._happened.append(Died(task, "was lost", end) if isinstance(end, Cause) else Told(task, end))
        if not isinstance(self._happened[-1], Died):
            self._happened.append(Returned(task, "result"))

    def cancel(self, task: Task[Any]) -> None:
        raise AssertionError

    def events(self, tick_seconds: float | None = None) -> Iterator[Event[Any]]:
        while self._happened:
            yield self._happened.pop(0)

    def close(self) -> None:
        pass

    def say_of(self, task: Task[Any], what: object) -> None:
        self._happened.insert(0, Told(task, what))


def test_losses_by_no_fault_of_a_task_are_never_counted():
    executor = RetryingExecutor(Script(*[[Cause.UNPLAYED]] * 10, []))
    assert kinds(ran(executor, Task(count_up, 0)))[-2:] == ["Begun", "Returned"]


def test_losses_while_it_ran_are_counted_from_the_last_checkpoint_on():
    lost = [Cause.LOST]
    far = RetryingExecutor(Script(lost, lost, [Checkpoint(1), Cause.LOST], lost, [Checkpoint(2), Cause.LOST], []))
    assert kinds(ran(far, Task(count_up, 0)))[-1] == "Returned"
    near = RetryingExecutor(Script(lost, lost, lost))
    assert ran(near, Task(count_up, 0))[-1].how == "was lost in the last of 3 tries"


def test_messages_of_an_attempt_that_was_given_up_are_dropped():
    place = Script([Cause.LOST], [])
    executor = RetryingExecutor(place)
    task = Task(count_up, 0)
    executor.submit(task)
    said = []
    for event in executor.events():
        said.append(event)
        if isinstance(event, Retried):
            place.say_of(place.started[0], "stale")
            place.say_of(place.started[1], "fresh")
    assert [event.content for event in said if isinstance(event, Told)] == ["fresh"]
