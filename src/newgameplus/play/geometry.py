"""Placement of the picture in the window: integer scaling of lines, and the console's aspect ratio."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

TELEVISION = Fraction(4, 3)
_SQUARE_PIXELS = frozenset({"GameBoy", "GbColor", "GbAdvance", "GameGear", "NintendoDs"})
"""Handhelds with square pixels."""


class Box(NamedTuple):
    """A rectangle in pixels of the window."""

    x: int
    y: int
    width: int
    height: int


def shape_of(console: str, width: int, height: int, *, is_square: bool) -> Fraction:
    """Return the aspect ratio, width over height, at which the picture is shown.

    Args:
        console: stable-retro's name of the console.
        width: width of the picture in pixels.
        height: height of the picture in pixels.
        is_square: show square pixels even if the console's television picture did not have them.
    """
    if is_square or console in _SQUARE_PIXELS:
        return Fraction(width, height)
    return TELEVISION if width >= height else 1 / TELEVISION


def window_size(width: int, height: int, shape: Fraction, scale: int) -> tuple[int, int]:
    """Return the size of a window that shows each line of the picture ``scale`` pixels high.

    A picture of more than 300 lines is interlaced or doubled, so half the scale gives the same size.
    """
    lines = height if height <= 300 else height // 2
    return math.ceil(lines * scale * shape), lines * scale


def place(width: int, height: int, shape: Fraction, room: tuple[int, int]) -> Box:
    """Return the largest box in a window of size ``room`` in which each line is an integer number of pixels high.

    If the window is smaller than the picture, the picture is scaled down to fit.
    """
    room_width, room_height = room
    scale = min(room_height // height, int(room_width / (height * shape)))
    shown_height = Fraction(height * scale) if scale else min(Fraction(room_height), room_width / shape)
    shown_width = round(shown_height * shape)
    lines = round(shown_height)
    return Box((room_width - shown_width) // 2, (room_height - lines) // 2, max(1, shown_width), max(1, lines))
