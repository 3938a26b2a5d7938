"""stable-retro's ``data`` module: listings and paths of games, and the view of a game's variables."""

from __future__ import annotations

from pathlib import Path

from newgameplus.compat.retro.game_data import GameData
from newgameplus.compat.retro.integrations import (
    GameNotFoundError,
    Integrations,
    add_integrations,
    folders_of,
    integration_of,
)
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.games.catalogue import games

__all__ = [
    "GameData",
    "Integrations",
    "add_custom_integration",
    "add_integrations",
    "get_file_path",
    "get_romfile_path",
    "list_games",
    "list_scenarios",
    "list_states",
    "path",
]


def add_custom_integration(path: str | Path) -> None:
    """Add a folder of games, for this process and those that it starts."""
    Integrations.add_custom_path(path)


def path() -> str:
    """Return stable-retro's folder of integrations."""
    return str(stable_retro_folder() / "data")


def list_games(inttype: Integrations = Integrations.DEFAULT) -> list[str]:
    """Return the names of all games with a ``rom.sha``, sorted; whether their ROM is here or not."""
    parents = folders_of(inttype)
    return [
        name
        for name, game in games().items()
        if any(folder.parent in parents and (folder / "rom.sha").is_file() for folder in game.folders)
    ]


def list_states(game: str, inttype: Integrations = Integrations.DEFAULT) -> list[str]:
    """Return the names of a game's start states, sorted.

    Raises:
        GameNotFoundError: there is no such game.
    """
    return list(integration_of(game, inttype).states)


def list_scenarios(game: str, inttype: Integrations = Integrations.DEFAULT) -> list[str]:
    """Return the names of a game's scenarios, sorted.

    Raises:
        GameNotFoundError: there is no such game.
    """
    return list(integration_of(game, inttype).scenarios)


def get_file_path(game: str, file: str, inttype: Integrations = Integrations.DEFAULT) -> str | None:
    """Return the path of a game's file, or None if there is none."""
    try:
        found = integration_of(game, inttype).file(file)
    except GameNotFoundError:
        return None
    return None if found is None else str(found)


def get_romfile_path(game: str, inttype: Integrations = Integrations.DEFAULT) -> str:
    """Return the path of a game's ROM.

    Raises:
        GameNotFoundError: there is no such game.
        RomError: its ROM has not been imported.
    """
    return str(integration_of(game, inttype).rom())
