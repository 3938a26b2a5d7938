"""Sets of levels of one's own: a folder with a split and the game that holds its levels, made without a compiler.

The game is Tumbleweed's program, taken from the ROM that comes with New Game Plus, with other levels. ``find_split``
takes the folder's path, and ``NGP_GAMES`` makes its game known where no split is named.
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
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.game_folder import bundled_base, write_game
from newgameplus.open_games.tumbleweed.pack import pack_levels

SCENARIO = "contest"
"""What judges the levels of a set."""
_HASH_DIGITS = 6


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
    folder = folder.resolve()
    check_free(folder)
    rom = pack_levels(bundled_base(), levels)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        game = unfinished / _game_name(folder, rom)
        game.mkdir()
        names = write_game(
            game, rom, {"title": f"Tumbleweed: {folder.name}", **(metadata or {})}, report=report, backend=backend
        )
        (unfinished / SPLIT_FILE).write_text(_split_text(description, game.name, names), encoding="utf-8")
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return find_split(str(folder))


def check_free(folder: Path) -> None:
    """Check that nothing would be overwritten.

    Raises:
        UsageError: there is something.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already, and nothing is overwritten; name another folder or remove it.")


def _game_name(folder: Path, rom: bytes) -> str:
    """A name that no other set has: that of the folder, and the first digits of the ROM's SHA-1."""
    word = re.sub(r"[^A-Za-z0-9]+", "", folder.name) or "Set"
    sha1 = hashlib.sha1(rom, usedforsecurity=False).hexdigest()
    return f"Tumbleweed-{word}-{sha1[:_HASH_DIGITS]}-Genesis-v0"


def _split_text(description: str, game: str, names: Sequence[str]) -> str:
    lines = [f"description = {_quoted(description)}", f'scenario = "{SCENARIO}"', "levels = ["]
    lines += [f'  "{game}/{name}",' for name in names]
    return "\n".join([*lines, "]", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
