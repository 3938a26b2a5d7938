"""The pictures of the objects: their palettes, their sizes, and who draws them. Creatures look to the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import creatures
import machines
import treasures
from canvas import Pixels
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


def draw() -> dict[str, Sprite]:
    """Every object's picture by name."""
    with_player = {
        "COIN": [treasures.coin(width) for width in (6.4, 4.6, 1.6, 4.6)],
        "SPARKLE": [treasures.sparkle(size) for size in (3, 6, 7.5)],
        "SPRING": [treasures.spring(is_stretched) for is_stretched in (False, True)],
        "DIAGONAL": [treasures.diagonal(is_stretched) for is_stretched in (False, True)],
        "SWITCH": [treasures.switch(is_pressed) for is_pressed in (False, True)],
        "CHECKPOINT": [treasures.checkpoint(is_passed) for is_passed in (False, True)],
        "BOX": [treasures.chest(content) for content in ("coins", "shield", "life")],
        "GOAL_TOP": [treasures.goal_sign(phase) for phase in (0, 1)],
        "GOAL_POST": [treasures.goal_post()],
        "SHIELD": [treasures.shield()],
        "BUBBLE": [treasures.bubble()],
        "HEAD": [treasures.head()],
    }
    with_enemies = {
        "WALKER": [creatures.beetle(phase) for phase in (0, 1)],
        "HOPPER": [creatures.hare(is_up) for is_up in (False, True)],
        "SHOOTER": [creatures.spitter(is_open) for is_open in (False, True)],
        "FLYER": [creatures.bat(phase) for phase in (0, 1)],
        "SEED": [creatures.seed(phase) for phase in (0, 1)],
        "PLATFORM": [machines.platform()],
        "FALLING": [machines.falling()],
        "CRUMBLE": [machines.crumble(is_broken) for is_broken in (False, True)],
        "DOOR": [machines.door()],
        "BREAKABLE": [machines.breakable()],
        "THORNS": [machines.thorns(height) for height in (15, 6)],
        "BALL": [machines.ball()],
        "CHAIN": [machines.chain()],
        "JET": [machines.jet(phase) for phase in (0, 1)],
        "NOZZLE": [machines.nozzle()],
        "BUMPER": [machines.bumper(is_hit) for is_hit in (False, True)],
    }
    return {name: Sprite(2, frames) for name, frames in with_player.items()} | {
        name: Sprite(3, frames) for name, frames in with_enemies.items()
    }
