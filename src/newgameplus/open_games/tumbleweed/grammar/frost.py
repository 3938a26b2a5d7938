"""Frost: little grip, thorns that pop out, slopes that throw back."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def popping_thorns(course: Course) -> None:
    """Thorns that come and go on a smooth plain."""
    course.flat(6)
    for _ in range(course.harder(2, 4)):
        x = course.flat(course.harder(6, 5))
        out, inside = course.harder(50, 80), course.harder(90, 60)
        course.put(Kind.POP_THORNS, x + 2.5, course.row, a=out, b=inside, c=course.between(0, 255))
        course.coins(x + 2, course.row - 2, 2)
    course.flat(4)


def slide(course: Course) -> None:
    """A long slide; at its end the ground is missing."""
    x = course.flat(4)
    course.coins(x + 1, course.row, 2)
    course.slope("down26", course.between(4, min(6, course.room_down)))
    course.flat(course.between(4, 6))
    x = course.pit(course.harder(4, 7))
    course.arc(x - 2, course.x + 2, course.row)
    x = course.flat(9)
    course.enemy(x + 3, course.x, course.row)


def ice_slope(course: Course) -> None:
    """A steep slope that throws back those who come slowly; ledges help on one side."""
    x = course.flat(10)
    height = course.between(6, min(9, course.room_up))
    course.hill(height)
    course.ledge(x + 8, course.row + height - 4, 3)
    x = course.flat(8)
    course.coins(x + 1, course.row, 2)
    course.enemy(x + 3, course.x, course.row)


def frozen_stairs(course: Course) -> None:
    """Narrow steps up, each with thorns that pop out or a coin."""
    course.flat(4)
    for number in range(3):
        course.rise(3)
        x = course.flat(6)
        if number < 2 and course.chance(0.3 + 0.7 * course.hardness):
            course.put(Kind.POP_THORNS, x + 3.5, course.row, a=50, b=80, c=course.between(0, 255))
        else:
            course.coins(x + 1, course.row, 2)
    course.flat(2)


def icicle_cave(course: Course) -> None:
    """A cave of ice: thorns in the floor that come and go, a dry road above."""
    course.flat(7)
    row, x, length = course.row, course.x, course.between(18, 24)
    course.ledge(x - 3, row - 4, 3)
    course.island(x, row - 8, length, 4)
    course.flat(length)
    for number in range(course.harder(1, 3)):
        thorns = x + 4 + 6 * number
        course.put(Kind.POP_THORNS, thorns + 0.5, row, a=60, b=80, c=course.between(0, 255))
        course.coins(thorns + 3, row, 2)
    course.coins(x + 2, row - 8, 3)
    course.build(x + 8, row - 8, 2, 3)
    course.enemy(x + 10, x + length, row - 8)
    course.flat(5)


def floes(course: Course) -> None:
    """Floes in a chasm: slippery, and some of them fall."""
    course.flat(7)
    for number in range(course.harder(2, 3)):
        course.pit(course.between(2, 3))
        x = course.pit(4)
        if number % 2:
            course.island(x, course.row, 4, 2)
        else:
            course.sketch.thing(Kind.FALLING_PLATFORM, (x + 2) * BLOCK, course.row * BLOCK + 8, c=40)
        course.coins(x + 0.5, course.row, 2)
    course.pit(course.between(2, 3))
    course.flat(8)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.LOOP_AFTER_HILL,
        branches.DOOR_AND_SWITCH,
        Piece(popping_thorns, Role.SIGNATURE, 1.5),
        Piece(slide, Role.SIGNATURE, 1.5, down=5),
        Piece(ice_slope, Role.BACK, 2, up=7),
        Piece(frozen_stairs, Role.SIGNATURE, 1, up=9),
        Piece(icicle_cave, Role.BRANCH, 1.5, up=1),
        Piece(floes, Role.SIGNATURE, 1),
    ),
    enemies=(Kind.WALKER, Kind.HOPPER, Kind.FLYER),
)
