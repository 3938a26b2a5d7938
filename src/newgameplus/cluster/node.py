"""A process of a cluster, a scheduler or a worker: ``python -m newgameplus.cluster.node`` with what it is as JSON.

It ends when its standard input does, that is with who has started it, however that ends. Exit code 2: it cannot run, as
the last line of its output says; otherwise it may be started again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Scheduler, Worker, rpc
from distributed.security import Security

from newgameplus.cluster.address import Address
from newgameplus.cluster.connect import security_for
from newgameplus.cluster.identity import difference, identity
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.executor.threads import let_waiting_threads_sleep

REFUSED = 2
"""Exit code of a node that cannot run."""
JOIN_SECONDS = 60.0
"""Time after which a worker without a scheduler ends, and is started again."""
CLOSE_SECONDS = 5.0
"""Longest time of an orderly end."""
HTTP = "127.0.0.1:0"
"""Where Dask's pages would be, which ask nobody for a certificate: on this machine, and without any routes."""
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.low-level-log-length": 16,
    "distributed.admin.large-graph-warning-threshold": "1TB",
}
"""Settings of Dask: it repeats nothing, gives a worker one task at a time, and keeps few messages."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a node is."""

    role: str
    """``scheduler`` or ``worker``."""
    name: str
    scheme: str
    host: str
    port: int
    """Address of the scheduler."""
    certificates: str | None = None
    """Folder of the certificates; None for the user's own."""
    scratch: str | None = None
    """Folder for what Dask writes."""

    @property
    def command(self) -> list[str]:
        """Command that starts it."""
        return [sys.executable, "-m", "newgameplus.cluster.node", json.dumps(asdict(self))]

    @property
    def address(self) -> Address:
        """Address of the scheduler."""
        return Address(self.scheme, self.host, self.port)


def main() -> None:
    """Run the node that the only argument describes, to its end."""
    node = Node(**json.loads(sys.argv[1]))
    let_waiting_threads_sleep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING)
    dask.config.set(SETTINGS)
    try:
        asyncio.run(_run(node))
    except NewGamePlusError as error:
        print(error, flush=True)  # noqa: T201 - who has started it reads this
        sys.exit(REFUSED)


async def _run(node: Node) -> None:
    ending = _EndOfInput()
    security = security_for(node.address, None if node.certificates is None else Path(node.certificates))
    if node.role == "scheduler":
        await _schedule(node, security, ending)
    else:
        await _work(node, security, ending)


class _EndOfInput:
    """Ends this process when its standard input does: in order if it has begun, else at once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._close: Callable[[], Coroutine[Any, Any, object]] | None = None
        threading.Thread(target=self._wait, daemon=True).start()

    def closes(self, close: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Say how the process ends in order."""
        self._close = close

    def _wait(self) -> None:
        while os.read(0, 1024):
            pass
        if self._close is None:
            os._exit(1)
        close = self._close
        self._loop.call_soon_threadsafe(lambda: self._loop.create_task(close()))
        threading.Event().wait(CLOSE_SECONDS)
        os._exit(1)


async def _schedule(node: Node, security: Security | None, ending: _EndOfInput) -> None:
    try:
        scheduler = await Scheduler(
            host=node.host,
            port=node.port,
            protocol=node.scheme,
            security=security,
            dashboard=False,
            dashboard_address=HTTP,
        )
    except OSError as error:
        raise UsageError(f"No scheduler can listen at {node.address}: {error.strerror or error}.") from error
    async with scheduler:
        scheduler.handlers["newgameplus_identity"] = identity
        ending.closes(scheduler.close)
        await scheduler.finished()


async def _work(node: Node, security: Security | None, ending: _EndOfInput) -> None:
    await _check_scheduler(node, security)
    worker = Worker(
        str(node.address),
        name=node.name,
        nthreads=1,
        memory_limit=0,
        protocol=node.scheme,
        host=node.host if node.address.is_loopback else None,
        security=security,
        dashboard=False,
        dashboard_address=HTTP,
        death_timeout=JOIN_SECONDS,
        local_directory=node.scratch,
    )
    async with worker:
        ending.closes(lambda: worker.close(executor_wait=False))
        await worker.finished()


async def _check_scheduler(node: Node, security: Security | None) -> None:
    """Refuse to join a scheduler of another version; wait for one that is not there.

    Raises:
        UsageError: it has another version.
    """
    connection: dict[str, Any] = {} if security is None else {"connection_args": security.get_connection_args("worker")}
    scheduler = rpc(str(node.address), timeout=JOIN_SECONDS, **connection)
    try:
        theirs = await scheduler.newgameplus_identity()
    except AttributeError:
        return  # Dask's own scheduler; clients compare
    finally:
        await scheduler.close_rpc()
    differing = difference(theirs, identity())
    if differing is not None:
        raise UsageError(f"This machine cannot join {node.address}, as it {differing}.".replace(" here", " there"))


if __name__ == "__main__":
    main()
