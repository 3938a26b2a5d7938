"""Mesa: loops and half-pipes that want speed, thorns between them."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def half_pipe(course: Course) -> None:
    """Down one side and up the other."""
    depth = course.between(6, min(8, course.room_down))
    course.flat(4)
    course.hill(-depth)
    x = course.flat(3)
    if course.hardness > 0.3:
        course.thorns(course.harder(2, 3))
    course.flat(3)
    course.arc(x, course.x, course.row, 2)
    course.hill(depth)
    course.flat(4)


def two_loops(course: Course) -> None:
    """A hill, and two loops that share its speed."""
    course.hill(-course.between(8, min(10, course.room_down)))
    course.flat(2)
    branches.loop(course)
    branches.loop(course)


def ramp(course: Course) -> None:
    """A ramp, and a wide bed of thorns behind it."""
    course.flat(8)
    course.slope("up26", 3)
    x = course.flat(3)
    course.rise(-3)
    course.thorns(course.harder(5, 8))
    course.arc(x + 2, course.x + 2, course.row - 3, 2)
    course.flat(6)


def mesas(course: Course) -> None:
    """Table mountains of different heights, thorns in the clefts."""
    course.flat(4)
    base = course.row
    for number in range(course.between(2, 3)):
        course.row = base - course.between(2, 4) - (number > 0)
        x = course.flat(course.between(5, 7))
        course.coins(x + 1, course.row, 2)
        if number and course.chance(0.5):
            course.enemy(x + 1, course.x, course.row)
        course.row = base
        course.thorns(course.harder(2, 4))
    course.flat(5)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.LOOP_BACK,
        Piece(half_pipe, Role.SIGNATURE, 1.5, down=6),
        Piece(branches.loop_after_hill, Role.SIGNATURE, 2, down=6),
        Piece(two_loops, Role.SIGNATURE, 1, down=8, from_hardness=0.25),
        Piece(ramp, Role.SIGNATURE, 1),
        Piece(mesas, Role.SIGNATURE, 1.2, up=3),
    ),
    enemies=(Kind.WALKER, Kind.WALKER, Kind.FLYER),
)
