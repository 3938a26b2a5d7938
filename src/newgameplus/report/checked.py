"""Checked reading of a report's input, which may be damaged or untrusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from newgameplus.errors import ResultsError

MAX_FILE_BYTES = 64 * 2**20
"""Size limit of json, jsonl and csv files; the log of a million episodes takes about 30 MB."""

T = TypeVar("T")


def unique_labels(agents: Sequence[tuple[str, str]], paths: Sequence[Path]) -> list[str]:
    """Return a label for each directory: agent, preset and, if that is ambiguous, the directory's name.

    Args:
        agents: name and preset of each directory.
        paths: path of each directory.

    Raises:
        ResultsError: a directory is named twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise ResultsError("The same results directory is named twice; name each once.")
    names = [agent if preset == "default" else f"{agent} ({preset})" for agent, preset in agents]
    labels = [
        f"{name} · {path.resolve().name}" if names.count(name) > 1 else name
        for name, path in zip(names, paths, strict=True)
    ]
    return [
        f"{label} #{position}" if labels.count(label) > 1 else label for position, label in enumerate(labels, start=1)
    ]


def check_size(path: Path) -> None:
    """Check that a file is no larger than a log can be.

    Raises:
        ResultsError: it is larger.
    """
    if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
        raise ResultsError(f"{path} is corrupt: it is larger than {MAX_FILE_BYTES >> 20} MB.")


def take(content: dict[str, Any], key: str, kind: type[T], where: str) -> T:
    """Return the entry ``key``, which must be of type ``kind``; ``where`` names the file in errors.

    Raises:
        ResultsError: it is missing or of another type.
    """
    value = content.get(key)
    if not isinstance(value, kind):
        raise ResultsError(f"{where} is corrupt: {key!r} is missing or is not of type {kind.__name__}.")
    return value


def objects(content: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """Return the entry ``key``, a list of objects.

    Raises:
        ResultsError: it is not a list of objects.
    """
    values = take(content, key, list, where)
    if not all(isinstance(value, dict) for value in values):
        raise ResultsError(f"{where} is corrupt: {key!r} holds something that is not an object.")
    return values


def finite(content: dict[str, Any], key: str, where: str) -> float | None:
    """Return the entry ``key``, a finite number, or None if it is missing or null.

    Raises:
        ResultsError: it is something else.
    """
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ResultsError(f"{where} is corrupt: {key!r} is not a number.")
    return float(value)


def whole(value: object, what: str, where: str) -> int:
    """Return ``value``, an integer; ``what`` names it in errors.

    Raises:
        ResultsError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ResultsError(f"{where} is corrupt: {what} is not a whole number.")
    return value
