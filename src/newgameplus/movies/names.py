"""File names of movies: level and episode number; imports no emulator and no other package."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"(?P<level>.+)-(?P<index>\d{4}|\d{6})\.bk2")


def movie_name(folder_name: str, index: int) -> str:
    """Return the file name of a level's movie: ``<Game>-<State>-000012.bk2``."""
    return f"{folder_name}-{index:06d}.bk2"


def index_of(path: Path) -> int | None:
    """Return the episode number in a movie's file name (four digits in 2018, six since), or None."""
    match = _NAME.fullmatch(path.name)
    return int(match["index"]) if match else None


def level_of(path: Path, game: str) -> str | None:
    """Return the level, ``Game/State``, in a movie's file name, or None if it has none."""
    match = _NAME.fullmatch(path.name)
    if match is None or not match["level"].startswith(f"{game}-"):
        return None
    return f"{game}/{match['level'].removeprefix(f'{game}-')}"
