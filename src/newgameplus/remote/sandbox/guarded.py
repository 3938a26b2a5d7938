"""The other side of a guardian: begins it, tells it to go on or to end, and reads what it reports."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 20.0
"""Time that a guardian may take to start a program, and to clear up after it."""
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[3]); from newgameplus.remote.sandbox.guardian import main; "
    "main(int(sys.argv[1]), int(sys.argv[2]))"
)
_NOTHING_SAID = {"memory_kills": 0, "refused_processes": 0, "group_cpu": 0.0}


class Guarded:
    """A guardian and the pipes to it."""

    def __init__(self, plan: dict[str, Any], passed: Sequence[int], output: int) -> None:
        """Begin a guardian.

        Args:
            plan: see :func:`newgameplus.remote.sandbox.guardian.main`.
            passed: descriptors that it is to have.
            output: descriptor that all its programs print to.
        """
        self.last: dict[str, Any] | None = None
        """Its last report; None before that."""
        self._unread = b""
        control, self._control = os.pipe()
        self._report, report = os.pipe()
        source = str(Path(__file__).parents[3])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, str(control), str(report), source],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(control, report, *passed),
                env={name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"},
                start_new_session=True,  # Ctrl-C is for who began it
            )
        except BaseException:
            os.close(self._control)
            os.close(self._report)
            raise
        finally:
            os.close(control)
            os.close(report)
        self.pid = self._process.pid
        """Its PID."""
        self._write(json.dumps(plan).encode() + b"\n")

    def let_run(self) -> None:
        """Let the program run."""
        self._write(b"g")

    def _write(self, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(self._control, content) :]
        except BrokenPipeError:  # it has ended, and its reports say why
            return

    def next_report(self, seconds: float) -> dict[str, Any] | None:
        """Return its next report within a time, or None; the last one again after that."""
        if self.last is not None:
            return self.last
        poller = select.poll()
        poller.register(self._report, select.POLLIN)
        while b"\n" not in self._unread:
            if not poller.poll(seconds * 1000):
                return None
            if not (piece := os.read(self._report, 65536)):
                self.last = _NOTHING_SAID  # it was killed
                return self.last
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        report: dict[str, Any] = json.loads(line)
        if "group_cpu" in report:
            self.last = report
        return report

    def end(self) -> None:
        """End the program, wait for the last report, and for the guardian's own end."""
        if self._control < 0:
            return
        os.close(self._control)
        self._control = -1
        while self.last is None:
            if self.next_report(PATIENCE_SECONDS) is None:
                self._process.kill()  # the sandbox dies with it
        self._process.wait()
        os.close(self._report)
