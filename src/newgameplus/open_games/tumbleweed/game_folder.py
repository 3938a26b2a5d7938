"""The folder of a game made of Tumbleweed's program and levels, which stable-retro can play as well."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newgameplus.emulator.backends import Backend
from newgameplus.errors import IntegrationError, RomError
from newgameplus.games.folders import bundled_games
from newgameplus.games.integration import Integration
from newgameplus.open_games.tumbleweed.pack import PACK_ADDRESS, read_pack
from newgameplus.open_games.tumbleweed.states import cores_for, write_states

NAME = "Tumbleweed-Genesis-v0"
"""The game that comes with New Game Plus."""
FAST_CORE = "picodrive"
"""Plays the game wherever the engine was built: its frames take a third of the time of the usual core's."""
RULES = ("data.json", "contest.json", "contest.lua", "scenario.json", "score.json", "coins.json")
"""The files that are the same for every set of levels."""

_VERSION_AT = PACK_ADDRESS + 4


def bundled_folder() -> Path:
    """Where the game that comes with New Game Plus lies."""
    return bundled_games() / NAME


def base_of(rom: bytes) -> bytes:
    """Return the program of a ROM of the game, to which other levels can be packed without a compiler.

    Raises:
        RomError: the ROM is none of the game, or of another version of its pack of levels.
    """
    read_pack(rom)
    return rom[:PACK_ADDRESS]


def bundled_base() -> bytes:
    """Return the program of the game that comes with New Game Plus.

    Raises:
        RomError: its ROM is missing, or not the one that its files belong to.
    """
    return base_of(Integration(NAME, (bundled_folder(),)).rom().read_bytes())


def check_pack(game: Integration) -> None:
    """Check that a game is one of Tumbleweed's program and levels, of this version.

    Raises:
        RomError: its ROM is missing, is not the one that its files belong to, or has no levels of this version.
    """
    path = game.rom()
    try:
        read_pack(path.read_bytes())
    except RomError as error:
        raise RomError(f"{path} is no set of levels that can be proven here: {error}") from error


def write_game(
    folder: Path,
    rom: bytes,
    metadata: dict[str, Any],
    *,
    report: Callable[[], None] = lambda: None,
    backend: Backend | None = None,
) -> list[str]:
    """Write everything that belongs to a ROM of the game into ``folder``, whose name is the game's.

    What is written depends on the ROM, the metadata and the builds of the cores alone.

    Args:
        folder: exists; files in it that are not the game's are left alone.
        rom: the game with its levels.
        metadata: goes into ``metadata.json`` beside what all such games have.
        report: called after each start state.
        backend: which program emulates; without the engine there are states for stable-retro's choice of core only.

    Returns:
        The names of the levels, in the order of the ROM.

    Raises:
        RomError: it is no ROM of the game.
        IntegrationError: two levels have one name, or a level does not begin.
        OSError: a file cannot be written.
    """
    names = _level_names(rom)
    for name in RULES:
        if folder != bundled_folder():
            shutil.copyfile(bundled_folder() / name, folder / name)
    (folder / "rom.md").write_bytes(rom)
    (folder / "rom.sha").write_text(f"{hashlib.sha1(rom, usedforsecurity=False).hexdigest()}\n")
    content = {
        "checks_rom": True,
        "core": FAST_CORE,
        "default_state": names[0],
        "pack_version": int.from_bytes(rom[_VERSION_AT : _VERSION_AT + 2], "big"),
        **metadata,
    }
    _write_json(folder / "metadata.json", content)
    game = Integration(folder.name, (folder,))
    if all(core.name != FAST_CORE for core in cores_for(game, backend)):
        del content["core"]
        _write_json(folder / "metadata.json", content)
    write_states(game, folder, names, report=report, backend=backend)
    return names


def num_states(num_levels: int, backend: Backend | None = None) -> int:
    """How many start states :func:`write_game` makes of so many levels."""
    return num_levels * len(cores_for(Integration(NAME, (bundled_folder(),)), backend))


def _level_names(rom: bytes) -> list[str]:
    names = [level.name for level in read_pack(rom)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise IntegrationError(f"Two levels are called {twice[0]}, so their start states would have one name.")
    return names


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
