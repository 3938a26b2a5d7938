"""Folders of games: those that come with the packages, and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import UsageError

HOME_VARIABLE = "NGP_HOME"
"""Environment variable that sets the user's folder."""
GAMES_VARIABLE = "NGP_GAMES"
"""Environment variable with folders of the user's own integrations, separated like PATH."""


def home() -> Path:
    """The user's folder of imported ROMs and own games; it may not exist."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override).expanduser() if override else platformdirs.user_data_path("newgameplus", appauthor=False)


def cache() -> Path:
    """The user's folder of what can be computed again; it may not exist."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override).expanduser() / "cache" if override else platformdirs.user_cache_path("newgameplus", False)


def rom_store() -> Path:
    """Folder of imported ROMs, one folder per game."""
    return home() / "roms"


def own_games() -> Path:
    """Folder of the user's own integrations, one folder per game."""
    return home() / "games"


def bundled_games() -> Path:
    """Folder of the open games that come with New Game Plus."""
    return Path(__file__).parent / "bundled"


def add_collection(folder: Path) -> None:
    """Add ``folder`` to ``NGP_GAMES``, for this process and the processes that it starts from now on.

    Raises:
        UsageError: the folder's name cannot be an entry of a path list.
    """
    path = str(folder.resolve())
    if os.pathsep in path:
        raise UsageError(
            f"The folder of games {path} has a {os.pathsep!r} in its name, which separates folders; rename it."
        )
    named = [part for part in os.environ.get(GAMES_VARIABLE, "").split(os.pathsep) if part]
    if path not in named:
        os.environ[GAMES_VARIABLE] = os.pathsep.join([*named, path])


def add_named_collections(names: object) -> None:
    """Let this process find what :func:`named_collections` named elsewhere, where it still lies there."""
    for name in names if isinstance(names, list) else ():
        if isinstance(name, str) and Path(name).is_dir():
            add_collection(Path(name))


def named_collections() -> list[str]:
    """Absolute paths of the folders in ``NGP_GAMES``, to find the same games again later."""
    return [
        str(Path(part).expanduser().resolve()) for part in os.environ.get(GAMES_VARIABLE, "").split(os.pathsep) if part
    ]


def collections() -> tuple[Path, ...]:
    """Folders of games in order of precedence: the user's, ours, stable-retro's.

    Raises:
        UsageError: ``NGP_GAMES`` names a folder that does not exist.
    """
    named = [Path(part).expanduser() for part in os.environ.get(GAMES_VARIABLE, "").split(os.pathsep) if part]
    for folder in named:
        if not folder.is_dir():
            raise UsageError(f"The environment variable {GAMES_VARIABLE} names {folder}, which is no folder.")
    ours = (folder for folder in [*named, own_games(), bundled_games()] if folder.is_dir())
    return (*ours, *stable_retro_collections())


def stable_retro_collections() -> tuple[Path, ...]:
    """Folders of the games that come with stable-retro, in order of precedence."""
    data = stable_retro_folder() / "data"
    return tuple(folder for name in ("stable", "contrib", "experimental") if (folder := data / name).is_dir())
