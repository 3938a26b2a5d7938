"""Functions side by side in processes: what comes back, what dies, and that closing ends them."""

import os
import signal
from contextlib import closing

import pytest

from newgameplus.executor.local import Begun, Died, Returned, Told, available_cores, side_by_side
from newgameplus.executor.threads import let_waiting_threads_sleep


def double(task, tell):
    tell(task)
    return task * 2


def misbehave(task, tell):
    if task == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if task == "leave":
        os._exit(3)
    return task


def patience_of_threads(task, tell):
    return os.environ.get("GOMP_SPINCOUNT")


def wait_for_ever(task, tell):
    tell(os.getpid())
    signal.pause()


def test_every_task_begins_tells_and_returns():
    events = [event for event in side_by_side(double, [1, 2, 3], 2) if event is not None]
    assert {event.task for event in events if isinstance(event, Begun)} == {1, 2, 3}
    assert {(event.task, event.content) for event in events if isinstance(event, Told)} == {(1, 1), (2, 2), (3, 3)}
    assert {event.task: event.result for event in events if isinstance(event, Returned)} == {1: 2, 2: 4, 3: 6}


def test_a_process_that_dies_takes_no_other_with_it():
    events = list(side_by_side(misbehave, ["crash", "leave", "stay"], 2))
    assert {event.task: event.how for event in events if isinstance(event, Died)} == {
        "crash": "was ended by SIGSEGV",
        "leave": "ended with exit code 3",
    }
    assert [event.result for event in events if isinstance(event, Returned)] == ["stay"]


def test_threads_of_a_process_that_wait_are_put_to_sleep():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OMP_WAIT_POLICY", raising=False)
        patch.delenv("GOMP_SPINCOUNT", raising=False)
        events = list(side_by_side(patience_of_threads, [1], 1))
    assert [event.result for event in events if isinstance(event, Returned)] == ["10000"]


@pytest.mark.parametrize("variable", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_user_says_of_waiting_threads_stays(variable, monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setenv(variable, "5")
    let_waiting_threads_sleep()
    assert os.environ.get("GOMP_SPINCOUNT") == ("5" if variable == "GOMP_SPINCOUNT" else None)


def test_closing_ends_the_processes():
    with closing(side_by_side(wait_for_ever, ["task"], 1, tick_seconds=0.1)) as events:
        pid = next(event.content for event in events if isinstance(event, Told))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return
    raise AssertionError("the process is still there")


def test_there_is_at_least_one_core():
    assert available_cores() >= 1
