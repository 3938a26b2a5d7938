"""Gale: gusts that push back and updrafts that carry."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def headwind(course: Course) -> None:
    """A gust in the face: only a run-up takes one through."""
    x = course.flat(12)
    course.coins(x + 2, course.row, 5)
    length = course.harder(6, 10)
    x = course.flat(length)
    course.air(x, course.row - 7, x + length, course.row, "gust_left")
    course.flat(7)


def updraft_cliff(course: Course) -> None:
    """A cliff, and the wind that goes up it."""
    x = course.flat(9)
    height = course.between(7, min(10, course.room_up))
    course.air(x + 6, course.row - height - 3, x + 9, course.row, "updraft")
    for up in range(3, height + 2, 2):
        course.coin(x + 7, course.row - up)
    course.rise(height)
    x = course.flat(7)
    course.coins(x + 1, course.row, 3)


def updraft_chasm(course: Course) -> None:
    """A chasm too wide to jump; the wind that rises in it carries."""
    course.flat(7)
    for _ in range(course.harder(1, 2)):
        course.pit(course.harder(3, 4))
        x = course.pit(4)
        course.air(x, course.row - 4, x + 4, 32, "updraft")
        for up in range(0, 5, 2):
            course.coin(x + 1.5, course.row - up)
    course.pit(course.harder(3, 4))
    course.flat(7)


def tailwind(course: Course) -> None:
    """A long jump with the wind behind."""
    x = course.flat(9)
    length = course.harder(8, 12)
    course.pit(length)
    course.air(x + 5, course.row - 7, course.x - 1, course.row + 2, "gust_right")
    course.arc(course.x - length - 2, course.x + 2, course.row)
    course.flat(8)


def windy_hill(course: Course) -> None:
    """Over the hill blows the wind; through it leads a burrow."""
    course.flat(8)
    row, x, length = course.row, course.x, course.between(16, 22)
    course.ledge(x - 3, row - 4, 3)
    course.island(x, row - 8, length, 4)
    course.flat(6)
    if course.chance(0.5 + course.hardness):
        course.thorns(2)
    inner = course.flat(x + length - course.x)
    course.enemy(inner + 2, course.x - 1, row)
    course.air(x + 6, row - 13, x + length, row - 8, "gust_left")
    course.coins(x + 1, row - 8, 3)
    course.coins(x + length - 5, row - 8, 3)
    course.coins(x + 3, row, 3)
    course.flat(6)


def kites(course: Course) -> None:
    """Islands in the air, with an updraft to the upper ones."""
    course.flat(6)
    row, x = course.row, course.x
    for number in range(course.harder(2, 3)):
        course.pit(course.harder(3, 4))
        start = course.pit(5)
        course.island(start, row - (number % 2), 5, 2)
        course.coins(start + 0.5, row - (number % 2), 3)
    course.air(x, row - 9, x + 3, 32, "updraft")
    course.island(x + 4, row - 8, 4, 2)
    course.prize(x + 6, row - 8)
    course.island(x + 11, row - 8, 5, 2)
    course.coins(x + 11.5, row - 8, 3)
    course.pit(course.harder(3, 4))
    course.flat(6)


GRAMMAR = Grammar(
    pieces=(
        *shared.RESTS,
        *shared.OBSTACLES,
        *branches.BRANCHES,
        *branches.CHARGES,
        branches.SPRING_WALL,
        branches.LOOP_AFTER_HILL,
        Piece(headwind, Role.BACK, 2),
        Piece(updraft_cliff, Role.SIGNATURE, 1.5, up=8),
        Piece(updraft_chasm, Role.SIGNATURE, 1.5),
        Piece(tailwind, Role.SIGNATURE, 1),
        Piece(windy_hill, Role.BRANCH, 2, up=1),
        Piece(kites, Role.SIGNATURE, 1),
    ),
    enemies=(Kind.FLYER, Kind.FLYER, Kind.HOPPER),
)
