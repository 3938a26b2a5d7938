"""Makes the game that comes with New Game Plus.

``python -m newgameplus.open_games.tumbleweed.ship build/base.bin src/game.h`` is run by ``make ship``.

The same program, header, levels and builds of the cores give the same bytes. Par movies are left as they are: those of
another ROM are found out by ``ngp levels check``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from newgameplus.errors import NewGamePlusError, RomError
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.curated import curated_levels
from newgameplus.open_games.tumbleweed.game_folder import bundled_folder, write_game
from newgameplus.open_games.tumbleweed.pack import pack_levels
from newgameplus.open_games.tumbleweed.variables import variables_of


def ship(base: bytes, header: str, levels: Sequence[Blueprint], folder: Path) -> list[str]:
    """Write the game of a program and levels into ``folder``; states of levels that are no more are removed.

    Args:
        base: the program.
        header: the text of its ``game.h``.
        levels: in the order of the ROM.
        folder: the game's; its scenarios are left as they are.

    Returns:
        The names of the levels.

    Raises:
        NewGamePlusError: the program or a level is not what it must be.
    """
    rom = pack_levels(base, levels)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(data_json(header))
    for state in folder.glob("**/*.state"):
        state.unlink()
    return write_game(folder, rom, {"title": "Tumbleweed"})


def data_json(header: str) -> str:
    """Return the text of ``data.json`` for a program's ``game.h``."""
    return json.dumps({"info": variables_of(header)}, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from ``make ship``; a problem is one sentence and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m newgameplus.open_games.tumbleweed.ship", description=__doc__)
    parser.add_argument("base", type=Path, help="the program, base.bin")
    parser.add_argument("header", type=Path, help="its header, game.h")
    chosen = parser.parse_args(arguments)
    try:
        names = ship(_read(chosen.base), _read(chosen.header).decode(), curated_levels(), bundled_folder())
    except NewGamePlusError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    print(f"Wrote {len(names)} levels to {bundled_folder()}.")  # noqa: T201
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RomError(f"{path} cannot be read ({error.strerror}); build it with: make -C games/tumbleweed") from error


if __name__ == "__main__":
    sys.exit(main())
