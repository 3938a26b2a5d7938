"""Executor on the workers of a cluster: Dask places each task once and carries its messages."""

from __future__ import annotations

import contextlib
import itertools
import pickle
import queue
import secrets
import sys
import time
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from newgameplus.cluster.attempt import play_attempt
from newgameplus.cluster.identity import identity
from newgameplus.errors import UsageError
from newgameplus.executor.interface import (
    Begun,
    Cancelled,
    Cause,
    Content,
    Died,
    End,
    Event,
    Returned,
    Shared,
    Task,
    Told,
)

STOP_SECONDS = 5.0
"""Longest time to wait for a worker to say that it has stopped a cancelled task."""
BULKY_BYTES = 1 << 20
"""Size from which a message is taken out of the scheduler's log as soon as it has come."""


@dataclass
class _Flight(Generic[Content]):
    """An attempt that Dask has."""

    task: Task[Content]
    number: int
    future: Future[Any]
    play: str = ""
    """What tells the messages of this play from those of another, if Dask has started the attempt twice."""
    num_heard: int = 0
    outcome: tuple[str, int, Any] | None = None
    """How it ended; its last messages may come later."""
    stop_by: float | None = None
    """When a cancelled one counts as stopped, by the monotonic clock."""


class ClusterExecutor(Generic[Content]):
    """An :class:`~newgameplus.executor.interface.Executor` whose tasks run on a cluster, each in a child of a worker.

    A task whose worker or scheduler ends has died of :attr:`Cause.LOST`, or of :attr:`Cause.UNPLAYED` where it was not
    running or the scheduler is to blame; Dask itself repeats nothing.

    Args:
        client: client of the cluster; closed together with this executor.
        needs: what a worker must have to play the tasks, from :func:`newgameplus.cluster.identity.needs_of`.
    """

    def __init__(self, client: Client, needs: Mapping[str, Mapping[str, str]]) -> None:
        self._client = client
        self._needs = {game: dict(parts) for game, parts in needs.items()}
        self._name = secrets.token_hex(4)
        self._topic = f"newgameplus-{self._name}"
        self._numbers = itertools.count()
        self._open: dict[Task[Content], _Flight[Content]] = {}
        self._flights: dict[int, _Flight[Content]] = {}
        self._landing: dict[int, Future[Any]] = {}
        """Tasks of Dask whose result has come as a message before their end; a future is given up only after it."""
        self._shared: dict[str, Future[Any]] = {}
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        """What the client's thread has heard."""
        self._happened: deque[Event[Content]] = deque()
        self._unfit: set[str] = set()
        self._subscribe()
        client.run_on_scheduler(_forbid_repetition)

    def submit(self, task: Task[Content]) -> None:
        """Submit a task; Dask gives it to a worker as soon as one is free."""
        if task in self._open:
            raise UsageError("The task has been submitted and has not ended; submit another one.")
        number = next(self._numbers)
        order = {
            "topic": self._topic,
            "number": number,
            "name": task.name,
            "identity": identity(),
            "needs": self._needs,
            "packed": pickle.dumps((task.work, task.content), pickle.HIGHEST_PROTOCOL),
            "shared_key": None if task.shared is None else task.shared.key,
            "keeps_process": task.keeps_process,
        }
        shared = None if task.shared is None else self._sent(task.shared)
        key = f"play-{self._name}-{number}"
        future = self._client.submit(play_attempt, order, shared, key=key, retries=0, pure=False)
        self._open[task] = self._flights[number] = _Flight(task, number, future)
        future.add_done_callback(lambda _: self._inbox.put({"number": number, "kind": "done"}))

    def cancel(self, task: Task[Content]) -> None:
        """End a task and its process; does nothing if it has already ended."""
        flight = self._open.get(task)
        if flight is None or flight.stop_by is not None:
            return
        flight.stop_by = time.monotonic() + (STOP_SECONDS if flight.play else 0.0)
        flight.future.release()
        if not flight.play:
            self._end(flight, Cancelled(task))

    def events(self, tick_seconds: float | None = None) -> Generator[Event[Content] | None, None, None]:
        """Yield events as they happen, until every task has ended; None after ``tick_seconds`` without any."""
        while True:
            while self._happened:
                yield self._happened.popleft()
            if not self._flights:
                return
            is_silent = not self._listen(tick_seconds)
            self._end_stopped()
            if is_silent and not self._happened and tick_seconds is not None:
                yield None

    def close(self) -> None:
        """End all tasks and their processes at once, without further events; the client is closed."""
        for task in list(self._open):
            self.cancel(task)
        while self._flights and self._client.status == "running":
            self._listen(None)
            self._end_stopped()
        for left in (self._open, self._flights, self._landing, self._shared, self._happened):
            left.clear()
        self._empty_log()
        self._client.close()

    def _listen(self, seconds: float | None) -> bool:
        """Wait for what the client's thread hears next; return whether something came."""
        stops = [flight.stop_by for flight in self._flights.values() if flight.stop_by is not None]
        if stops:
            left = max(0.0, min(stops) - time.monotonic())
            seconds = left if seconds is None else min(seconds, left)
        try:
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            return False
        flight = self._flights.get(message["number"])
        if message["kind"] == "done":
            self._landing.pop(message["number"], None)
            if flight is not None:
                self._land(flight)
        elif flight is not None:
            self._hear(flight, message)
        return True

    def _hear(self, flight: _Flight[Content], message: dict[str, Any]) -> None:
        kind, content = message["kind"], message["content"]
        if kind == "begun":
            flight.play, flight.num_heard = message["play"], 0
            if flight.stop_by is None:
                self._happened.append(Begun(flight.task))
        if message["play"] != flight.play:
            return
        flight.num_heard += 1
        if kind == "stopped":
            self._end(flight, Cancelled(flight.task))
        elif kind == "returned":
            flight.outcome = (kind, flight.num_heard, content)
        elif kind == "trace":
            sys.stderr.write(content)
        elif kind == "told" and flight.stop_by is None:
            self._happened.append(Told(flight.task, pickle.loads(content)))  # noqa: S301 - of a worker of the cluster
            if len(content) >= BULKY_BYTES:
                self._empty_log()
        self._conclude(flight)

    def _land(self, flight: _Flight[Content]) -> None:
        """Take the end of a Dask task."""
        status = flight.future.status
        if flight.stop_by is not None:
            return
        if status == "finished":
            with contextlib.suppress(Exception):  # its worker has ended since
                flight.outcome = flight.future.result()
        if status == "finished" and flight.outcome is None:
            self._end(flight, Died(flight.task, "lost its result with its worker", Cause.UNPLAYED))
            return
        if flight.outcome is None:
            self._end(flight, self._death(flight))
            return
        self._conclude(flight)

    def _death(self, flight: _Flight[Content]) -> Died[Content]:
        if flight.future.status != "error":
            self._subscribe()  # a new scheduler knows nobody
            return Died(flight.task, "lost its scheduler", Cause.UNPLAYED)
        error = flight.future.exception()
        if isinstance(error, KilledWorker):
            cause = Cause.LOST if flight.play else Cause.UNPLAYED
            return Died(flight.task, f"lost its worker {error.last_worker.address}", cause)
        return Died(flight.task, f"could not be run: {type(error).__name__}: {error}")

    def _conclude(self, flight: _Flight[Content]) -> None:
        """End a flight whose outcome is known, once all of its messages have come."""
        if flight.outcome is None or flight.num_heard < flight.outcome[1]:
            return
        kind, _, content = flight.outcome
        if kind == "returned":
            self._end(flight, Returned(flight.task, pickle.loads(content)))  # noqa: S301 - of a worker of the cluster
        elif kind == "died":
            self._end(flight, Died(flight.task, content[0], Cause(content[1])))
        else:
            self._end(flight, Died(flight.task, self._told_unfit(content), Cause.UNPLAYED))

    def _told_unfit(self, reason: str | None) -> str:
        if reason is None:
            return "was stopped"
        if reason not in self._unfit:
            self._unfit.add(reason)
            sys.stderr.write(f"{reason} It plays nothing of this.\n")
        return "was given to a worker that cannot play it"

    def _end_stopped(self) -> None:
        """Take cancelled tasks as ended whose workers say nothing: they are gone, or cut off."""
        now = time.monotonic()
        for flight in list(self._flights.values()):
            if flight.stop_by is not None and now >= flight.stop_by:
                self._end(flight, Cancelled(flight.task))

    def _end(self, flight: _Flight[Content], end: End[Content]) -> None:
        if self._flights.pop(flight.number, None) is not None:
            if flight.stop_by is None and not flight.future.done():
                self._landing[flight.number] = flight.future
            del self._open[flight.task]
            self._happened.append(end)

    def _sent(self, shared: Shared) -> Future[Any]:
        """Future of a shared value: a task of Dask, so that workers fetch it from each other and none is its only one.

        Only the value that is used last is kept beside those that are needed still.
        """
        future = self._shared.get(shared.key)
        if future is None or future.status in ("cancelled", "lost", "error"):
            key = f"shared-{self._name}-{next(self._numbers)}"
            future = self._client.submit(_itself, shared.packed, key=key, pure=False)
        self._shared = {shared.key: future}
        return future

    def _empty_log(self) -> None:
        """Let the scheduler forget the messages that have come; it would keep a thousand checkpoints."""
        if self._client.status == "running":
            with contextlib.suppress(OSError):
                self._client.run_on_scheduler(_forget, topic=self._topic)

    def _subscribe(self) -> None:
        self._client.subscribe_topic(self._topic, lambda event: self._inbox.put(event[1]))


def _itself(packed: bytes) -> bytes:
    return packed


def _forbid_repetition(dask_scheduler: Any) -> None:
    """Let no scheduler start a task again by itself: it would be from an old checkpoint, and it knows no reasons."""
    dask_scheduler.allowed_failures = 0


def _forget(topic: str, dask_scheduler: Any) -> None:
    dask_scheduler._broker.truncate(topic)
