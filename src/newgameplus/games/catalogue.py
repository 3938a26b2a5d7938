"""Catalogue of all games known on this machine, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from newgameplus.errors import IntegrationError, NotFoundError, did_you_mean
from newgameplus.games.folders import collections
from newgameplus.games.integration import Integration

_MAX_NAME_BYTES = 250
"""File systems take 255 for the name of a folder, with ``-v0``."""
_VERSION = re.compile(r"-v(\d+)$")


def games() -> dict[str, Integration]:
    """All games by name, sorted. A folder is a game if it holds ``rom.sha`` or ``data.json``.

    A folder of the same name elsewhere adds its files to it, be it only a scenario.
    A folder without ``-v0`` and without ``rom.sha`` only adds files to the game of that name with ``-v0``, as
    stable-retro's experimental files do to its stable games.
    """
    everything = list(_all_folders())
    names = {folder.name for folder in everything if _is_game(folder)}
    folders = [folder for folder in everything if folder.name in names and folder.is_dir()]
    with_hash = {folder.name for folder in folders if (folder / "rom.sha").is_file()}
    found: dict[str, list[Path]] = {}
    for folder in folders:
        name = folder.name
        is_addition = name not in with_hash and f"{name}-v0" in names
        found.setdefault(f"{name}-v0" if is_addition else name, []).append(folder)
    return {name: Integration(name, tuple(found[name])) for name in sorted(found)}


def find_game(name: str) -> Integration:
    """Return the game called ``name``; the contest's names of 2018, without ``-v0``, are accepted.

    Raises:
        NotFoundError: there is no such game; the message suggests similar names.
    """
    if Path(name).name == name and len(name.encode(errors="surrogatepass")) <= _MAX_NAME_BYTES:
        for candidate in (name, f"{name}-v0", _VERSION.sub("", name)):
            folders = _folders_of(candidate)
            if folders:
                return Integration(candidate, folders)
    raise NotFoundError(f"There is no game {name!r}.{did_you_mean(name, games())} See: ngp games")


def holds_games(folder: Path) -> bool:
    """Whether ``folder`` contains games."""
    return any(_is_game(inner) for inner in folder.iterdir())


def _folders_of(name: str) -> tuple[Path, ...]:
    """Folders of the game ``name`` in the order of the collections; empty if they only add to another game."""
    if _is_addition(name):
        return ()
    plain = name.removesuffix("-v0")
    names = (name, plain) if plain != name and _is_addition(plain) else (name,)
    folders = [folder for collection in collections() for each in names if (folder := collection / each).is_dir()]
    return tuple(folders) if any(map(_is_game, folders)) else ()


def _is_addition(name: str) -> bool:
    here = collections()
    return any(_is_game(folder / f"{name}-v0") for folder in here) and not any(
        (folder / name / "rom.sha").is_file() for folder in here
    )


def _all_folders() -> Iterable[Path]:
    for collection in collections():
        try:
            yield from collection.iterdir()
        except OSError as error:
            raise IntegrationError(f"The folder of games {collection} cannot be read: {error}.") from error


def _is_game(folder: Path) -> bool:
    return (folder / "rom.sha").is_file() or (folder / "data.json").is_file()
