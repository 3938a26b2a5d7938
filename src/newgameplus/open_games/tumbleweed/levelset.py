"""Sets of Tumbleweed's levels, packed behind the program of the ROM that comes with New Game Plus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from newgameplus.emulator.backends import Backend
from newgameplus.games.levels import Split
from newgameplus.open_games import levelset
from newgameplus.open_games.game_folder import bundled_base
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import pack_levels


def write_set(
    folder: Path,
    levels: Sequence[Blueprint],
    description: str,
    metadata: dict[str, Any] | None = None,
    *,
    report: Callable[[], None] = lambda: None,
    backend: Backend | None = None,
) -> Split:
    """Write a set of levels to ``folder``, atomically; the game in it is named after folder and ROM.

    Args:
        folder: must not exist yet, or be empty.
        levels: levels in the order of the split.
        description: one-line description of the split.
        metadata: entries of the game's ``metadata.json`` about the origin of the levels.
        report: called after each start state.
        backend: the emulator's backend; without the engine only states for stable-retro's default core are written.

    Returns:
        The split, whose game is in the catalogue from now on.

    Raises:
        UsageError: the folder is not empty, or a level breaks a rule of the game.
        RomError: the game that comes with New Game Plus is damaged.
        IntegrationError: a level does not start.
        OSError: something cannot be written.
    """
    levelset.check_free(folder)
    rom = pack_levels(bundled_base(TUMBLEWEED), levels)
    return levelset.write_set(TUMBLEWEED, folder, rom, description, metadata, report=report, backend=backend)
