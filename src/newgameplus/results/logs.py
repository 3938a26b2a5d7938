"""Logs of runs; reading treats them as untrusted.

Those of an evaluation have the columns of 2018: ``monitor.csv`` (r,l,t) and ``log.csv`` (l,t). Those of a training run
are JSON lines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.durable import GrowingLog
from newgameplus.errors import ResultsError
from newgameplus.results.checks import check_size, is_return

MONITOR_HEADER = "r,l,t"
"""Return, agent steps, seconds since the run's first reset; a row per episode."""
LOG_HEADER = "l,t"
"""Agent steps so far, seconds since the run's first reset; a row per 1,000 steps."""
LOG_INTERVAL = 1000
"""Agent steps between two rows of ``log.csv``."""

MAX_STEPS = 2**53
"""Limit of step numbers; larger integers are not exact in a browser."""


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


class JsonLines:
    """A growing file of JSON objects, one per line, each with a number of steps; see ``GrowingLog``."""

    def __init__(self, path: Path, size_bytes: int = 0) -> None:
        self._log = GrowingLog(path, size_bytes)

    @property
    def size_bytes(self) -> int:
        """Current length of the file."""
        return self._log.size_bytes

    def write(self, num_steps: int, content: Mapping[str, Any]) -> None:
        """Append one line: ``content``, as of ``num_steps`` steps; NaN and infinity become null."""
        self._log.append(json.dumps({"num_steps": num_steps, **_finite(content)}, allow_nan=False))

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def read_monitor(path: Path) -> list[Episode]:
    """Return the episodes of a ``monitor.csv``; an incomplete last line is left out.

    Raises:
        ResultsError: the file is missing or is not a monitor log.
    """
    rows = _rows(path, MONITOR_HEADER)
    for number, (_, num_steps, _) in enumerate(rows, start=2):
        if not 0 <= num_steps < MAX_STEPS:
            raise ResultsError(f"{path} is corrupt: line {number} is no episode.")
    return [Episode(row[0], int(row[1]), row[2]) for row in rows]


def read_log(path: Path) -> list[tuple[int, float]]:
    """Return the rows of a ``log.csv``: agent steps so far and seconds.

    Raises:
        ResultsError: the file is missing or is not such a log.
    """
    return [(int(row[0]), row[1]) for row in _rows(path, LOG_HEADER)]


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a training run's log, without an incomplete last line; each has a ``num_steps``.

    Raises:
        ResultsError: the file is corrupt.
    """
    if not path.is_file():
        return []
    lines = []
    for number, line in enumerate(_whole_lines(path), start=1):
        try:
            content = json.loads(line, parse_constant=lambda _: None)  # NaN, in logs of 0.1
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or not is_count(content.get("num_steps")):
            raise ResultsError(f"{path} is corrupt: line {number} is no line of a training run's log.")
        lines.append(content)
    return lines


def is_count(value: object) -> bool:
    """Whether ``value`` is a valid number of steps."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_STEPS


def _finite(value: Any) -> Any:
    """Return ``value``, JSON types, with None for each number that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def _whole_lines(path: Path) -> list[str]:
    check_size(path)
    try:
        return path.read_text(encoding="utf-8").split("\n")[:-1]
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"Cannot read {path}: {error}.") from error


def _rows(path: Path, header: str) -> list[list[float]]:
    first, *lines = _whole_lines(path) or [""]
    if first.strip() != header:
        raise ResultsError(f"{path} is corrupt: its first line is {first[:80]!r}, not {header!r}.")
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            row = [float(value) for value in line.split(",")]
        except ValueError:
            row = []
        if len(row) != header.count(",") + 1 or not all(map(is_return, row)):
            raise ResultsError(f"{path} is corrupt: line {number} is {line[:80]!r}, not numbers for {header}.")
        rows.append(row)
    return rows
