"""Carnival: moving platforms, bumpers, swinging balls and shooters."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def carousel(course: Course) -> None:
    """Platforms that move to and fro over nothing."""
    course.flat(6)
    for number in range(course.harder(1, 3)):
        x = course.pit(10)
        course.sketch.thing(
            Kind.PLATFORM, (x + 5) * BLOCK, course.row * BLOCK + 8, a=24, b=0, c=course.between(0, 1) * 128
        )
        course.coins(x + 3, course.row - 1, 3)
        if number:
            course.sketch.thing(
                Kind.FLYER, (x + 1) * BLOCK, (course.row - 4) * BLOCK, a=30, b=course.between(0, 255), c=10
            )
    course.flat(7)


def big_wheel(course: Course) -> None:
    """Platforms that go up and down beside each other, up to a roof."""
    course.flat(6)
    row, x = course.row, course.x
    height = course.between(5, min(8, course.room_up))
    for number in range(2):
        y = (row - 1 - 2 * number) * BLOCK
        course.sketch.thing(Kind.PLATFORM, (x + 4 + 6 * number) * BLOCK, y, a=0, b=24, c=128 * number)
        course.coins(x + 3 + 6 * number, row - 4, 2)
    course.pit(13)
    course.rise(height - 3)
    course.flat(7)


def pinball(course: Course) -> None:
    """Bumpers hang over thorns; below them a safe but slow way."""
    course.flat(6)
    row = course.row
    for number in range(course.harder(2, 3)):
        x = course.thorns(2)
        course.sketch.thing(Kind.BUMPER, (x + 1) * BLOCK, (row - 5 - number % 2) * BLOCK)
        course.coins(x - 1, row - 3, 2)
        course.flat(course.between(4, 5))
    course.flat(4)


def swinging_balls(course: Course) -> None:
    """Balls on chains swing across the way."""
    course.flat(5)
    for _ in range(course.harder(1, 3)):
        x = course.flat(8)
        course.sketch.rect(x + 3, course.row - 9, x + 5, course.row - 8, course.wall)
        course.sketch.thing(
            Kind.PENDULUM, (x + 4) * BLOCK, (course.row - 8) * BLOCK + 4, a=100, b=course.between(0, 255), c=40
        )
        course.coins(x + 1, course.row, 2)
    course.flat(5)


def shooting_gallery(course: Course) -> None:
    """Shooters on stumps of wall, one behind the other."""
    course.flat(5)
    for number in range(course.harder(1, 3)):
        course.flat(5)
        x = course.flat(3)
        height = course.between(2, 3) + (number % 2)
        course.build(x, course.row, 3, height)
        course.put(Kind.SHOOTER, x + 1, course.row - height, a=course.between(40, 56), b=1, c=course.between(0, 255))
        course.coins(x - 4, course.row, 3)
    course.flat(6)


def cannon(course: Course) -> None:
    """Leaning springs throw from stage to stage; below lies a road."""
    x = course.flat(7)
    row = course.row
    course.put(Kind.DIAGONAL_SPRING, x + 4, row, a=spring_to_stage())
    for number in range(2):
        stage = x + 14 + 12 * number
        course.island(stage, row - 7, 7, 2)
        course.coins(stage + 0.5, row - 7, 3)
        if number == 0:
            course.put(Kind.DIAGONAL_SPRING, stage + 5, row - 7, a=spring_to_stage() - 30)
    course.prize(x + 31, row - 7)
    course.flat(6)
    course.thorns(course.harder(2, 4))
    road = course.flat(9)
    course.enemy(road + 1, course.x, row)
    course.thorns(course.harder(2, 4))
    course.flat(x + 36 - course.x)


def spring_to_stage() -> int:
    """Strength of a leaning spring that throws 7 blocks up and about 12 far."""
    return 170


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.DOOR_AND_SWITCH,
        branches.LOOP_AFTER_HILL,
        Piece(carousel, Role.SIGNATURE, 1.5),
        Piece(big_wheel, Role.SIGNATURE, 1, up=5),
        Piece(pinball, Role.SIGNATURE, 1.2),
        Piece(swinging_balls, Role.SIGNATURE, 1.2),
        Piece(shooting_gallery, Role.OBSTACLE, 2),
        Piece(cannon, Role.BRANCH, 1.5),
    ),
    enemies=(Kind.SHOOTER, Kind.HOPPER, Kind.WALKER, Kind.FLYER),
)
