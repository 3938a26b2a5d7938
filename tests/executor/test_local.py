"""What is particular to tasks in processes of this machine; what every executor promises is tested as a contract."""

import os
import signal

import pytest

from newgameplus.errors import UsageError
from newgameplus.executor.interface import Returned, Task
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.executor.threads import let_waiting_threads_sleep


def patience_of_threads(task, tell):
    return os.environ.get("GOMP_SPINCOUNT")


def test_threads_of_a_process_that_wait_are_put_to_sleep():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OMP_WAIT_POLICY", raising=False)
        patch.delenv("GOMP_SPINCOUNT", raising=False)
        executor = LocalExecutor[int](1)
        executor.submit(Task(patience_of_threads, 1))
        events = list(executor.events())
    assert [event.result for event in events if isinstance(event, Returned)] == ["10000"]


@pytest.mark.parametrize("variable", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_user_says_of_waiting_threads_stays(variable, monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setenv(variable, "5")
    let_waiting_threads_sleep()
    assert os.environ.get("GOMP_SPINCOUNT") == ("5" if variable == "GOMP_SPINCOUNT" else None)


def blocked_signals(task, tell):
    return sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_ctrl_c_does_not_reach_a_process_even_while_its_interpreter_starts():
    executor = LocalExecutor[int](1)
    executor.submit(Task(blocked_signals, 1))
    assert [event.result for event in executor.events() if isinstance(event, Returned)] == [[signal.SIGINT]]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_there_is_at_least_one_core():
    assert available_cores() >= 1


def test_there_is_at_least_one_place():
    with pytest.raises(UsageError, match="at least 1"):
        LocalExecutor(0)
