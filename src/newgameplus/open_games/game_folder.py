"""Folder of a game made of a program and levels, which stable-retro can also play."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newgameplus.emulator.backends import Backend
from newgameplus.errors import IntegrationError, RomError
from newgameplus.games.integration import Integration
from newgameplus.open_games.open_game import OpenGame
from newgameplus.open_games.states import cores_for, write_states


def base_of(open_game: OpenGame, rom: bytes) -> bytes:
    """Return the program of a ROM of the game, to which other levels can be packed without a compiler.

    Raises:
        RomError: it is not a ROM of the game, or has another version of the pack of levels.
    """
    open_game.level_names(rom)
    return rom[: open_game.pack_address]


def bundled_base(open_game: OpenGame) -> bytes:
    """Return the program of the game that comes with New Game Plus.

    Raises:
        RomError: its ROM is missing, or does not match its other files.
    """
    return base_of(open_game, Integration(open_game.name, (open_game.folder,)).rom().read_bytes())


def check_pack(open_game: OpenGame, game: Integration) -> None:
    """Check that a game consists of the open game's program and levels, of this version.

    Raises:
        RomError: its ROM is missing, does not match its other files, or has no levels of this version.
    """
    path = game.rom()
    try:
        open_game.level_names(path.read_bytes())
    except RomError as error:
        raise RomError(f"{path} is no set of levels that can be proven here: {error}") from error


def write_game(
    open_game: OpenGame,
    folder: Path,
    rom: bytes,
    metadata: dict[str, Any],
    *,
    report: Callable[[], None] = lambda: None,
    backend: Backend | None = None,
) -> list[str]:
    """Write all files of a ROM of the game into ``folder``, whose name is the game's.

    The files depend only on the ROM, the metadata and the builds of the cores.

    Args:
        open_game: the open game.
        folder: an existing folder; files in it that are not the game's are kept.
        rom: the program with its levels.
        metadata: entries of ``metadata.json`` besides those that all such games have.
        report: called after each start state.
        backend: the emulator's backend; without the engine only states for stable-retro's default core are written.

    Returns:
        Names of the levels, in the order of the ROM.

    Raises:
        RomError: it is not a ROM of the game.
        IntegrationError: two levels have the same name, or a level does not start.
        OSError: a file cannot be written.
    """
    names = _level_names(open_game, rom)
    for name in open_game.shared_files:
        if folder != open_game.folder:
            shutil.copyfile(open_game.folder / name, folder / name)
    (folder / open_game.rom_name).write_bytes(rom)
    (folder / "rom.sha").write_text(f"{hashlib.sha1(rom, usedforsecurity=False).hexdigest()}\n")
    content = {
        "checks_rom": True,
        "core": open_game.fast_core,
        "default_state": names[0],
        "pack_version": open_game.pack_version,
        **metadata,
    }
    _write_json(folder / "metadata.json", content)
    game = Integration(folder.name, (folder,))
    if all(core.name != open_game.fast_core for core in cores_for(game, backend)):
        del content["core"]
        _write_json(folder / "metadata.json", content)
    write_states(open_game, game, folder, names, report=report, backend=backend)
    return names


def num_states(open_game: OpenGame, num_levels: int, backend: Backend | None = None) -> int:
    """Number of start states that :func:`write_game` makes of ``num_levels`` levels."""
    return num_levels * len(cores_for(Integration(open_game.name, (open_game.folder,)), backend))


def _level_names(open_game: OpenGame, rom: bytes) -> list[str]:
    names = open_game.level_names(rom)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise IntegrationError(f"Two levels are called {twice[0]}, so their start states would have one name.")
    return names


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
