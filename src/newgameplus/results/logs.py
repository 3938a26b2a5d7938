"""The two logs of a run, in the columns of 2018: ``monitor.csv`` (r,l,t) and ``log.csv`` (l,t)."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import ResultsError

MONITOR_HEADER = "r,l,t"
"""Return, agent steps, seconds since the run's first reset; a row per episode."""
LOG_HEADER = "l,t"
"""Agent steps so far, seconds since the run's first reset; a row per 1,000 steps."""
LOG_INTERVAL = 1000
"""Agent steps between two rows of ``log.csv``."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A row of ``monitor.csv``."""

    episode_return: float
    num_steps: int
    elapsed_seconds: float


class CsvLog:
    """A csv file that grows by whole rows, each written at once, and can be cut back to an earlier length.

    Args:
        path: created with ``header`` when it is not there.
        header: the first line.
        size_bytes: how much of an existing file is kept: what came after the last checkpoint is played again; None
            begins anew.

    Raises:
        ResultsError: the file is shorter than ``size_bytes``.
    """

    def __init__(self, path: Path, header: str, size_bytes: int | None = None) -> None:
        found = path.stat().st_size if path.exists() else 0
        if size_bytes is not None and found < size_bytes:
            raise ResultsError(
                f"{path} is corrupt: it has lost rows that were written before the last checkpoint; "
                "start anew with another --results."
            )
        self._file = path.open("ab", buffering=0)
        self._file.truncate(size_bytes or 0)
        self._file.seek(0, os.SEEK_END)
        if size_bytes is None:
            self._file.write(f"{header}\n".encode())

    @property
    def size_bytes(self) -> int:
        """The file's length now."""
        return self._file.tell()

    def append(self, *values: float) -> None:
        """Write one row; floats are written so that they read back as the same number."""
        self._file.write((",".join(repr(value) for value in values) + "\n").encode())

    def sync(self) -> None:
        """Wait until every row is on the disk, where a power cut cannot reach it."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_monitor(path: Path) -> list[Episode]:
    """Return the episodes of a ``monitor.csv``; a last line that was cut short is left out.

    Raises:
        ResultsError: the file is missing or is not a monitor log.
    """
    return [Episode(row[0], int(row[1]), row[2]) for row in _rows(path, MONITOR_HEADER)]


def read_log(path: Path) -> list[tuple[int, float]]:
    """Return the rows of a ``log.csv``: agent steps so far and seconds.

    Raises:
        ResultsError: the file is missing or is not such a log.
    """
    return [(int(row[0]), row[1]) for row in _rows(path, LOG_HEADER)]


def _rows(path: Path, header: str) -> list[list[float]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"Cannot read {path}: {error}.") from error
    first, *lines = text.split("\n")[:-1] or [""]
    if first.strip() != header:
        raise ResultsError(f"{path} is corrupt: its first line is {first[:80]!r}, not {header!r}.")
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            row = [float(value) for value in line.split(",")]
        except ValueError:
            row = []
        if len(row) != header.count(",") + 1 or not all(map(math.isfinite, row)):
            raise ResultsError(f"{path} is corrupt: line {number} is {line[:80]!r}, not numbers for {header}.")
        rows.append(row)
    return rows
