"""Foundry: conveyor belts, jets of fire and pendulums over molten iron."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def _jet(course: Course, x: float, on: int, off: int) -> None:
    """Put a jet of fire into the ground."""
    course.sketch.thing(Kind.JET, round((x + 0.5) * BLOCK), course.row * BLOCK, a=on, b=off, c=course.between(0, 255))
    course.quiet.append((int(x) - 1, int(x) + 2))


def belts(course: Course) -> None:
    """Belts that run against the way, with jets between them."""
    course.flat(5)
    for number in range(course.harder(2, 3)):
        against = number % 2 == 0
        x = course.flat(course.between(6, 8), surface="conveyor_left" if against else "conveyor_right")
        course.coins(x + 1, course.row, 3)
        x = course.flat(4)
        _jet(course, x + 1.5, course.harder(50, 80), course.harder(90, 70))
    course.flat(4)


def jets(course: Course) -> None:
    """A row of jets of fire."""
    course.flat(5)
    for _ in range(course.harder(2, 4)):
        x = course.flat(course.harder(6, 5))
        _jet(course, x + 2.5, course.harder(50, 80), course.harder(90, 70))
        course.coins(x + 0.5, course.row, 2)
    course.flat(4)


def molten_pit(course: Course) -> None:
    """Stones over molten iron; a pendulum crosses."""
    course.flat(6)
    for number in range(course.harder(2, 3)):
        x = course.pit(course.harder(3, 4))
        if number == 1 and course.hardness > 0.25:
            course.sketch.rect(x + 1, course.row - 9, x + 3, course.row - 8, course.wall)
            course.sketch.thing(
                Kind.PENDULUM, (x + 2) * BLOCK, (course.row - 8) * BLOCK + 4, a=96, b=course.between(0, 255), c=34
            )
        course.coin(x + 1, course.row - 3.5)
        course.flat(course.harder(4, 3))
    course.pit(course.harder(3, 4))
    course.flat(6)


def belt_to_the_edge(course: Course) -> None:
    """A belt runs towards the pit, and one beyond it runs back to it."""
    course.flat(6)
    course.flat(6, surface="conveyor_right")
    x = course.pit(course.harder(4, 6))
    course.arc(x - 2, course.x + 2, course.row)
    course.flat(5, surface="conveyor_left")
    course.flat(6)


def press_hall(course: Course) -> None:
    """Below, pendulums swing in the hall; above, belts lead over its roof."""
    course.flat(7)
    row, x, length = course.row, course.x, course.between(20, 26)
    course.ledge(x - 3, row - 4, 3)
    course.sketch.rect(x, row - 8, x + length, row - 7, "conveyor_left")
    course.sketch.rect(x, row - 7, x + length, row - 6, course.wall)
    course.island(x, row - 8, 3, 2)
    course.flat(length)
    for number in range(course.harder(1, 2)):
        swing = x + 7 + 9 * number
        course.sketch.thing(
            Kind.PENDULUM, swing * BLOCK + 8, (row - 6) * BLOCK + 4, a=72, b=course.between(0, 255), c=44
        )
    course.coins(x + 1, row - 8, 2)
    course.coins(x + length - 8, row - 8, 5)
    course.coins(x + 3, row, 3)
    course.quiet.append((x, course.x))
    course.flat(5)


def hoist(course: Course) -> None:
    """A platform over molten iron goes up to the next floor."""
    course.flat(6)
    height = course.between(6, min(9, course.room_up))
    x = course.pit(8)
    y = (course.row - height // 2) * BLOCK + 8
    course.sketch.thing(Kind.PLATFORM, (x + 4) * BLOCK, y, a=0, b=height * BLOCK // 4, c=course.between(0, 255))
    course.coins(x + 3, course.row - height, 2)
    course.rise(height)
    x = course.flat(6)
    course.coins(x + 1, course.row, 3)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.DOOR_AND_SWITCH,
        branches.BREAKABLE_WALL,
        Piece(belts, Role.SIGNATURE, 1.5),
        Piece(jets, Role.SIGNATURE, 1.2),
        Piece(molten_pit, Role.SIGNATURE, 1.2),
        Piece(belt_to_the_edge, Role.OBSTACLE, 2),
        Piece(press_hall, Role.BRANCH, 1.5),
        Piece(hoist, Role.SIGNATURE, 1, up=7),
    ),
    enemies=(Kind.WALKER, Kind.SHOOTER, Kind.HOPPER),
    abyss="lava",
)
