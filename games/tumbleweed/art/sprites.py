"""The pictures of the objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from canvas import Pixels, blank, box, outline
from palette import palette

PALETTES = (
    palette("000 100 310 530 641 764 777 333 555 700 770 740 050 263 257 136"),
    palette("000 101 777 444 222 700 741 762 130 360 571 313 525 747 421 642"),
)
"""Palettes 2 (the player, common objects, the font) and 3 (enemies and other objects)."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """The frames of an object's picture."""

    palette: int
    """2 or 3."""
    frames: Sequence[Pixels]


def _flat(width: int, height: int, entry: int) -> Pixels:
    made = blank(width * 8, height * 8)
    made[box(made, 2, 2, width * 8 - 4, height * 8 - 4)] = entry
    outline(made, 1)
    return made


_FLAT: dict[str, tuple[int, int, int, int, int]] = {
    "COIN": (2, 2, 4, 2, 10), "SPARKLE": (2, 2, 3, 2, 6), "SPRING": (2, 2, 2, 2, 9), "DIAGONAL": (2, 2, 2, 2, 9),
    "WALKER": (3, 2, 2, 3, 12), "HOPPER": (2, 3, 2, 3, 9), "SHOOTER": (3, 3, 2, 3, 10), "FLYER": (3, 2, 2, 3, 11),
    "SEED": (1, 1, 2, 3, 6), "PLATFORM": (4, 2, 1, 3, 15), "FALLING": (4, 2, 1, 3, 14), "CRUMBLE": (2, 2, 2, 3, 14),
    "SWITCH": (3, 1, 2, 2, 9), "DOOR": (2, 4, 1, 3, 3), "BREAKABLE": (4, 4, 1, 3, 15), "CHECKPOINT": (2, 4, 2, 2, 14),
    "BOX": (3, 3, 3, 2, 8), "GOAL_TOP": (4, 4, 2, 2, 10), "GOAL_POST": (4, 4, 1, 2, 8), "THORNS": (4, 2, 2, 3, 5),
    "BALL": (3, 3, 1, 3, 4), "CHAIN": (1, 1, 1, 3, 3), "JET": (2, 4, 2, 3, 6), "NOZZLE": (2, 1, 1, 3, 3),
    "BUMPER": (3, 3, 2, 3, 13), "SHIELD": (4, 4, 1, 2, 14), "BUBBLE": (1, 1, 1, 2, 14), "HEAD": (2, 1, 1, 2, 4),
}  # fmt: skip


def draw() -> dict[str, Sprite]:
    """Every object's picture by name."""
    drawers: dict[str, Callable[[], Sprite]] = {}
    made = {}
    for name, (width, height, frames, number, entry) in _FLAT.items():
        made[name] = drawers[name]() if name in drawers else Sprite(number, [_flat(width, height, entry)] * frames)
    return made
