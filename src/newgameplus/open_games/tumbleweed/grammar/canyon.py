"""Canyon: wide gaps with falling and crumbling bridges, springs to upper paths."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course, spring_strength
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def falling_bridge(course: Course) -> None:
    """Platforms over a chasm that do not hold for long."""
    course.flat(6)
    for number in range(course.harder(2, 4)):
        x = course.pit(course.between(2, 3))
        course.pit(4)
        y = course.row * BLOCK + 8 - BLOCK * (course.between(0, 2) if number else 0)
        course.sketch.thing(Kind.FALLING_PLATFORM, (course.x - 2) * BLOCK, y, c=course.harder(30, 12))
        course.coins(x + 3, y // BLOCK, 2)
    course.pit(course.between(2, 3))
    course.flat(6)


def crumbling_bridge(course: Course) -> None:
    """A bridge of loose stones; do not stop."""
    course.flat(6)
    length = course.harder(7, 13)
    x = course.pit(length)
    for column in range(x, x + length):
        course.sketch.thing(Kind.CRUMBLE, column * BLOCK + 8, course.row * BLOCK + 8, c=course.harder(30, 14))
    course.coins(x + 1, course.row, length // 2)
    if course.hardness > 0.4:
        course.sketch.thing(
            Kind.FLYER, (x + length // 2) * BLOCK, (course.row - 3) * BLOCK, a=40, b=course.between(0, 255), c=12
        )
    course.flat(6)


def cliff_spring(course: Course) -> None:
    """A cliff, a spring at its foot, and a higher shelf for those who steer back."""
    x = course.flat(11)
    height = course.between(7, min(9, course.room_up))
    course.put(Kind.SPRING, x + 7, course.row, a=spring_strength(height + 4))
    shelf = course.row - height - 1
    course.island(x, shelf, 5, 2)
    course.coins(x + 0.5, shelf, 2)
    course.prize(x + 3, shelf)
    course.rise(height)
    x = course.flat(7)
    course.coins(x + 1, course.row, 3)


def upper_road(course: Course) -> None:
    """A leaning spring throws onto shelves above a broken road."""
    x = course.flat(8)
    row = course.row
    course.put(Kind.DIAGONAL_SPRING, x + 4, row, a=spring_strength(17))
    for number in range(3):
        shelf = x + 13 + 8 * number
        course.island(shelf, row - 7, 6, 2)
        course.coins(shelf + 0.5, row - 7, 3)
    course.prize(x + 33, row - 7)
    for _ in range(3):
        course.pit(course.harder(3, 4))
        course.flat(course.between(4, 5))
    course.flat(max(6, x + 37 - course.x))


def needles(course: Course) -> None:
    """Needles of rock that rise out of the chasm, and fall again."""
    course.flat(5)
    start = course.row
    for number in range(course.harder(3, 5)):
        course.pit(course.harder(2, 4))
        course.row = start - (2 * (number % 3) if course.room_up > 4 else number % 2)
        x = course.flat(course.harder(3, 2))
        course.coin(x + 0.5, course.row - 1.5)
    course.pit(course.harder(3, 4))
    course.row = start
    course.flat(6)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.BREAKABLE_WALL,
        Piece(falling_bridge, Role.SIGNATURE, 1.5),
        Piece(crumbling_bridge, Role.SIGNATURE, 1.5),
        Piece(cliff_spring, Role.SIGNATURE, 1.2, up=8),
        Piece(upper_road, Role.BRANCH, 1.5),
        Piece(needles, Role.SIGNATURE, 1, from_hardness=0.2),
    ),
    enemies=(Kind.FLYER, Kind.HOPPER, Kind.WALKER),
)
