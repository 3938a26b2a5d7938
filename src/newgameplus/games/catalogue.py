"""All games that are known on this machine, by name."""

from __future__ import annotations

import re
from pathlib import Path

from newgameplus.errors import NotFoundError, did_you_mean
from newgameplus.games.folders import collections
from newgameplus.games.integration import Integration

_VERSION = re.compile(r"-v(\d+)$")


def games() -> dict[str, Integration]:
    """Every game, by name, sorted. A folder is a game when it holds ``rom.sha`` or ``data.json``."""
    folders: dict[str, list[Path]] = {}
    for collection in collections():
        for folder in collection.iterdir():
            if _is_game(folder):
                folders.setdefault(folder.name, []).append(folder)
    return {name: Integration(name, tuple(folders[name])) for name in sorted(folders)}


def find_game(name: str) -> Integration:
    """Return the game called ``name``; the contest's names of 2018, without ``-v0``, are understood.

    Raises:
        NotFoundError: there is no such game; the message suggests near names.
    """
    if "/" not in name and name not in ("", ".", ".."):
        for candidate in (name, f"{name}-v0", _VERSION.sub("", name)):
            found = tuple(folder for c in collections() if _is_game(folder := c / candidate))
            if found:
                return Integration(candidate, found)
    raise NotFoundError(f"There is no game {name!r}.{did_you_mean(name, games())} See: ngp games")


def _is_game(folder: Path) -> bool:
    return (folder / "rom.sha").is_file() or (folder / "data.json").is_file()
