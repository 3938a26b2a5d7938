"""Logs of an evaluation's run, in the columns of 2018: ``monitor.csv`` (r,l,t) and ``log.csv`` (l,t).

Reading treats them as untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newgameplus.durable import GrowingLog
from newgameplus.errors import ResultsError
from newgameplus.results.checks import MAX_STEPS, is_return, whole_lines

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
    """A growing csv file of numbers; see :class:`newgameplus.durable.GrowingLog`."""

    def __init__(self, path: Path, header: str, size_bytes: int = 0) -> None:
        self._log = GrowingLog(path, size_bytes, header)

    @property
    def size_bytes(self) -> int:
        """Current length of the file."""
        return self._log.size_bytes

    def append(self, *values: float) -> None:
        """Write one row; floats are written so that they are read back exactly.

        Raises:
            ResultsError: a value is none that would be read back.
        """
        if not all(map(is_return, values)):
            raise ResultsError(f"A row of a log has finite numbers, not {values}.")
        self._log.append(",".join(repr(value) for value in values))

    def sync(self) -> None:
        """Sync the file to disk."""
        self._log.sync()

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def read_monitor(path: Path) -> list[Episode]:
    """Return the episodes of a ``monitor.csv``; an incomplete last line is left out.

    Raises:
        ResultsError: the file is missing or is not a monitor log.
    """
    return [parse_episode(line, f"{path} is corrupt: line {number}") for number, line in _lines(path, MONITOR_HEADER)]


def parse_episode(line: str, where: str) -> Episode:
    """Return the episode in a line of a ``monitor.csv``; ``where`` begins the message of an error.

    Raises:
        ResultsError: it is none.
    """
    episode_return, num_steps, elapsed_seconds = _numbers(line, MONITOR_HEADER, where)
    if not 0 <= num_steps < MAX_STEPS:
        raise ResultsError(f"{where} is no episode.")
    return Episode(episode_return, int(num_steps), elapsed_seconds)


def read_log(path: Path) -> list[tuple[int, float]]:
    """Return the rows of a ``log.csv``: agent steps so far and seconds.

    Raises:
        ResultsError: the file is missing or is not such a log.
    """
    rows = [
        _numbers(line, LOG_HEADER, f"{path} is corrupt: line {number}") for number, line in _lines(path, LOG_HEADER)
    ]
    return [(int(row[0]), row[1]) for row in rows]


def _lines(path: Path, header: str) -> list[tuple[int, str]]:
    """Lines after the header, with their numbers."""
    first, *lines = whole_lines(path) or [""]
    if first.strip() != header:
        raise ResultsError(f"{path} is corrupt: its first line is {first[:80]!r}, not {header!r}.")
    return list(enumerate(lines, start=2))


def _numbers(line: str, header: str, where: str) -> list[float]:
    try:
        row = [float(value) for value in line.split(",")]
    except ValueError:
        row = []
    if len(row) != header.count(",") + 1 or not all(map(is_return, row)):
        raise ResultsError(f"{where} is {line[:80]!r}, not numbers for {header}.")
    return row
