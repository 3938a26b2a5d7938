"""Oasis: deep pools where everything is slow and breath is short, and ruins round them."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT
from newgameplus.open_games.tumbleweed.things import Kind


def _climb_out(course: Course, x: int, row: int) -> None:
    """Steps from the bottom of a pool that begins at ``x`` up to its shore at ``row``, and the water over all of it."""
    course.rise(4)
    course.flat(3)
    while course.row > row + 4:
        course.rise(min(4, course.row - row - 1))
        course.flat(3)
    _fill_with_water(course, x, course.x, row + 1)
    course.row = row
    course.flat(5)


def _fill_with_water(course: Course, x0: int, x1: int, row: int) -> None:
    """Fill what is empty below a water level."""
    course.air(x0, row, x1, row + 1, "water_top")
    course.air(x0, row + 1, x1, LEVEL_HEIGHT, "water")


def pool(course: Course) -> None:
    """A pool with steps out of it; ledges lead over it."""
    course.flat(5)
    row, x = course.row, course.x
    depth = course.between(6, min(9, 31 - row))
    length = course.between(14, 20)
    course.rise(-depth)
    floor = course.flat(length)
    course.coins(floor + 3, course.row, 4)
    course.enemy(floor + 5, floor + length - 3, course.row)
    while course.row > row + 4:
        course.rise(min(4, course.row - row - 1))
        course.flat(3)
    _fill_with_water(course, x, course.x, row + 1)
    if course.chance(0.6):
        for number in range(x + 3, course.x - 5, 8):
            course.island(number, row - course.between(0, 1), 3, 2)
            course.coins(number + 0.5, row - 1, 2, 1)
    course.row = row
    course.flat(5)


def sunken_wall(course: Course) -> None:
    """Walls stand in the water: over the first, under the second."""
    course.flat(5)
    row, x = course.row, course.x
    course.rise(-min(9, 31 - row))
    floor = course.row
    course.flat(7)
    course.build(course.x, floor, 2, 5)
    course.flat(9)
    course.sketch.rect(course.x, row - 5, course.x + 3, floor - 3, course.wall)
    course.flat(10)
    course.coins(x + 11, floor, 3)
    course.coins(course.x - 6, floor, 3)
    _climb_out(course, x, row)


def sunken_cave(course: Course) -> None:
    """A drowned passage below a bar of rock that is dry on top, for those who climb."""
    course.flat(6)
    row, x = course.row, course.x
    depth = min(8, 31 - row)
    course.rise(-depth)
    floor, length = course.row, course.between(20, 28)
    course.flat(length + 8)
    bar = x + 4
    course.island(bar, row - 5, length, 5 + depth - 4)
    course.coins(bar + 2, floor, 4)
    course.prize(bar + length // 2, floor)
    course.coins(bar + length - 8, floor, 4)
    course.coins(bar + 2, row - 5, 3)
    course.enemy(bar + 6, bar + length - 2, row - 5)
    course.ledge(x - 4, row - 3, 3)
    _climb_out(course, x, row)


def colonnade(course: Course) -> None:
    """Broken columns with lintels between them: run below, or hop from top to top."""
    x = course.flat(4)
    row = course.row
    for number in range(course.between(3, 4)):
        x = course.flat(2)
        height = course.between(3, 4) + (number % 2)
        course.flat(1, surface="fill")
        course.build(course.x - 1, row, 1, height, "pillar")
        course.coin(course.x - 1, row - height - 1.5)
        x = course.flat(course.between(4, 5))
        if number % 2:
            course.ledge(x, row - height, course.x - x + 2)
            course.coins(x + 0.5, row - height, 3)
        elif course.chance(course.hardness):
            course.enemy(x, course.x, row)
    course.flat(5)


def reeds(course: Course) -> None:
    """A shallow pond with platforms of reed that swim to and fro."""
    course.flat(5)
    row, x = course.row, course.x
    course.rise(-3)
    course.flat(3)
    bed = course.harder(8, 14)
    course.thorns(bed)
    course.flat(3)
    _fill_with_water(course, x, course.x, row + 1)
    for number in range(2):
        centre = x + 3 + bed * (2 * number + 1) // 4
        course.sketch.thing(Kind.PLATFORM, centre * BLOCK + 8, row * BLOCK + 8, a=min(24, bed * 2), b=0, c=128 * number)
    course.arc(x + 2, course.x - 2, row, 2)
    course.row = row
    course.flat(5)


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
