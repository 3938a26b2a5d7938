"""Pieces of every zone: hills, walls and pits."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def hills(pen: Pen) -> None:
    """One or two rounded hillsides with coins on top."""
    for _ in range(pen.between(1, 2)):
        up = pen.room_up - 1 > pen.between(0, 10)
        room = (pen.room_up if up else pen.room_down) - 1
        height = min(pen.rng.choice([2, 3, 3, 4, 6, 7, 8]), room)
        height = 5 if height > 8 else height
        pen.hill(height if up else -height)
        x = pen.flat(pen.between(5, 7))
        if pen.chance(0.2 + 0.4 * pen.hardness):
            pen.enemy(x, pen.x, pen.row)
        else:
            pen.coins(x + 0.5, pen.row, pen.between(2, 3))


def meadow(pen: Pen) -> None:
    """Flat ground with coins and an enemy."""
    x = pen.flat(pen.between(9, 13))
    if pen.chance(0.3 + 0.5 * pen.hardness):
        pen.enemy(x + 3, pen.x - 2, pen.row)
        pen.arc(x + 2, pen.x - 2, pen.row)
    else:
        pen.coins(x + 2, pen.row, 5)


def hollow(pen: Pen) -> None:
    """A dip with something in it."""
    depth = pen.between(2, min(4, pen.room_down))
    pen.flat(3)
    pen.slope("down26", depth)
    x = pen.flat(pen.between(6, 9))
    if pen.chance(0.4):
        pen.prize(x + 3, pen.row)
    else:
        pen.enemy(x + 1, pen.x - 1, pen.row)
        pen.coins(x + 1, pen.row, 3)
    pen.slope("up26", depth)
    pen.flat(3)


def terraces(pen: Pen) -> None:
    """Low steps up or down, a coin on each."""
    up = pen.room_up >= pen.room_down
    for _ in range(pen.between(2, 3)):
        pen.rise(pen.between(1, 2) * (1 if up else -1))
        x = pen.flat(pen.between(4, 6))
        pen.coins(x + 1, pen.row, 2)


def descent(pen: Pen) -> None:
    """A cliff down, coins in the fall."""
    x = pen.flat(5)
    top = pen.row
    pen.rise(-pen.between(4, min(8, pen.room_down)))
    for down in range(2, pen.row - top, 2):
        pen.coin(pen.x + 1.5, top + down - 1.5)
    if pen.row - top >= 6 and pen.chance(0.6):
        pen.cavity(pen.x - 4, pen.row, 4, 3)
        pen.prize(pen.x - 3, pen.row)
    pen.flat(7)
    pen.coins(x, top, 3)


def wall(pen: Pen) -> None:
    """A step too high to roll over."""
    pen.flat(pen.between(5, 7))
    pen.rise(pen.harder(4, 5))
    x = pen.flat(pen.between(6, 8))
    pen.coins(x + 0.5, pen.row, 3)
    if pen.chance(pen.hardness):
        pen.enemy(x + 3, pen.x, pen.row)


def stairs(pen: Pen) -> None:
    """High steps, guarded on the landings."""
    pen.flat(4)
    for number in range(2):
        pen.rise(pen.harder(3, 4))
        x = pen.flat(pen.between(6, 8))
        if number and pen.chance(0.3 + pen.hardness):
            pen.enemy(x + 2, pen.x, pen.row)
        else:
            pen.coins(x + 1, pen.row, 3)


def tower(pen: Pen) -> None:
    """A stump of wall on flat ground; behind it something waits."""
    x = pen.flat(pen.between(5, 7))
    height, thickness = pen.harder(3, 5), pen.between(2, 3)
    pen.flat(thickness, surface="fill")
    pen.build(pen.x - thickness, pen.row, thickness, height)
    pen.arc(pen.x - thickness - 3, pen.x + 3, pen.row - height + 1, 1.5)
    if pen.hardness > 0.35 and pen.chance(0.6):
        pen.thorns(pen.between(2, 3))
    x = pen.flat(pen.between(6, 8))
    if pen.chance(0.4):
        pen.enemy(x + 1, pen.x, pen.row)


def gap(pen: Pen) -> None:
    """A pit; its other side may lie a little higher or lower."""
    pen.flat(pen.between(5, 7))
    x = pen.pit(pen.harder(4, 9))
    pen.arc(x - 2, pen.x + 2, pen.row)
    change = pen.between(-2, 2)
    pen.rise(max(-pen.room_down, min(pen.room_up, change)))
    x = pen.flat(pen.between(6, 9))
    if pen.chance(0.6 * pen.hardness):
        pen.enemy(x + 3, pen.x, pen.row)


def stones(pen: Pen) -> None:
    """Pillars of rock in a pit."""
    pen.flat(pen.between(5, 6))
    for _ in range(pen.harder(1, 3)):
        x = pen.pit(pen.harder(3, 6))
        pen.coin(x + (pen.x - x - 1) / 2, pen.row - 3.5)
        pen.rise(max(-pen.room_down, min(pen.room_up, pen.between(-2, 2))))
        pen.flat(pen.between(2, 4))
    pen.pit(pen.harder(3, 6))
    x = pen.flat(7)
    if pen.chance(pen.hardness):
        pen.enemy(x + 2, pen.x, pen.row)
    else:
        pen.coins(x + 1, pen.row, 3)


def thorn_beds(pen: Pen) -> None:
    """Beds of thorns in the ground."""
    pen.flat(pen.between(5, 7))
    for _ in range(pen.harder(1, 3)):
        x = pen.thorns(pen.harder(3, 6))
        pen.arc(x - 1, pen.x + 1, pen.row, 3)
        x = pen.flat(pen.between(4, 7))
        if pen.x - x > 5:
            pen.enemy(x, pen.x, pen.row)


def thorn_wall(pen: Pen) -> None:
    """Thorns at the foot of a wall: jump before it."""
    pen.flat(pen.between(6, 8))
    pen.thorns(pen.harder(1, 3))
    pen.rise(pen.harder(2, 4))
    x = pen.flat(pen.between(6, 8))
    pen.coins(x + 1, pen.row, 3)
    if pen.hardness > 0.5:
        pen.enemy(x + 3, pen.x, pen.row)


RESTS = (
    Piece(hills, Role.REST, 3, up=2, down=2),
    Piece(meadow, Role.REST, 1.5),
    Piece(hollow, Role.REST, 1.5, down=2),
    Piece(terraces, Role.REST, 1, up=7, down=0),
    Piece(descent, Role.REST, 2.5, down=8),
)
OBSTACLES = (
    Piece(wall, Role.OBSTACLE, 1.5, up=5),
    Piece(stairs, Role.OBSTACLE, 1.5, up=9),
    Piece(tower, Role.OBSTACLE, 1.5),
    Piece(gap, Role.OBSTACLE, 1.5),
    Piece(stones, Role.OBSTACLE, 1, from_hardness=0.15),
    Piece(thorn_beds, Role.OBSTACLE, 1),
    Piece(thorn_wall, Role.OBSTACLE, 1, up=4, from_hardness=0.2),
)


def opening(pen: Pen) -> None:
    """How a level begins: room to roll, a wall that has to be jumped, and a pit behind it."""
    pen.flat(9)
    pen.coins(6, pen.row, 2)
    pen.hill(pen.rng.choice([-2, 2, 3]))
    x = pen.flat(pen.between(4, 6))
    pen.coins(x + 0.5, pen.row, 2)
    pen.hill(pen.rng.choice([-2, -1, 0, 2]))
    pen.flat(3)
    height = pen.between(3, 4)
    if pen.room_up >= 4 and pen.chance(0.7):
        pen.rise(height)
    else:
        pen.flat(2, surface="fill")
        pen.build(pen.x - 2, pen.row, 2, height)
    pen.flat(pen.between(4, 5))
    x = pen.pit(pen.between(4, 6))
    pen.arc(x - 2, pen.x + 2, pen.row)
    pen.flat(5)


def checkpoint(pen: Pen) -> None:
    """A checkpoint."""
    x = pen.flat(5)
    pen.put(Kind.CHECKPOINT, x + 2, pen.row)


def finale(pen: Pen) -> int:
    """How a level ends: coins and the goal; return the goal's column."""
    x = pen.flat(12)
    pen.coins(x + 2, pen.row, 5)
    goal = pen.flat(14)
    pen.put(Kind.GOAL, goal, pen.row)
    return goal
