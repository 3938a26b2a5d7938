"""What every executor promises: each task has one end, it may be cancelled, and closing ends all."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from newgameplus.cluster.connect import executor_on
from newgameplus.errors import UsageError
from newgameplus.executor.interface import (
    Begun,
    Cancelled,
    Died,
    Event,
    Executor,
    Returned,
    Task,
    Tell,
    Told,
    in_order,
    share,
)
from newgameplus.executor.local import LocalExecutor
from newgameplus.executor.retries import RetryingExecutor

EXECUTORS: dict[str, Callable[[int], Executor[Any]]] = {
    "local": LocalExecutor,
    "retrying": lambda num_processes: RetryingExecutor(LocalExecutor(num_processes)),
}
"""By name, for two tasks at a time."""


def double(number: int, tell: Tell) -> int:
    tell(number)
    return number * 2


def misbehave(how: str, tell: Tell) -> str:
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "leave":
        os._exit(3)
    if how == "raise":
        raise ValueError(how)
    return how


def wait_for_ever(content: object, tell: Tell) -> None:
    tell(os.getpid())
    signal.pause()


class Interruption(BaseException):
    """What Ctrl-C would raise; of its own, so that pytest does not end where a test fails."""


def return_but_stay(parent: int, tell: Tell) -> None:
    """Return, and leave a thread behind that keeps the process; after the return it sends signals to the parent."""

    def stay() -> None:
        threading.main_thread().join()
        while True:
            os.kill(parent, signal.SIGUSR1)
            threading.Event().wait(0.02)

    tell(os.getpid())
    threading.Thread(target=stay).start()


def wait_at_gate(gate: Path, tell: Tell) -> str:
    """Wait until somebody writes to a named pipe."""
    tell(os.getpid())
    return gate.read_text()


def open_gate(gate: Path, tell: Tell) -> str:
    gate.write_text("open")
    return "opened"


RETRYING = pytest.param("retrying", marks=pytest.mark.nightly)
"""Repeats what the cluster's executor shows, which retries too."""


