"""Mine: switches and doors, and walls that only a fast roll breaks."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def _roof(pen: Pen, x0: int, x1: int, clear: int, thickness: int = 3) -> None:
    """Put rock over a passage."""
    pen.island(x0, pen.row - clear - thickness, x1 - x0, thickness)


def gallery_with_beams(pen: Pen) -> None:
    """A low gallery under the rock, with stumps of beams in it."""
    pen.flat(4)
    x = pen.flat(pen.between(18, 24))
    _roof(pen, x, pen.x, 7)
    for beam in range(x + 4, pen.x - 4, pen.between(6, 8)):
        pen.build(beam, pen.row, 1, pen.harder(2, 4), "pillar")
        pen.coin(beam, pen.row - 5.5)
        if pen.chance(0.3 + 0.4 * pen.hardness):
            pen.enemy(beam + 1, beam + 6, pen.row)
    pen.flat(4)


def shaft_down(pen: Pen) -> None:
    """A shaft with ledges, coins in its depth."""
    pen.flat(5)
    depth = pen.between(7, min(10, pen.room_down))
    x, top = pen.x, pen.row
    pen.island(x + 9, top - 5, 5, 5 + depth - 5)
    pen.rise(-depth)
    pen.flat(14)
    for down in range(3, depth - 1, 3):
        pen.ledge(x + (0 if down % 2 else 4), top + down, 4)
        pen.coins(x + (1 if down % 2 else 5), top + down, 2)
    pen.flat(4)


def shaft_up(pen: Pen) -> None:
    """Ledges up a shaft; an enemy keeps its foot."""
    pen.flat(4)
    x = pen.flat(10)
    height = pen.between(9, min(12, pen.room_up))
    for number, up in enumerate(range(4, height + 1, 4)):
        pen.ledge(x + (6 if number % 2 == 0 else 1), pen.row - up, 4)
        pen.coins(x + (7 if number % 2 == 0 else 2), pen.row - up, 2)
    pen.enemy(x, x + 6, pen.row)
    pen.rise(height)
    x = pen.flat(6)
    pen.coins(x + 1, pen.row, 3)


def two_switches(pen: Pen) -> None:
    """Two doors one behind the other; one switch lies above, the other below in a dip."""
    first, second = pen.channel(), pen.channel()
    pen.flat(5)
    row = pen.row
    x = pen.flat(6)
    pen.slope("down26", 3)
    dip = pen.flat(5)
    pen.put(Kind.SWITCH, dip + 2, pen.row, a=first)
    pen.slope("up26", 3)
    pen.island(dip - 3, row - 3, 10, 1)
    pen.ledge(x, row - 6, 12)
    pen.put(Kind.SWITCH, x + 1, row - 6, a=second)
    pen.coins(x + 4, row - 6, 4)
    pen.flat(9)
    gate = pen.gate(pen.between(14, 18), 4)
    pen.put(Kind.DOOR, gate + 2, row, a=first)
    pen.put(Kind.DOOR, gate + 9, row, a=second)
    pen.coins(gate + 4, row, 3)
    pen.quiet.append((x - 20, pen.x))
    pen.flat(5)


def hidden_gallery(pen: Pen) -> None:
    """A hill to climb over; whoever breaks its wall walks through, and finds something."""
    pen.flat(12)
    row, x, length = pen.row, pen.x, pen.between(14, 18)
    pen.ledge(x - 4, row - 4, 3)
    pen.island(x, row - 8, length, 4)
    pen.flat(length)
    pen.sketch.thing(Kind.BREAKABLE, (x + 1) * BLOCK, row * BLOCK - 32)
    pen.coins(x + 3, row, 4)
    pen.prize(x + 10, row)
    pen.coins(x + 2, row - 8, 4)
    pen.enemy(x + 7, x + length, row - 8)
    pen.quiet.append((x - 1, pen.x))
    pen.flat(5)


def lift(pen: Pen) -> None:
    """A platform that goes up and down before a cliff."""
    pen.flat(5)
    height = pen.between(7, min(10, pen.room_up))
    x = pen.flat(3, surface="ground")
    x = pen.pit(6)
    y = (pen.row - height // 2) * BLOCK + 8
    pen.sketch.thing(Kind.PLATFORM, (x + 3) * BLOCK, y, a=0, b=height * BLOCK // 4, c=pen.between(0, 255))
    for up in range(2, height, 3):
        pen.coin(x + 2.5, pen.row - up - 1.5)
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
        Piece(gallery_with_beams, Role.SIGNATURE, 1.5),
        Piece(shaft_down, Role.REST, 2, down=8),
        Piece(shaft_up, Role.SIGNATURE, 1.2, up=10),
        Piece(two_switches, Role.BACK, 1.5, up=3, from_hardness=0.15),
        Piece(hidden_gallery, Role.SIGNATURE, 1.5),
        Piece(lift, Role.SIGNATURE, 1, up=8),
    ),
    enemies=(Kind.WALKER, Kind.HOPPER, Kind.SHOOTER),
    wall="brick",
)
