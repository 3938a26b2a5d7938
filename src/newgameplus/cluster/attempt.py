"""What a worker does with an attempt: it plays it in a child process, passes messages on and looks whether to stop.

The worker's own process neither unpickles nor runs what it is given, so that it always answers its scheduler.
"""

from __future__ import annotations

import pickle
import secrets
import threading
import time
import traceback
from collections.abc import Mapping
from typing import Any, TypeAlias

from distributed import Worker, get_worker
from distributed.core import Status

from newgameplus.cluster.identity import describe, unfit
from newgameplus.executor.interface import Died, Returned, Shared, Task, Tell, Told
from newgameplus.executor.local import LocalExecutor

LOOK_SECONDS = 0.2
"""Longest time between two looks whether an attempt is still wanted."""
MESSAGE_BYTES = 1 << 18
"""Largest result that is sent as a message."""
UNFIT_SECONDS = 5.0
"""Time that a worker which cannot play an attempt keeps it, so that it does not take the next one at once."""

Outcome: TypeAlias = tuple[str, int, Any]
"""How an attempt ended, how many messages it has sent, and what belongs to the end:

- ``returned``: the pickled result, or None if a message had it, as a small one is sooner there;
- ``died``: how, and the value of its cause;
- ``unfit``: why this worker cannot play it;
- ``stopped``: None, since nobody waits for it.
"""


def play_attempt(order: dict[str, Any], shared: bytes | None) -> Outcome:
    """Play an attempt on a worker.

    Args:
        order: what :class:`~newgameplus.cluster.place.ClusterExecutor` asks for; of plain types, so that a worker with
            another version of this program can read it, and refuse.
        shared: pickled value that tasks share.
    """
    worker = get_worker()
    messages = _Messages(worker, order)
    reason = unfit(order["identity"], order["needs"], worker.state.nthreads)
    if reason is not None:
        _wait_while_wanted(worker, messages)
        return "unfit", messages.num_sent, f"The worker {worker.name} {reason}."
    messages.send("begun", worker.address)
    doing = _Doing.of(worker)
    doing.begin(order["name"])
    try:
        return _played(worker, order, shared, messages)
    finally:
        doing.end()


def _played(worker: Worker, order: dict[str, Any], shared: bytes | None, messages: _Messages) -> Outcome:
    if not messages.are_wanted():
        messages.send("stopped", None)
        return "stopped", messages.num_sent, None
    executor = _executor()
    value = None if shared is None else Shared(order["shared_key"], shared)
    task = Task(run_packed, order["packed"], value, keeps_process=order["keeps_process"])
    executor.submit(task)
    for event in executor.events(LOOK_SECONDS):
        if not messages.are_wanted():
            executor.cancel(task)
        elif isinstance(event, Told):
            messages.send(*event.content)
        elif isinstance(event, Returned):
            if len(event.result) > MESSAGE_BYTES:
                return "returned", messages.num_sent, event.result
            messages.send("returned", event.result)
            return "returned", messages.num_sent, None
        elif isinstance(event, Died):
            return "died", messages.num_sent, (event.how, event.cause.value)
    messages.send("stopped", None)
    return "stopped", messages.num_sent, None


def run_packed(packed: bytes, tell: Tell, **shared: Any) -> bytes:
    """Body of the child: run pickled work on its pickled content, and return the pickled result.

    It tells pairs: ``told`` with a pickled message, and ``trace`` with the text of what the work has raised.
    """
    try:
        work, content = pickle.loads(packed)  # noqa: S301 - of a member of the cluster, by TLS or on this machine
        return pickle.dumps(work(content, lambda said: tell(("told", pickle.dumps(said))), **shared))
    except BrokenPipeError:
        raise  # the worker is gone
    except Exception:
        tell(("trace", traceback.format_exc()))
        raise


class _Messages:
    """Messages of an attempt to who has submitted it."""

    def __init__(self, worker: Worker, order: dict[str, Any]) -> None:
        self._worker, self._key = worker, worker.get_current_task()
        self._topic, self._number = order["topic"], order["number"]
        self._play = secrets.token_hex(8)
        self.num_sent = 0

    def send(self, kind: str, content: object) -> None:
        """Send a message; the worker does so in the order of the calls."""
        self.num_sent += 1
        message = {"number": self._number, "play": self._play, "kind": kind, "content": content}
        self._worker.log_event(self._topic, message)

    def are_wanted(self) -> bool:
        """Whether somebody waits for the attempt: no longer if it was cancelled, or its client or scheduler is gone.

        Dask does not stop a task that runs (dask/distributed#4694), so this asks the worker's own books.
        """
        state = self._worker.state.tasks.get(self._key)
        return state is not None and state.state == "executing" and self._worker.status in _AT_WORK


_AT_WORK = {Status.running, Status.paused}


class _Doing:
    """What a worker does now, for ``ngp cluster status``."""

    def __init__(self) -> None:
        self.name, self.since, self.num_done = "", 0.0, 0

    @classmethod
    def of(cls, worker: Worker) -> _Doing:
        """The one of a worker."""
        found: _Doing = worker.__dict__.setdefault("newgameplus_doing", cls())
        return found

    def begin(self, name: str) -> None:
        self.name, self.since = name or "a task", time.monotonic()

    def end(self) -> None:
        self.name, self.num_done = "", self.num_done + 1


def doing(dask_worker: Worker) -> dict[str, Any]:
    """Return what a worker is and does, to be run on it by its client."""
    now = _Doing.of(dask_worker)
    seconds = time.monotonic() - now.since if now.name else 0.0
    told = {"name": dask_worker.name, "doing": now.name, "seconds": seconds, "num_done": now.num_done}
    return told | describe()


def reason_unfit(ours: Mapping[str, str], needs: Mapping[str, Mapping[str, str]], dask_worker: Worker) -> str | None:
    """Return why a worker cannot play, to be run on it by its client."""
    reason = unfit(ours, needs, dask_worker.state.nthreads)
    return None if reason is None else f"The worker {dask_worker.name} at {dask_worker.address} {reason}."


def _wait_while_wanted(worker: Worker, messages: _Messages) -> None:
    until = time.monotonic() + UNFIT_SECONDS
    while time.monotonic() < until and messages.are_wanted():
        time.sleep(LOOK_SECONDS)


_mine = threading.local()


def _executor() -> LocalExecutor[bytes]:
    """The executor of this thread of the worker, whose process may have been kept by the attempt before."""
    found: LocalExecutor[bytes] | None = getattr(_mine, "executor", None)
    if found is None:
        found = _mine.executor = LocalExecutor[bytes](1)
    return found