@pytest.fixture(params=["local", RETRYING, "cluster"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor[Any]]:
    """An executor for two tasks at a time."""
    if request.param == "cluster":
        made = executor_on(request.getfixturevalue("cluster").address)
    else:
        made = EXECUTORS[request.param](2)
    yield made
    made.close()


@pytest.fixture(params=["local", RETRYING])
def executor_here(request: pytest.FixtureRequest) -> Iterator[Executor[Any]]:
    """An executor of this machine for two tasks at a time."""
    made = EXECUTORS[request.param](2)
    yield made
    made.close()


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def said_by(executor: Executor[Any], task: Task[Any]) -> Any:
    """Look at events until ``task`` tells something, and return that."""
    return next(event.content for event in executor.events() if isinstance(event, Told) and event.task is task)


def of(task: Task[Any], events: list[Event[Any] | None]) -> list[str]:
    return [type(event).__name__ for event in events if event is not None and event.task is task]


def test_every_task_begins_tells_and_returns_once(executor: Executor[int]) -> None:
    tasks = [Task(double, number) for number in range(5)]
    for task in tasks:
        executor.submit(task)
    events = list(executor.events())
    assert all(of(task, events) == ["Begun", "Told", "Returned"] for task in tasks)
    results = {event.task.content: event.result for event in events if isinstance(event, Returned)}
    assert results == {number: 2 * number for number in range(5)}
    assert list(executor.events()) == []


def test_a_process_that_dies_takes_no_other_with_it(executor: Executor[str], capfd: Any) -> None:
    tasks = [Task(misbehave, how) for how in ("crash", "leave", "raise", "stay")]
    for task in tasks:
        executor.submit(task)
    events = list(executor.events())
    assert {event.task.content: event.how for event in events if isinstance(event, Died)} == {
        "crash": "was ended by SIGSEGV",
        "leave": "ended with exit code 3",
        "raise": "ended with exit code 1",
    }
    assert [event.result for event in events if isinstance(event, Returned)] == ["stay"]
    assert "ValueError: raise" in capfd.readouterr().err


def test_a_task_is_cancelled_although_an_exception_came_out_of_the_events(executor_here: Executor[int]) -> None:
    executor = executor_here
    is_awaited = False

    def interrupt(_: int, frame: FrameType | None) -> None:
        nonlocal is_awaited
        called = [each.f_code.co_name for each, _ in traceback.walk_stack(frame)]
        if is_awaited and "join" in called:  # the process has returned, and is waited for
            is_awaited = False
            raise Interruption

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        task, other = Task(return_but_stay, os.getpid()), Task(double, 4)
        executor.submit(task)
        pid = said_by(executor, task)
        is_awaited = True
        with pytest.raises(Interruption):
            list(executor.events())
        executor.cancel(task)
        was_running = is_running(pid)
    finally:
        with contextlib.suppress(ProcessLookupError, NameError):
            os.kill(pid, signal.SIGKILL)  # so that it sends no more signals, whatever has failed
            os.waitpid(pid, 0)
        signal.signal(signal.SIGUSR1, before)
    assert not was_running
    executor.submit(other)
    assert of(other, list(executor.events())) == ["Begun", "Told", "Returned"]


def test_tasks_may_be_submitted_while_others_run_and_after_all_have_ended(executor: Executor[int]) -> None:
    results = []
    executor.submit(Task(double, 1))
    for event in executor.events():
        if isinstance(event, Returned):
            results.append(event.result)
            if event.result < 8:
                executor.submit(Task(double, event.result))
    assert results == [2, 4, 8]
    executor.submit(Task(double, 50))
    assert [event.result for event in executor.events() if isinstance(event, Returned)] == [100]


def test_no_more_tasks_run_at_a_time_than_there_are_places(executor: Executor[Path], tmp_path: Path) -> None:
    for name in "abc":
        os.mkfifo(tmp_path / name)
        executor.submit(Task(wait_at_gate, tmp_path / name))
    open_tasks: set[Task[Path]] = set()
    most = 0
    for event in executor.events():
        if isinstance(event, Begun):
            open_tasks.add(event.task)
        elif isinstance(event, Told):
            event.task.content.write_text("open")
        elif event is not None:
            open_tasks.remove(event.task)
        most = max(most, len(open_tasks))
    assert most <= 2
    assert not open_tasks


def test_a_cancelled_task_ends_with_its_process_and_its_place_is_free(executor: Executor[Any]) -> None:
    tasks = [Task(wait_for_ever, None) for _ in range(2)]
    after = Task(double, 4)
    for task in (*tasks, after):
        executor.submit(task)
    pids = {}
    for event in executor.events():
        if isinstance(event, Told) and event.task in tasks:
            pids[event.task] = event.content
        if len(pids) == 2:
            break
    for task in tasks:
        executor.cancel(task)
        executor.cancel(task)
    events = list(executor.events())
    assert [of(task, events) for task in tasks] == [["Cancelled"], ["Cancelled"]]
    assert of(after, events)[-1] == "Returned"
    assert not any(map(is_running, pids.values()))


def test_a_task_that_waits_is_cancelled_without_a_process(executor: Executor[Any]) -> None:
    running = [Task(wait_for_ever, None) for _ in range(2)]
    waiting = Task(double, 1)
    for task in (*running, waiting):
        executor.submit(task)
    executor.cancel(waiting)
    for task in running:
        executor.cancel(task)
    events = list(executor.events())
    assert of(waiting, events) == ["Cancelled"]
    assert sum(isinstance(event, Cancelled) for event in events) == 3


def test_to_cancel_a_task_that_has_ended_or_was_never_submitted_changes_nothing(executor: Executor[int]) -> None:
    task = Task(double, 1)
    executor.submit(task)
    assert of(task, list(executor.events()))[-1] == "Returned"
    executor.cancel(task)
    executor.cancel(Task(double, 2))
    assert list(executor.events()) == []


def test_a_task_is_submitted_once_until_it_has_ended(executor: Executor[int]) -> None:
    task = Task(double, 1)
    executor.submit(task)
    with pytest.raises(UsageError, match="has not ended"):
        executor.submit(task)
    assert of(task, list(executor.events())).count("Returned") == 1
    executor.submit(task)
    assert of(task, list(executor.events())).count("Returned") == 1


def test_a_silence_is_broken_where_that_is_wished(executor: Executor[Any]) -> None:
    task = Task(wait_for_ever, None)
    executor.submit(task)
    said_by(executor, task)
    assert next(iter(executor.events(tick_seconds=0.01))) is None


def test_closing_ends_every_process_and_leaves_nothing_to_hear(executor: Executor[Any]) -> None:
    tasks = [Task(wait_for_ever, None) for _ in range(3)]
    for task in tasks:
        executor.submit(task)
    pid = said_by(executor, tasks[0])
    executor.close()
    assert not is_running(pid)
    assert list(executor.events()) == []


def test_results_come_in_the_order_of_tasks_and_not_of_their_ends(executor: Executor[Any], tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    first, second = Task(wait_at_gate, gate), Task(open_gate, gate)
    ends = list(in_order(executor, [first, second]))
    assert [end.task for end in ends] == [first, second]
    assert [end.result for end in ends if isinstance(end, Returned)] == ["open", "opened"]


def test_whoever_asks_for_results_in_order_no_more_leaves_no_process(executor: Executor[Any]) -> None:
    ends = in_order(executor, [Task(double, 1), Task(wait_for_ever, None), Task(wait_for_ever, None)])
    assert isinstance(next(ends), Returned)
    ends.close()
    assert {type(event) for event in executor.events()} <= {Begun, Told, Cancelled}


def add(number: int, tell: Tell, *, shared: list[int]) -> tuple[int, int]:
    return number + sum(shared), os.getpid()


def test_a_shared_value_reaches_every_task_that_names_it(executor: Executor[int]) -> None:
    first, second = share([1, 2]), share([10])
    for keeps_process, values in ((False, [first, second]), (True, [first, first, second, first])):
        tasks = [Task(add, 100, value, keeps_process=keeps_process) for value in values]
        results = [end.result[0] for end in in_order(executor, tasks) if isinstance(end, Returned)]
        assert results == [103 if value is first else 110 for value in values]


def test_a_process_that_is_kept_runs_the_next_task_and_one_that_is_not_runs_one(executor: Executor[int]) -> None:
    value = share([])
    pids = {}
    for keeps_process, num_tasks in ((True, 6), (False, 3)):
        tasks = [Task(add, number, value, keeps_process=keeps_process) for number in range(num_tasks)]
        ends = list(in_order(executor, tasks))
        pids[keeps_process] = {end.result[1] for end in ends if isinstance(end, Returned)}
    assert len(pids[True]) <= 2
    assert len(pids[False]) == 3
    assert not pids[True] & pids[False]


def test_a_kept_process_that_dies_is_followed_by_another(executor: Executor[str], capfd: Any) -> None:
    tasks = [Task(misbehave, how, keeps_process=True) for how in ("stay", "leave", "stay", "crash", "stay")]
    ends = list(in_order(executor, tasks))
    assert [type(end).__name__ for end in ends] == ["Returned", "Died", "Returned", "Died", "Returned"]


KILLED = """
import os, signal
from newgameplus.executor.interface import Task, Told
from newgameplus.executor.local import LocalExecutor
from tests.contracts.test_executor_contract import wait_for_ever
if __name__ == "__main__":
    executor = LocalExecutor(1)
    executor.submit(Task(wait_for_ever, None))
    print(next(event.content for event in executor.events() if isinstance(event, Told)), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_task_ends_where_the_process_of_a_local_executor_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(KILLED)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    descriptor = os.pidfd_open(pid) if is_running(pid) else None
    if descriptor is not None:
        assert select.select([descriptor], [], [], 30)[0]
        os.close(descriptor)
    assert not is_running(pid)
