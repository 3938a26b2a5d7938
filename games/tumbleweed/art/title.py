"""The picture of the title: the logo over a desert."""

from __future__ import annotations

from canvas import Pixels, blank
from palette import palette

PALETTE = palette("346 000 100 310 531 742 764 777 222 555 700 760 350 173 027 257")


def draw() -> Pixels:
    """The picture, 320 × 224."""
    made = blank(320, 224, 13)
    made[150:] = 5
    return made
