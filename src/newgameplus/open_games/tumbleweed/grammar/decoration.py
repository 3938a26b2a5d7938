"""Decoration without effect on the game: plants on flat ground, stones in the earth, things that hang in caves."""

from __future__ import annotations

import random

import numpy as np

from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.terrain import LEVEL_HEIGHT, TERRAIN_ID

_EMPTY, _FILL, _GROUND = (TERRAIN_ID[name] for name in ("empty", "fill", "ground"))


def decorate(sketch: Sketch, rng: random.Random, quiet: list[tuple[int, int]]) -> None:
    """Decorate a level, except the columns of ``quiet``."""
    is_quiet = np.zeros(sketch.width, np.bool_)
    for first, last in quiet:
        is_quiet[max(0, first) : max(0, last)] = True
    _plant(sketch, rng, is_quiet)
    _set_stones(sketch, rng)
    _hang(sketch, rng)


def _plant(sketch: Sketch, rng: random.Random, is_quiet: np.ndarray) -> None:
    """Groups of small plants and single tall ones, at irregular distances."""
    x = rng.randint(2, 5)
    while x < sketch.width - 1:
        group = rng.choice([1, 1, 2, 3])
        tall = rng.random() < 0.3
        first = rng.randint(0, 3)
        for column in range(x, min(x + group, sketch.width)):
            for row in _bare_ground(sketch, column):
                if is_quiet[column]:
                    continue
                if tall and column == x:
                    _put_tall(sketch, column, row, rng.choice([4, 6]))
                else:
                    sketch.block(column, row - 1, f"decoration_{(first + (column - x) % 2) % 4}")
        x += group + rng.randint(3, 9)


def _bare_ground(sketch: Sketch, column: int) -> list[int]:
    """Rows of flat ground in a column with two empty blocks above."""
    blocks = sketch.blocks[column]
    return [row for row in range(3, LEVEL_HEIGHT) if blocks[row] == _GROUND and not blocks[row - 2 : row].any()]


def _put_tall(sketch: Sketch, column: int, row: int, lower: int) -> None:
    sketch.block(column, row - 1, f"decoration_{lower}")
    sketch.block(column, row - 2, f"decoration_{lower + 1}")


def _set_stones(sketch: Sketch, rng: random.Random) -> None:
    """Single stones deep in the earth, far from each other."""
    for x in range(rng.randint(1, 5), sketch.width - 1, 4):
        row = rng.randint(8, LEVEL_HEIGHT - 2)
        around = sketch.blocks[max(0, x - 1) : x + 2, row - 1 : row + 2]
        if rng.random() < 0.7 and (around == _FILL).all():
            sketch.block(x, row, f"decoration_{rng.choice([8, 9])}")


def _hang(sketch: Sketch, rng: random.Random) -> None:
    """Things under ceilings with room below."""
    for x in range(rng.randint(1, 4), sketch.width, rng.choice([4, 5])):
        blocks = sketch.blocks[x]
        for row in range(4, LEVEL_HEIGHT - 4):
            if blocks[row - 1] == _FILL and not blocks[row : row + 3].any() and rng.random() < 0.6:
                sketch.block(x, row, f"decoration_{rng.choice([10, 11])}")
