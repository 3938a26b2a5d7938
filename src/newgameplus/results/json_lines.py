"""Logs of a training run, a JSON object per line; reading treats them as untrusted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newgameplus.durable import GrowingLog
from newgameplus.errors import ResultsError
from newgameplus.results.checks import is_count, whole_lines


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


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a training run's log, without an incomplete last line; each has a ``num_steps``.

    Raises:
        ResultsError: the file is corrupt.
    """
    if not path.is_file():
        return []
    lines = []
    for number, line in enumerate(whole_lines(path), start=1):
        lines.append(parse_json_line(line, f"{path} is corrupt: line {number}"))
    return lines


def parse_json_line(line: str, where: str) -> dict[str, Any]:
    """Return a line of a training run's log; ``where`` begins the message of an error.

    Raises:
        ResultsError: it is none.
    """
    try:
        content = json.loads(line, parse_constant=lambda _: None)  # NaN, in logs of 0.1
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not is_count(content.get("num_steps")):
        raise ResultsError(f"{where} is no line of a training run's log.")
    return content


def _finite(value: Any) -> Any:
    """Return ``value``, JSON types, with None for each number that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
