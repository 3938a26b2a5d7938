"""Sets of one's own levels: a folder with a split and the game that holds its levels, made without a compiler.

The game is an open game's program with other levels. ``find_split`` accepts the folder's path, and ``NGP_GAMES`` adds
its game to the catalogue if no split is named.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from newgameplus.emulator.backends import Backend
from newgameplus.errors import UsageError
from newgameplus.games.levels import SPLIT_FILE, Split, find_split
from newgameplus.open_games.game_folder import write_game
from newgameplus.open_games.open_game import OpenGame

_HASH_DIGITS = 6


def write_set(
    open_game: OpenGame,
    folder: Path,
    rom: bytes,
    description: str,
    metadata: dict[str, Any] | None = None,
    *,
    report: Callable[[], None] = lambda: None,
    backend: Backend | None = None,
) -> Split:
    """Write a set of levels to ``folder``, atomically; the game in it is named after folder and ROM.

    Args:
        open_game: the open game whose program the ROM has.
        folder: must not exist yet, or be empty.
        rom: the program with the levels, in the order of the split.
        description: one-line description of the split.
        metadata: entries of the game's ``metadata.json`` about the origin of the levels.
        report: called after each start state.
        backend: the emulator's backend; without the engine only states for stable-retro's default core are written.

    Returns:
        The split, whose game is in the catalogue from now on.

    Raises:
        UsageError: the folder is not empty.
        RomError: it is not a ROM of the game.
        IntegrationError: a level does not start.
        OSError: something cannot be written.
    """
    folder = folder.resolve()
    check_free(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        game = unfinished / _game_name(open_game, folder, rom)
        game.mkdir()
        about = {"title": f"{open_game.title}: {folder.name}", **(metadata or {})}
        names = write_game(open_game, game, rom, about, report=report, backend=backend)
        split = _split_text(description, open_game.scenario, game.name, names)
        (unfinished / SPLIT_FILE).write_text(split, encoding="utf-8")
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return find_split(str(folder))


def check_free(folder: Path) -> None:
    """Check that nothing would be overwritten.

    Raises:
        UsageError: the folder is not empty.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already, and nothing is overwritten; name another folder or remove it.")


def _game_name(open_game: OpenGame, folder: Path, rom: bytes) -> str:
    """Unique name of a set's game: the folder's name and the first digits of the ROM's SHA-1."""
    word = re.sub(r"[^A-Za-z0-9]+", "", folder.name) or "Set"
    sha1 = hashlib.sha1(rom, usedforsecurity=False).hexdigest()
    return f"{open_game.title}-{word}-{sha1[:_HASH_DIGITS]}-{open_game.console_name}"


def _split_text(description: str, scenario: str, game: str, names: Sequence[str]) -> str:
    lines = [f"description = {_quoted(description)}", f'scenario = "{scenario}"', "levels = ["]
    lines += [f'  "{game}/{name}",' for name in names]
    return "\n".join([*lines, "]", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
