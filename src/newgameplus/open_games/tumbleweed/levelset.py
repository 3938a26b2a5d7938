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
    """Write a set of levels to ``folder``, all of it or nothing; the game in it is named after folder and ROM.

    Args:
        folder: must not exist yet, or be empty.
        levels: in the order of the split.
        description: of the split, one line.
        metadata: what the game's ``metadata.json`` says of where the levels come from.
        report: called after each start state.
        backend: which program emulates; without the engine there are states for stable-retro's choice of core only.

    Returns:
        The split, whose game is known from now on.

    Raises:
        UsageError: the folder is taken, or a level breaks a rule of the game.
        RomError: the game that comes with New Game Plus is damaged.
        IntegrationError: a level does not begin.
        OSError: something cannot be written.
    """
    levelset.check_free(folder)
    rom = pack_levels(bundled_base(TUMBLEWEED), levels)
    return levelset.write_set(TUMBLEWEED, folder, rom, description, metadata, report=report, backend=backend)
