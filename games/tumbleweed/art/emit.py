"""Turns pictures into the Mega Drive's tiles, finds equal ones, and writes them as C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from canvas import Pixels

FLIP_X, FLIP_Y, PRIORITY = 0x0800, 0x1000, 0x8000
"""Attribute bits of a tile word."""


class TileSet:
    """Tiles without repeats: one that equals another, mirrored or not, is stored once."""

    def __init__(self) -> None:
        self.tiles: list[Pixels] = []
        self._known: dict[bytes, int] = {}
        self.add(np.zeros((8, 8), dtype=np.uint8))

    def add(self, tile: Pixels) -> int:
        """The word (number and flip bits) of a tile of 8 × 8 pixels."""
        key = tile.tobytes()
        if key not in self._known:
            number = len(self.tiles)
            self.tiles.append(tile.copy())
            for word, seen in (
                (number | FLIP_X | FLIP_Y, tile[::-1, ::-1]),
                (number | FLIP_Y, tile[::-1]),
                (number | FLIP_X, tile[:, ::-1]),
                (number, tile),
            ):
                self._known[seen.tobytes()] = word
        return self._known[key]

    def picture(self, pixels: Pixels) -> list[int]:
        """The words of a picture's tiles, row by row."""
        height, width = pixels.shape
        return [self.add(pixels[y : y + 8, x : x + 8]) for y in range(0, height, 8) for x in range(0, width, 8)]


def column_major(pixels: Pixels) -> list[Pixels]:
    """The tiles of a sprite in the order of the Mega Drive: down the columns, from the left."""
    height, width = pixels.shape
    return [pixels[y : y + 8, x : x + 8] for x in range(0, width, 8) for y in range(0, height, 8)]


def tile_words(tiles: Iterable[Pixels]) -> list[int]:
    """Eight 32-bit words per tile, one per row, four bits per pixel."""
    return [int("".join(f"{entry:x}" for entry in row), 16) for tile in tiles for row in tile]


def c_array(declaration: str, values: Sequence[int], bits: int) -> str:
    """A definition of an array of words of ``bits``; braces and lines follow the lengths in the declaration's name."""
    lengths = [int(length or 0) for length in re.findall(r"\[(\d*)\]", declaration)]
    words = [f"0x{value:0{bits // 4}x}" for value in values]
    lines = [", ".join(words[at : at + 16]) for at in range(0, len(words), 16)]
    for length in lengths[:0:-1]:
        lines = ["{" + ", ".join(words[at : at + length]) + "}" for at in range(0, len(words), length)]
        words = lines
    return f"{declaration} = {{\n " + ",\n ".join(lines) + "\n};\n"
