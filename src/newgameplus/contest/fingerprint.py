"""Hashes of what a level is made of, by which machines and days are compared."""

from __future__ import annotations

import hashlib
from typing import Any

from newgameplus.emulator.cores import core_of
from newgameplus.errors import ResultsError
from newgameplus.games.levels import Level


def fingerprint(level: Level, core_name: str | None) -> dict[str, Any]:
    """Return hashes of a level's files, so that different versions of a level are not compared unnoticed.

    Args:
        level: the level.
        core_name: name of the core; None for the game's own.

    Raises:
        NewGamePlusError: a ROM, state, scenario or core is missing.
    """
    game = level.integration
    game.scenario(level.scenario)
    core = game.core() if core_name is None else core_of(game.console, core_name)
    # Power-on differs from one process to the next in bytes that loading ignores.
    state = b"" if game.is_power_on(level.state) else game.state(level.state, core.name)
    rom = game.rom()
    return {
        "id": str(level),
        "game": level.game,
        "state": level.state,
        "scenario": level.scenario,
        "rom_sha1": hashlib.sha1(rom.read_bytes(), usedforsecurity=False).hexdigest(),
        "state_sha256": hashlib.sha256(state).hexdigest(),
        "core": {"name": core.name, "version": core.version, "sha256": core.sha256, "options": game.core_options},
    }


def check_unchanged(level: Level, recorded: dict[str, Any], core_name: str | None) -> None:
    """Compare a level with what was recorded of it.

    Raises:
        ResultsError: it is another one now, or here.
    """
    today = fingerprint(level, core_name)
    for part in ("rom_sha1", "core", "state_sha256"):
        if recorded.get(part) != today[part]:
            raise ResultsError(
                f"{level} is not what it was when these results were begun: its {part.split('_')[0]} was "
                f"{recorded.get(part)} and is {today[part]}; start anew with another --results."
            )
