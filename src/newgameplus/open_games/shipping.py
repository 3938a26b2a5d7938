"""Writes the game that comes with New Game Plus, from its program with levels and the layout of its memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newgameplus.open_games.game_folder import write_game
from newgameplus.open_games.open_game import OpenGame


def ship(open_game: OpenGame, rom: bytes, variables: Mapping[str, Any], folder: Path) -> list[str]:
    """Write the game into ``folder``; its scenarios are kept, and states of levels that no longer exist are removed.

    Args:
        open_game: the open game.
        rom: its program with the levels.
        variables: the ``info`` of its ``data.json``.
        folder: folder of the game.

    Returns:
        Names of the levels.

    Raises:
        NewGamePlusError: the program or a level is invalid.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(data_json(variables))
    for state in folder.glob("**/*.state"):
        state.unlink()
    return write_game(open_game, folder, rom, {"title": open_game.title})


def data_json(variables: Mapping[str, Any]) -> str:
    """Return the text of ``data.json`` for the game's variables."""
    return json.dumps({"info": dict(variables)}, indent=2) + "\n"
