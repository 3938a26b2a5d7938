"""Carnival: moving platforms, bumpers, swinging balls and shooters."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.pen import Pen
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def carousel(pen: Pen) -> None:
    """Platforms that move to and fro over nothing."""
    pen.flat(6)
    for number in range(pen.harder(1, 3)):
        x = pen.pit(10)
        pen.sketch.thing(Kind.PLATFORM, (x + 5) * BLOCK, pen.row * BLOCK + 8, a=24, b=0, c=pen.between(0, 1) * 128)
        pen.coins(x + 3, pen.row - 1, 3)
        if number:
            pen.sketch.thing(Kind.FLYER, (x + 1) * BLOCK, (pen.row - 4) * BLOCK, a=30, b=pen.between(0, 255), c=10)
    pen.flat(7)


def big_wheel(pen: Pen) -> None:
    """Platforms that go up and down beside each other, up to a roof."""
    pen.flat(6)
    row, x = pen.row, pen.x
    height = pen.between(5, min(8, pen.room_up))
    for number in range(2):
        y = (row - 1 - 2 * number) * BLOCK
        pen.sketch.thing(Kind.PLATFORM, (x + 4 + 6 * number) * BLOCK, y, a=0, b=24, c=128 * number)
        pen.coins(x + 3 + 6 * number, row - 4, 2)
    pen.pit(13)
    pen.rise(height - 3)
    pen.flat(7)


def pinball(pen: Pen) -> None:
    """Bumpers hang over thorns; below them a safe but slow way."""
    pen.flat(6)
    row = pen.row
    for number in range(pen.harder(2, 3)):
        x = pen.thorns(2)
        pen.sketch.thing(Kind.BUMPER, (x + 1) * BLOCK, (row - 5 - number % 2) * BLOCK)
        pen.coins(x - 1, row - 3, 2)
        pen.flat(pen.between(4, 5))
    pen.flat(4)


def swinging_balls(pen: Pen) -> None:
    """Balls on chains swing across the way."""
    pen.flat(5)
    for _ in range(pen.harder(1, 3)):
        x = pen.flat(8)
        pen.sketch.rect(x + 3, pen.row - 9, x + 5, pen.row - 8, pen.wall)
        pen.sketch.thing(Kind.PENDULUM, (x + 4) * BLOCK, (pen.row - 8) * BLOCK + 4, a=100, b=pen.between(0, 255), c=40)
        pen.coins(x + 1, pen.row, 2)
    pen.flat(5)


def shooting_gallery(pen: Pen) -> None:
    """Shooters on stumps of wall, one behind the other."""
    pen.flat(5)
    for number in range(pen.harder(1, 3)):
        pen.flat(5)
        x = pen.flat(3)
        height = pen.between(2, 3) + (number % 2)
        pen.build(x, pen.row, 3, height)
        pen.put(Kind.SHOOTER, x + 1, pen.row - height, a=pen.between(40, 56), b=1, c=pen.between(0, 255))
        pen.coins(x - 4, pen.row, 3)
    pen.flat(6)


def cannon(pen: Pen) -> None:
    """Leaning springs throw from stage to stage; below lies a road."""
    x = pen.flat(7)
    row = pen.row
    pen.put(Kind.DIAGONAL_SPRING, x + 4, row, a=spring_to_stage())
    for number in range(2):
        stage = x + 14 + 12 * number
        pen.island(stage, row - 7, 7, 2)
        pen.coins(stage + 0.5, row - 7, 3)
        if number == 0:
            pen.put(Kind.DIAGONAL_SPRING, stage + 5, row - 7, a=spring_to_stage() - 30)
    pen.prize(x + 31, row - 7)
    pen.flat(6)
    pen.thorns(pen.harder(2, 4))
    road = pen.flat(9)
    pen.enemy(road + 1, pen.x, row)
    pen.thorns(pen.harder(2, 4))
    pen.flat(x + 36 - pen.x)


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
