"""Oasis: deep pools where everything is slow and breath is short, and ruins round them."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT
from newgameplus.open_games.tumbleweed.things import Kind


def _climb_out(pen: Pen, x: int, row: int) -> None:
    """Steps from the bottom of a pool that begins at ``x`` up to its shore at ``row``, and the water over all of it."""
    pen.rise(4)
    pen.flat(3)
    while pen.row > row + 4:
        pen.rise(min(4, pen.row - row - 1))
        pen.flat(3)
    _fill_with_water(pen, x, pen.x, row + 1)
    pen.row = row
    pen.flat(5)


def _fill_with_water(pen: Pen, x0: int, x1: int, row: int) -> None:
    """Fill what is empty below a water level."""
    pen.air(x0, row, x1, row + 1, "water_top")
    pen.air(x0, row + 1, x1, LEVEL_HEIGHT, "water")


def pool(pen: Pen) -> None:
    """A pool with steps out of it; ledges lead over it."""
    pen.flat(5)
    row, x = pen.row, pen.x
    depth = pen.between(6, min(9, 31 - row))
    length = pen.between(14, 20)
    pen.rise(-depth)
    floor = pen.flat(length)
    pen.coins(floor + 3, pen.row, 4)
    pen.enemy(floor + 5, floor + length - 3, pen.row)
    while pen.row > row + 4:
        pen.rise(min(4, pen.row - row - 1))
        pen.flat(3)
    _fill_with_water(pen, x, pen.x, row + 1)
    if pen.chance(0.6):
        for number in range(x + 3, pen.x - 5, 8):
            pen.island(number, row - pen.between(0, 1), 3, 2)
            pen.coins(number + 0.5, row - 1, 2, 1)
    pen.row = row
    pen.flat(5)


def sunken_wall(pen: Pen) -> None:
    """Walls stand in the water: over the first, under the second."""
    pen.flat(5)
    row, x = pen.row, pen.x
    pen.rise(-min(9, 31 - row))
    floor = pen.row
    pen.flat(7)
    pen.build(pen.x, floor, 2, 5)
    pen.flat(9)
    pen.sketch.rect(pen.x, row - 5, pen.x + 3, floor - 3, pen.wall)
    pen.flat(10)
    pen.coins(x + 11, floor, 3)
    pen.coins(pen.x - 6, floor, 3)
    _climb_out(pen, x, row)


def sunken_cave(pen: Pen) -> None:
    """A drowned passage below a bar of rock that is dry on top, for those who climb."""
    pen.flat(6)
    row, x = pen.row, pen.x
    depth = min(8, 31 - row)
    pen.rise(-depth)
    floor, length = pen.row, pen.between(20, 28)
    pen.flat(length + 8)
    bar = x + 4
    pen.island(bar, row - 5, length, 5 + depth - 4)
    pen.coins(bar + 2, floor, 4)
    pen.prize(bar + length // 2, floor)
    pen.coins(bar + length - 8, floor, 4)
    pen.coins(bar + 2, row - 5, 3)
    pen.enemy(bar + 6, bar + length - 2, row - 5)
    pen.ledge(x - 4, row - 3, 3)
    _climb_out(pen, x, row)


def colonnade(pen: Pen) -> None:
    """Broken columns with lintels between them: run below, or hop from top to top."""
    x = pen.flat(4)
    row = pen.row
    for number in range(pen.between(3, 4)):
        x = pen.flat(2)
        height = pen.between(3, 4) + (number % 2)
        pen.flat(1, surface="fill")
        pen.build(pen.x - 1, row, 1, height, "pillar")
        pen.coin(pen.x - 1, row - height - 1.5)
        x = pen.flat(pen.between(4, 5))
        if number % 2:
            pen.ledge(x, row - height, pen.x - x + 2)
            pen.coins(x + 0.5, row - height, 3)
        elif pen.chance(pen.hardness):
            pen.enemy(x, pen.x, row)
    pen.flat(5)


def reeds(pen: Pen) -> None:
    """A shallow pond with platforms of reed that swim to and fro."""
    pen.flat(5)
    row, x = pen.row, pen.x
    pen.rise(-3)
    pen.flat(3)
    bed = pen.harder(8, 14)
    pen.thorns(bed)
    pen.flat(3)
    _fill_with_water(pen, x, pen.x, row + 1)
    for number in range(2):
        centre = x + 3 + bed * (2 * number + 1) // 4
        pen.sketch.thing(Kind.PLATFORM, centre * BLOCK + 8, row * BLOCK + 8, a=min(24, bed * 2), b=0, c=128 * number)
    pen.arc(x + 2, pen.x - 2, row, 2)
    pen.row = row
    pen.flat(5)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.DOOR_AND_SWITCH,
        Piece(pool, Role.SIGNATURE, 1.5, down=2),
        Piece(sunken_wall, Role.SIGNATURE, 1.2, down=3),
        Piece(sunken_cave, Role.BRANCH, 1.5, up=2, down=3),
        Piece(colonnade, Role.OBSTACLE, 2),
        Piece(reeds, Role.SIGNATURE, 1),
    ),
    enemies=(Kind.HOPPER, Kind.WALKER, Kind.FLYER),
    wall="brick",
)
