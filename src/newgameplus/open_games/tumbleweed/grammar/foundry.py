"""Foundry: conveyor belts, jets of fire and pendulums over molten iron."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def _jet(pen: Pen, x: float, on: int, off: int) -> None:
    """Put a jet of fire into the ground."""
    pen.sketch.thing(Kind.JET, round((x + 0.5) * BLOCK), pen.row * BLOCK, a=on, b=off, c=pen.between(0, 255))
    pen.quiet.append((int(x) - 1, int(x) + 2))


def belts(pen: Pen) -> None:
    """Belts that run against the way, with jets between them."""
    pen.flat(5)
    for number in range(pen.harder(2, 3)):
        against = number % 2 == 0
        x = pen.flat(pen.between(6, 8), surface="conveyor_left" if against else "conveyor_right")
        pen.coins(x + 1, pen.row, 3)
        x = pen.flat(4)
        _jet(pen, x + 1.5, pen.harder(50, 80), pen.harder(90, 70))
    pen.flat(4)


def jets(pen: Pen) -> None:
    """A row of jets of fire."""
    pen.flat(5)
    for _ in range(pen.harder(2, 4)):
        x = pen.flat(pen.harder(6, 5))
        _jet(pen, x + 2.5, pen.harder(50, 80), pen.harder(90, 70))
        pen.coins(x + 0.5, pen.row, 2)
    pen.flat(4)


def molten_pit(pen: Pen) -> None:
    """Stones over molten iron; a pendulum crosses."""
    pen.flat(6)
    for number in range(pen.harder(2, 3)):
        x = pen.pit(pen.harder(3, 4))
        if number == 1 and pen.hardness > 0.25:
            pen.sketch.rect(x + 1, pen.row - 9, x + 3, pen.row - 8, pen.wall)
            pen.sketch.thing(
                Kind.PENDULUM, (x + 2) * BLOCK, (pen.row - 8) * BLOCK + 4, a=96, b=pen.between(0, 255), c=34
            )
        pen.coin(x + 1, pen.row - 3.5)
        pen.flat(pen.harder(4, 3))
    pen.pit(pen.harder(3, 4))
    pen.flat(6)


def belt_to_the_edge(pen: Pen) -> None:
    """A belt runs towards the pit, and one beyond it runs back to it."""
    pen.flat(6)
    pen.flat(6, surface="conveyor_right")
    x = pen.pit(pen.harder(4, 6))
    pen.arc(x - 2, pen.x + 2, pen.row)
    pen.flat(5, surface="conveyor_left")
    pen.flat(6)


def press_hall(pen: Pen) -> None:
    """Below, pendulums swing in the hall; above, belts lead over its roof."""
    pen.flat(7)
    row, x, length = pen.row, pen.x, pen.between(20, 26)
    pen.ledge(x - 3, row - 4, 3)
    pen.sketch.rect(x, row - 8, x + length, row - 7, "conveyor_left")
    pen.sketch.rect(x, row - 7, x + length, row - 6, pen.wall)
    pen.island(x, row - 8, 3, 2)
    pen.flat(length)
    for number in range(pen.harder(1, 2)):
        swing = x + 7 + 9 * number
        pen.sketch.thing(Kind.PENDULUM, swing * BLOCK + 8, (row - 6) * BLOCK + 4, a=72, b=pen.between(0, 255), c=44)
    pen.coins(x + 1, row - 8, 2)
    pen.coins(x + length - 8, row - 8, 5)
    pen.coins(x + 3, row, 3)
    pen.quiet.append((x, pen.x))
    pen.flat(5)


def hoist(pen: Pen) -> None:
    """A platform over molten iron goes up to the next floor."""
    pen.flat(6)
    height = pen.between(6, min(9, pen.room_up))
    x = pen.pit(8)
    y = (pen.row - height // 2) * BLOCK + 8
    pen.sketch.thing(Kind.PLATFORM, (x + 4) * BLOCK, y, a=0, b=height * BLOCK // 4, c=pen.between(0, 255))
    pen.coins(x + 3, pen.row - height, 2)
    pen.rise(height)
    x = pen.flat(6)
    pen.coins(x + 1, pen.row, 3)


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
