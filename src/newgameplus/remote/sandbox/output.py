"""What a program prints: the end of it is kept, with times, and its rate is measured."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections import deque

from newgameplus.printable import printable

KEPT_BYTES = 64 << 10
"""Number of bytes of output that are kept, the last ones."""
BURST_SECONDS = 10
"""Output of so many seconds may come at once, after a silence that was as long."""
_PIPE_BYTES = 256 << 10
"""Size of the pipe: what a program may print between two looks before it has to wait."""
_LARGEST_READ = 1 << 20


class Output:
    """The reading side of a program's standard output and standard error, which are one pipe."""

    def __init__(self, bytes_per_second: int) -> None:
        self._descriptor, self.writer = os.pipe()
        os.set_blocking(self._descriptor, False)
        with contextlib.suppress(OSError):  # the user's pipes hold all that they may; 64 kB do
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._lines: deque[tuple[float, bytes]] = deque()
        self._kept_bytes = 0
        self._unfinished = b""
        self._rate = bytes_per_second
        self._allowance = float(bytes_per_second * BURST_SECONDS)
        self._last = time.monotonic()
        self.total_bytes = 0
        """Number of bytes printed."""

    def close_writer(self) -> None:
        """Close this process' copy of the writing side, once the program has its own."""
        os.close(self.writer)

    def read(self) -> bool:
        """Take what is there; return whether the rate is kept."""
        now = time.monotonic()
        self._allowance = min(self._rate * BURST_SECONDS, self._allowance + self._rate * (now - self._last))
        self._last = now
        taken = 0
        while self._descriptor >= 0 and taken < _LARGEST_READ:
            try:
                piece = os.read(self._descriptor, KEPT_BYTES)
            except BlockingIOError:
                break
            if not piece:
                break
            taken += len(piece)
            self._keep(now, piece)
        self.total_bytes += taken
        self._allowance -= taken
        return self._allowance >= 0

    def _keep(self, now: float, piece: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + piece).split(b"\n")
        self._unfinished = self._unfinished[-KEPT_BYTES:]
        for line in lines:
            self._lines.append((now, line[-KEPT_BYTES:]))
            self._kept_bytes += len(self._lines[-1][1]) + 1
        while self._kept_bytes + len(self._unfinished) > KEPT_BYTES and self._lines:
            self._kept_bytes -= len(self._lines.popleft()[1]) + 1

    def lines(self) -> list[tuple[float, str]]:
        """Return the lines that are kept, each with the time (``time.monotonic()``) at which it was read.

        Characters that would move a terminal's cursor or change its title are shown as escapes.
        """
        lines = [*self._lines, *([(self._last, self._unfinished)] if self._unfinished else [])]
        return [(seconds, printable(line.decode(errors="replace").removesuffix("\r"))) for seconds, line in lines]

    def close(self) -> None:
        """Take the rest, and close."""
        self.read()
        os.close(self._descriptor)
        self._descriptor = -1
