"""Frost: little grip, thorns that pop out, slopes that throw back."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def popping_thorns(pen: Pen) -> None:
    """Thorns that come and go on a smooth plain."""
    pen.flat(6)
    for _ in range(pen.harder(2, 4)):
        x = pen.flat(pen.harder(6, 5))
        out, inside = pen.harder(50, 80), pen.harder(90, 60)
        pen.put(Kind.POP_THORNS, x + 2.5, pen.row, a=out, b=inside, c=pen.between(0, 255))
        pen.coins(x + 2, pen.row - 2, 2)
    pen.flat(4)


def slide(pen: Pen) -> None:
    """A long slide; at its end the ground is missing."""
    x = pen.flat(4)
    pen.coins(x + 1, pen.row, 2)
    pen.slope("down26", pen.between(4, min(6, pen.room_down)))
    pen.flat(pen.between(4, 6))
    x = pen.pit(pen.harder(4, 7))
    pen.arc(x - 2, pen.x + 2, pen.row)
    x = pen.flat(9)
    pen.enemy(x + 3, pen.x, pen.row)


def ice_slope(pen: Pen) -> None:
    """A steep slope that throws back those who come slowly; ledges help on one side."""
    x = pen.flat(10)
    height = pen.between(6, min(9, pen.room_up))
    pen.hill(height)
    pen.ledge(x + 8, pen.row + height - 4, 3)
    x = pen.flat(8)
    pen.coins(x + 1, pen.row, 2)
    pen.enemy(x + 3, pen.x, pen.row)


def frozen_stairs(pen: Pen) -> None:
    """Narrow steps up, each with thorns that pop out or a coin."""
    pen.flat(4)
    for number in range(3):
        pen.rise(3)
        x = pen.flat(6)
        if number < 2 and pen.chance(0.3 + 0.7 * pen.hardness):
            pen.put(Kind.POP_THORNS, x + 3.5, pen.row, a=50, b=80, c=pen.between(0, 255))
        else:
            pen.coins(x + 1, pen.row, 2)
    pen.flat(2)


def icicle_cave(pen: Pen) -> None:
    """A cave of ice: thorns in the floor that come and go, a dry road above."""
    pen.flat(7)
    row, x, length = pen.row, pen.x, pen.between(18, 24)
    pen.ledge(x - 3, row - 4, 3)
    pen.island(x, row - 8, length, 4)
    pen.flat(length)
    for number in range(pen.harder(1, 3)):
        thorns = x + 4 + 6 * number
        pen.put(Kind.POP_THORNS, thorns + 0.5, row, a=60, b=80, c=pen.between(0, 255))
        pen.coins(thorns + 3, row, 2)
    pen.coins(x + 2, row - 8, 3)
    pen.build(x + 8, row - 8, 2, 3)
    pen.enemy(x + 10, x + length, row - 8)
    pen.flat(5)


def floes(pen: Pen) -> None:
    """Floes in a chasm: slippery, and some of them fall."""
    pen.flat(7)
    for number in range(pen.harder(2, 3)):
        pen.pit(pen.between(2, 3))
        x = pen.pit(4)
        if number % 2:
            pen.island(x, pen.row, 4, 2)
        else:
            pen.sketch.thing(Kind.FALLING_PLATFORM, (x + 2) * BLOCK, pen.row * BLOCK + 8, c=40)
        pen.coins(x + 0.5, pen.row, 2)
    pen.pit(pen.between(2, 3))
    pen.flat(8)


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
