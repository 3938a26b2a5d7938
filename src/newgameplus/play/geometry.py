"""Where the picture goes in the window: whole numbers of lines, and the shape that the console's screen had."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

TELEVISION = Fraction(4, 3)
_SQUARE_PIXELS = frozenset({"GameBoy", "GbColor", "GbAdvance", "GameGear", "NintendoDs"})
"""Handhelds: their pixels are as wide as high."""


class Box(NamedTuple):
    """A rectangle in pixels of the window."""

    x: int
    y: int
    width: int
    height: int


def shape_of(console: str, width: int, height: int, *, is_square: bool) -> Fraction:
    """Return width over height of the picture as it is shown.

    Args:
        console: stable-retro's name of it.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        is_square: show pixels as wide as high even where a television did not.
    """
    if is_square or console in _SQUARE_PIXELS:
        return Fraction(width, height)
    return TELEVISION if width >= height else 1 / TELEVISION


def window_size(width: int, height: int, shape: Fraction, scale: int) -> tuple[int, int]:
    """Return the size of a window that shows each line of the picture ``scale`` pixels high.

    A picture of more than 300 lines has every line of a television twice, so half the scale makes it as large.
    """
    lines = height if height <= 300 else height // 2
    return math.ceil(lines * scale * shape), lines * scale


def place(width: int, height: int, shape: Fraction, room: tuple[int, int]) -> Box:
    """Return the largest place in a window of size ``room`` where all lines are a whole number of pixels high.

    In a window smaller than the picture it is as large as fits.
    """
    room_width, room_height = room
    scale = min(room_height // height, int(room_width / (height * shape)))
    shown_height = Fraction(height * scale) if scale else min(Fraction(room_height), room_width / shape)
    shown_width = round(shown_height * shape)
    lines = round(shown_height)
    return Box((room_width - shown_width) // 2, (room_height - lines) // 2, max(1, shown_width), max(1, lines))
