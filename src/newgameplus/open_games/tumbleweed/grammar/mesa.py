"""Mesa: loops and half-pipes that want speed, thorns between them."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def half_pipe(pen: Pen) -> None:
    """Down one side and up the other."""
    depth = pen.between(6, min(8, pen.room_down))
    pen.flat(4)
    pen.hill(-depth)
    x = pen.flat(3)
    if pen.hardness > 0.3:
        pen.thorns(pen.harder(2, 3))
    pen.flat(3)
    pen.arc(x, pen.x, pen.row, 2)
    pen.hill(depth)
    pen.flat(4)


def two_loops(pen: Pen) -> None:
    """A hill, and two loops that share its speed."""
    pen.hill(-pen.between(8, min(10, pen.room_down)))
    pen.flat(2)
    branches.loop(pen)
    branches.loop(pen)


def ramp(pen: Pen) -> None:
    """A ramp, and a wide bed of thorns behind it."""
    pen.flat(8)
    pen.slope("up26", 3)
    x = pen.flat(3)
    pen.rise(-3)
    pen.thorns(pen.harder(5, 8))
    pen.arc(x + 2, pen.x + 2, pen.row - 3, 2)
    pen.flat(6)


def mesas(pen: Pen) -> None:
    """Table mountains of different heights, thorns in the clefts."""
    pen.flat(4)
    base = pen.row
    for number in range(pen.between(2, 3)):
        pen.row = base - pen.between(2, 4) - (number > 0)
        x = pen.flat(pen.between(5, 7))
        pen.coins(x + 1, pen.row, 2)
        if number and pen.chance(0.5):
            pen.enemy(x + 1, pen.x, pen.row)
        pen.row = base
        pen.thorns(pen.harder(2, 4))
    pen.flat(5)


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
