"""Canyon: wide gaps with falling and crumbling bridges, springs to upper paths."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen, spring_strength
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def falling_bridge(pen: Pen) -> None:
    """Platforms over a chasm that do not hold for long."""
    pen.flat(6)
    for number in range(pen.harder(2, 4)):
        x = pen.pit(pen.between(2, 3))
        pen.pit(4)
        y = pen.row * BLOCK + 8 - BLOCK * (pen.between(0, 2) if number else 0)
        pen.sketch.thing(Kind.FALLING_PLATFORM, (pen.x - 2) * BLOCK, y, c=pen.harder(30, 12))
        pen.coins(x + 3, y // BLOCK, 2)
    pen.pit(pen.between(2, 3))
    pen.flat(6)


def crumbling_bridge(pen: Pen) -> None:
    """A bridge of loose stones; do not stop."""
    pen.flat(6)
    length = pen.harder(7, 13)
    x = pen.pit(length)
    for column in range(x, x + length):
        pen.sketch.thing(Kind.CRUMBLE, column * BLOCK + 8, pen.row * BLOCK + 8, c=pen.harder(30, 14))
    pen.coins(x + 1, pen.row, length // 2)
    if pen.hardness > 0.4:
        pen.sketch.thing(
            Kind.FLYER, (x + length // 2) * BLOCK, (pen.row - 3) * BLOCK, a=40, b=pen.between(0, 255), c=12
        )
    pen.flat(6)


def cliff_spring(pen: Pen) -> None:
    """A cliff, a spring at its foot, and a higher shelf for those who steer back."""
    x = pen.flat(11)
    height = pen.between(7, min(9, pen.room_up))
    pen.put(Kind.SPRING, x + 7, pen.row, a=spring_strength(height + 4))
    shelf = pen.row - height - 1
    pen.island(x, shelf, 5, 2)
    pen.coins(x + 0.5, shelf, 2)
    pen.prize(x + 3, shelf)
    pen.rise(height)
    x = pen.flat(7)
    pen.coins(x + 1, pen.row, 3)


def upper_road(pen: Pen) -> None:
    """A leaning spring throws onto shelves above a broken road."""
    x = pen.flat(8)
    row = pen.row
    pen.put(Kind.DIAGONAL_SPRING, x + 4, row, a=spring_strength(17))
    for number in range(3):
        shelf = x + 13 + 8 * number
        pen.island(shelf, row - 7, 6, 2)
        pen.coins(shelf + 0.5, row - 7, 3)
    pen.prize(x + 33, row - 7)
    for _ in range(3):
        pen.pit(pen.harder(3, 4))
        pen.flat(pen.between(4, 5))
    pen.flat(max(6, x + 37 - pen.x))


def needles(pen: Pen) -> None:
    """Needles of rock that rise out of the chasm, and fall again."""
    pen.flat(5)
    start = pen.row
    for number in range(pen.harder(3, 5)):
        pen.pit(pen.harder(2, 4))
        pen.row = start - (2 * (number % 3) if pen.room_up > 4 else number % 2)
        x = pen.flat(pen.harder(3, 2))
        pen.coin(x + 0.5, pen.row - 1.5)
    pen.pit(pen.harder(3, 4))
    pen.row = start
    pen.flat(6)


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
