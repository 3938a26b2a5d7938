"""Gale: gusts that push back and updrafts that carry."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def headwind(pen: Pen) -> None:
    """A gust in the face: only a run-up takes one through."""
    x = pen.flat(12)
    pen.coins(x + 2, pen.row, 5)
    length = pen.harder(6, 10)
    x = pen.flat(length)
    pen.air(x, pen.row - 7, x + length, pen.row, "gust_left")
    pen.flat(7)


def updraft_cliff(pen: Pen) -> None:
    """A cliff, and the wind that goes up it."""
    x = pen.flat(9)
    height = pen.between(7, min(10, pen.room_up))
    pen.air(x + 6, pen.row - height - 3, x + 9, pen.row, "updraft")
    for up in range(3, height + 2, 2):
        pen.coin(x + 7, pen.row - up)
    pen.rise(height)
    x = pen.flat(7)
    pen.coins(x + 1, pen.row, 3)


def updraft_chasm(pen: Pen) -> None:
    """A chasm too wide to jump; the wind that rises in it carries."""
    pen.flat(7)
    for _ in range(pen.harder(1, 2)):
        pen.pit(pen.harder(3, 4))
        x = pen.pit(4)
        pen.air(x, pen.row - 4, x + 4, 32, "updraft")
        for up in range(0, 5, 2):
            pen.coin(x + 1.5, pen.row - up)
    pen.pit(pen.harder(3, 4))
    pen.flat(7)


def tailwind(pen: Pen) -> None:
    """A long jump with the wind behind."""
    x = pen.flat(9)
    length = pen.harder(8, 12)
    pen.pit(length)
    pen.air(x + 5, pen.row - 7, pen.x - 1, pen.row + 2, "gust_right")
    pen.arc(pen.x - length - 2, pen.x + 2, pen.row)
    pen.flat(8)


def windy_hill(pen: Pen) -> None:
    """Over the hill blows the wind; through it leads a burrow."""
    pen.flat(8)
    row, x, length = pen.row, pen.x, pen.between(16, 22)
    pen.ledge(x - 3, row - 4, 3)
    pen.island(x, row - 8, length, 4)
    pen.flat(6)
    if pen.chance(0.5 + pen.hardness):
        pen.thorns(2)
    inner = pen.flat(x + length - pen.x)
    pen.enemy(inner + 2, pen.x - 1, row)
    pen.air(x + 6, row - 13, x + length, row - 8, "gust_left")
    pen.coins(x + 1, row - 8, 3)
    pen.coins(x + length - 5, row - 8, 3)
    pen.coins(x + 3, row, 3)
    pen.flat(6)


def kites(pen: Pen) -> None:
    """Islands in the air, with an updraft to the upper ones."""
    pen.flat(6)
    row, x = pen.row, pen.x
    for number in range(pen.harder(2, 3)):
        pen.pit(pen.harder(3, 4))
        start = pen.pit(5)
        pen.island(start, row - (number % 2), 5, 2)
        pen.coins(start + 0.5, row - (number % 2), 3)
    pen.air(x, row - 9, x + 3, 32, "updraft")
    pen.island(x + 4, row - 8, 4, 2)
    pen.prize(x + 6, row - 8)
    pen.island(x + 11, row - 8, 5, 2)
    pen.coins(x + 11.5, row - 8, 3)
    pen.pit(pen.harder(3, 4))
    pen.flat(6)


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
