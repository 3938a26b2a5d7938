"""Nodes that are kept: processes of a cluster on this machine, started again when they end, ended together."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from newgameplus.cluster.address import Address
from newgameplus.cluster.node import REFUSED, Node
from newgameplus.errors import UsageError
from newgameplus.executor.local import available_cores

LOOK_SECONDS = 0.25
"""Time between two looks at the nodes."""
AGAIN_SECONDS = 1.0
"""Shortest time from one start of a node to the next."""
CLOSE_SECONDS = 10.0
"""Time after which a node that does not end is killed."""


def nodes_of(
    address: Address, num_workers: int, machine: str, *, has_scheduler: bool, certificates: Path | None
) -> list[Node]:
    """Return the nodes of a machine.

    Args:
        address: address of the scheduler.
        num_workers: number of workers.
        machine: name of this machine among those of the cluster.
        has_scheduler: whether the scheduler is one of them.
        certificates: folder of the certificates; None for the user's own.
    """
    where = (address.scheme, address.host, address.port, None if certificates is None else str(certificates))
    workers = [Node("worker", f"{machine}-{number}", *where) for number in range(1, num_workers + 1)]
    return [Node("scheduler", "scheduler", *where), *workers] if has_scheduler else workers


@dataclass
class _Kept:
    """A node and its process."""

    node: Node
    log: IO[bytes]
    process: subprocess.Popen[bytes]
    started: float

    @property
    def last_line(self) -> str:
        """Last line of its output."""
        lines = Path(self.log.name).read_text(errors="replace").splitlines()
        return lines[-1] if lines else ""


class KeptNodes:
    """Processes of a cluster on this machine. They end with this object, or with its process, however that ends.

    Args:
        nodes: what they are.
        logs: folder of their output, a file each.
        report: called with a sentence when one has ended.
    """

    def __init__(self, nodes: Sequence[Node], logs: Path, report: Callable[[str], None]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._report = report
        num_threads = max(1, available_cores() // max(1, sum(node.role == "worker" for node in nodes)))
        self._environment = {"OMP_NUM_THREADS": str(num_threads)} | os.environ
        self._scratch = tempfile.TemporaryDirectory(prefix="newgameplus-")
        self._kept: list[_Kept] = []
        for described in nodes:
            node = replace(described, scratch=self._scratch.name)
            log = (logs / f"{node.name}.log").open("wb", buffering=0)
            self._kept.append(_Kept(node, log, self._started(node, log), time.monotonic()))

    def process_of(self, name: str) -> subprocess.Popen[bytes]:
        """Return the process of a node as it is now."""
        return next(kept.process for kept in self._kept if kept.node.name == name)

    def wait_for_scheduler(self) -> None:
        """Wait until the scheduler answers.

        Raises:
            UsageError: it cannot run.
        """
        while not self._kept[0].node.address.answers(1.0):
            self._look_at(self._kept[0])
            time.sleep(LOOK_SECONDS / 5)

    def keep(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Start nodes again that end, as long as ``is_wanted``, else until Ctrl-C.

        Raises:
            UsageError: one cannot run.
        """
        while is_wanted():
            for kept in self._kept:
                self._look_at(kept)
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """End all nodes, workers first, and wait for them."""
        for kept in reversed(self._kept):
            _close_input(kept.process)
        until = time.monotonic() + CLOSE_SECONDS
        for kept in self._kept:
            try:
                kept.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                kept.process.kill()
                kept.process.wait()
            kept.log.close()
        self._scratch.cleanup()

    def _look_at(self, kept: _Kept) -> None:
        code = kept.process.poll()
        if code is None:
            return
        if code == REFUSED:
            raise UsageError(kept.last_line)
        if time.monotonic() - kept.started < AGAIN_SECONDS:
            return
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._report(f"{kept.node.name} has ended ({how}) and is started again; its output: {kept.log.name}")
        _close_input(kept.process)
        kept.process, kept.started = self._started(kept.node, kept.log), time.monotonic()

    def _started(self, node: Node, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            node.command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for who keeps them
        )


def _close_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
