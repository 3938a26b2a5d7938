"""JSON files that hold one object with its format version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from newgameplus.durable import write_atomically
from newgameplus.errors import ResultsError
from newgameplus.results.checks import check_size


def read_json(path: Path, format_version: int) -> dict[str, Any]:
    """Return the object in a JSON file with a format version.

    Raises:
        ResultsError: the file is missing, corrupt or of another format.
    """
    check_size(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # "\ud800" is half a character, which nothing can be named
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path} is corrupt: {error}.") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != format_version:
        raise ResultsError(f"{path} has format {found!r}; this version of New Game Plus reads format {format_version}.")
    return dict(content)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a JSON file atomically.

    Raises:
        OSError: it cannot be written.
    """
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
