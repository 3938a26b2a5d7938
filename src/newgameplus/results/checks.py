"""Checked reading of results, which may be damaged or untrusted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeVar

from newgameplus.errors import ResultsError

MAX_FILE_BYTES = 64 * 2**20
"""Size limit of json, jsonl and csv files; the log of a million episodes takes about 30 MB."""

MAX_STEPS = 2**53
"""Limit of step numbers; larger integers are not exact in a browser."""
MAX_RETURN = 1e100
"""Limit of the size of a return: sums and squares of those of a whole evaluation stay finite."""

T = TypeVar("T")


def check_size(path: Path) -> None:
    """Check that a file is no larger than a log can be.

    Raises:
        ResultsError: it is larger.
    """
    if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
        raise ResultsError(f"{path} is corrupt: it is larger than {MAX_FILE_BYTES >> 20} MB.")


def is_return(value: float) -> bool:
    """Whether ``value`` can be the return of an episode: what a log may be given, and what is read from one."""
    return abs(value) <= MAX_RETURN  # False for NaN


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


def is_count(value: object) -> bool:
    """Whether ``value`` is a valid number of steps."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_STEPS


def whole_lines(path: Path) -> list[str]:
    """Return the lines of a log, without an incomplete last one.

    Raises:
        ResultsError: the file cannot be read or is too large.
    """
    check_size(path)
    try:
        return path.read_text(encoding="utf-8").split("\n")[:-1]
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"Cannot read {path}: {error}.") from error
