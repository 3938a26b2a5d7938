"""Files of integrations as text: read with a limit on their size, with or without a byte order mark."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from newgameplus.errors import IntegrationError

MAX_TEXT_BYTES = 4 * 2**20
"""Size limit of json, toml and hash files; the largest of stable-retro's has under 100 kB."""

_SHA1 = re.compile(r"[0-9a-f]{40}")


def read_text(path: Path, max_bytes: int | None = None) -> str:
    """Return a file's text without the byte order mark that editors on Windows put first.

    Args:
        path: the file.
        max_bytes: its size limit; None takes ``MAX_TEXT_BYTES``.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large or not UTF-8.
    """
    limit = MAX_TEXT_BYTES if max_bytes is None else max_bytes
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it is larger than {limit:,} bytes")
    return content.decode("utf-8-sig")


def parse(path: Path, max_bytes: int | None = None) -> Any:
    """Return the content of a json file, or of a toml file if it is called so.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, or its syntax is wrong; the message says in which line and column.
        RecursionError: it is nested too deeply.
    """
    text = read_text(path, max_bytes)
    if path.suffix == ".toml":
        return tomllib.loads(text)
    content = json.loads(text)
    if "\\u" in text:
        json.dumps(content, ensure_ascii=False).encode()  # "\ud800" is half a character, which nothing can be named
    return content


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a json file of an integration.

    Raises:
        IntegrationError: it is not a json object.
    """
    try:
        content = parse(path)
    except (OSError, ValueError, RecursionError) as error:
        raise IntegrationError(f"{path} is not valid json: {error}.") from error
    if not isinstance(content, dict):
        raise IntegrationError(f"{path} must hold a json object, not {type(content).__name__}.")
    return content


def read_sha1s(path: Path) -> list[str]:
    """Read the hashes in a ``rom.sha``; empty if there is no such file.

    Raises:
        IntegrationError: it holds something else.
    """
    if not path.is_file():
        return []
    try:
        words = read_text(path).lower().split()
    except (OSError, ValueError) as error:
        raise IntegrationError(f"{path} cannot be read: {error}.") from error
    for word in words:
        if not _SHA1.fullmatch(word):
            raise IntegrationError(
                f"{path} must hold SHA-1 hashes, 40 hexadecimal digits each, and holds {word[:50]!r}."
            )
    return words
