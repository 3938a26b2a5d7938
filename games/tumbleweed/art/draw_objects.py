"""Draws a picture of every kind of object for the documents: draw_objects.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import sprites
from canvas import Pixels, blank
from palette import to_rgb
from zones import mesa

from newgameplus.open_games.tumbleweed.terrain import BLOCK, LOOP_BLOCKS, LOOP_SIZE
from newgameplus.open_games.tumbleweed.things import Kind

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "tumbleweed"
SCALE = 2
"""Pixels along one of the console's; a loop, which is large, has one."""
SPRITE_OF = {
    Kind.DIAGONAL_SPRING: "DIAGONAL",
    Kind.FALLING_PLATFORM: "FALLING",
    Kind.GOAL: "GOAL_TOP",
    Kind.POP_THORNS: "THORNS",
    Kind.PENDULUM: "BALL",
}
"""Kinds whose sprite has another name."""
MIRRORED = (Kind.PLATFORM, Kind.FALLING_PLATFORM)
"""Drawn as a left half and its mirror."""
STACKED = (Kind.DOOR, Kind.BREAKABLE, Kind.JET)
"""Drawn twice, one above the other."""


def picture_of(kind: Kind) -> np.ndarray:
    """The picture of a kind for the documents, uint8 [H, W, 4]: blue, green, red, opacity."""
    if kind == Kind.LOOP:
        art = mesa.draw()
        return coloured(ring(art.blocks), art.foreground)
    return drawing_of(kind).repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def drawing_of(kind: Kind) -> np.ndarray:
    """The picture of a kind that has sprites, in the console's pixels, uint8 [H, W, 4] as above."""
    drawn = sprites.draw()
    sprite = drawn[SPRITE_OF.get(kind, kind.name)]
    pixels = sprite.frames[0]
    if kind in MIRRORED:
        pixels = np.hstack([pixels, pixels[:, ::-1]])
    elif kind in STACKED:
        pixels = np.vstack([pixels, pixels])
    elif kind == Kind.GOAL:
        pixels = np.vstack([pixels, drawn["GOAL_POST"].frames[0]])
    return coloured(pixels, sprites.PALETTES[sprite.palette - 2])


def ring(blocks: dict[str, Pixels]) -> Pixels:
    """A loop, put together from its blocks."""
    made = blank(LOOP_SIZE * BLOCK, LOOP_SIZE * BLOCK)
    for (column, row), name in LOOP_BLOCKS.items():
        made[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK] = blocks[name]
    return made


def coloured(pixels: Pixels, words: list[int]) -> np.ndarray:
    """A picture in a palette's colours; entry 0 is transparent."""
    return np.dstack([to_rgb(words)[pixels][:, :, ::-1], np.where(pixels > 0, 255, 0).astype(np.uint8)])


def main(folder: Path = FOLDER) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in Kind:
        name = kind.name.lower().replace("_", "-")
        cv2.imwrite(str(folder / f"object-{name}.png"), picture_of(kind), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
