"""Builds the game that comes with New Game Plus.

``python -m newgameplus.open_games.tumbleweed.ship build/base.bin src/game.h`` is run by ``make ship``.

The same program, header, levels and builds of the cores give the same bytes. Par movies are not changed; ``ngp levels
check`` detects those of another ROM.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from newgameplus.errors import NewGamePlusError, RomError
from newgameplus.open_games.shipping import ship
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.curated import curated_levels
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.pack import pack_levels
from newgameplus.open_games.tumbleweed.variables import variables_of


def ship_levels(base: bytes, header: str, levels: Sequence[Blueprint], folder: Path) -> list[str]:
    """Write the game of a program and levels into ``folder``; states of levels that no longer exist are removed.

    Args:
        base: the program.
        header: contents of its ``game.h``.
        levels: levels in the order of the ROM.
        folder: folder of the game; its scenarios are kept.

    Returns:
        Names of the levels.

    Raises:
        NewGamePlusError: the program or a level is invalid.
    """
    return ship(TUMBLEWEED, pack_levels(base, levels), variables_of(header), folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``make ship``; a problem is printed as one sentence, with exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m newgameplus.open_games.tumbleweed.ship", description=__doc__)
    parser.add_argument("base", type=Path, help="the program, base.bin")
    parser.add_argument("header", type=Path, help="its header, game.h")
    chosen = parser.parse_args(arguments)
    try:
        names = ship_levels(_read(chosen.base), _read(chosen.header).decode(), curated_levels(), TUMBLEWEED.folder)
    except NewGamePlusError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - output of a program
        return 2
    print(f"Wrote {len(names)} levels to {TUMBLEWEED.folder}.")  # noqa: T201
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RomError(f"{path} cannot be read ({error.strerror}); build it with: make -C games/tumbleweed") from error


if __name__ == "__main__":
    sys.exit(main())
