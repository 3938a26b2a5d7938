"""Pieces whose paths part and join, and pieces where one has to go back or gather speed."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar.pen import Pen, spring_strength
from newgameplus.open_games.tumbleweed.grammar.pieces import Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LOOP_SIZE
from newgameplus.open_games.tumbleweed.things import Kind


def _lower_road(pen: Pen, length: int) -> None:
    """Ground with beds of thorns and enemies, for those who did not take the upper path."""
    end = pen.x + length
    while end - pen.x >= 10:
        x = pen.flat(pen.between(3, 5))
        if pen.chance(0.3 + 0.4 * pen.hardness):
            pen.thorns(pen.harder(2, 4))
        else:
            x = pen.flat(6)
            pen.enemy(x, pen.x, pen.row)
    pen.flat(end - pen.x)


def table(pen: Pen) -> None:
    """A table of rock over a road: coins above, thorns below."""
    length = pen.between(18, 26)
    x = pen.flat(7)
    row = pen.row
    pen.ledge(x + 3, row - 4, 4)
    top = x + 8
    pen.island(top, row - 8, length)
    _lower_road(pen, length + 1)
    pen.coins(top + 2, row - 8, 4)
    middle = top + length // 2
    if pen.chance(0.5):
        pen.build(middle, row - 8, 2, pen.between(2, 3))
        pen.enemy(middle + 3, top + length, row - 8)
    else:
        pen.prize(middle, row - 8)
        pen.coins(middle + 3, row - 8, 4)
    pen.flat(6)


def gallery(pen: Pen) -> None:
    """Ledges over a road, one above the other towards a prize."""
    count = pen.between(3, 5)
    x = pen.flat(5)
    row, up = pen.row, 4
    for number in range(count):
        length = pen.between(4, 5)
        pen.ledge(x + 3, row - up, length)
        pen.coins(x + 3.5, row - up, 2)
        if number == count - 1:
            pen.prize(x + 2 + length, row - up)
        x += length + pen.between(2, 3)
        up = min(10, max(4, up + pen.rng.choice([-3, 3, 3])))
    _lower_road(pen, x - pen.x)
    pen.flat(5)


def tunnel(pen: Pen) -> None:
    """A hill that one climbs over or passes below."""
    pen.flat(6)
    row, x, length = pen.row, pen.x, pen.between(18, 26)
    pen.ledge(x - 3, row - 4, 3)
    pen.island(x, row - 8, length, 4)
    _lower_road(pen, length)
    pen.coins(x + 4, row, 3)
    bump = x + pen.between(6, length - 9)
    pen.sketch.ground(bump, bump + 4, row - 10, bottom=row - 7)
    pen.coins(bump + 0.5, row - 10, 3, 1)
    pen.coins(x + 1, row - 8, 3)
    if pen.chance(0.6):
        pen.enemy(bump + 4, x + length, row - 8)
    pen.flat(5)


def underpass(pen: Pen) -> None:
    """A road whose holes lead into a cave below; steps lead up again at its end."""
    pen.flat(7)
    row, x, floor = pen.row, pen.x, pen.row + 8
    length = pen.between(22, 30)
    pen.sketch.ground(x, x + length + 4, floor)
    hole = x + 2
    pen.island(x, row, 2, 4)
    while hole < x + length - 6:
        width = pen.harder(3, 5)
        pen.arc(hole - 1, hole + width + 1, row)
        road = min(pen.between(5, 8), x + length - hole - width)
        pen.island(hole + width, row, road, 4)
        hole += width + road
    pen.island(hole, row, max(0, x + length - hole), 4)
    pen.coins(x + 4, floor, 4)
    pen.prize(x + 12, floor)
    pen.enemy(x + 14, x + length - 5, floor)
    end = x + length
    pen.sketch.rect(end - 4, row, end, row + 4, "empty")
    pen.ledge(end - 4, row, 4)
    pen.sketch.ground(end, end + 4, row + 4)
    pen.ledge(end, row, 4)
    pen.x = end + 4
    pen.flat(6)


def lookout(pen: Pen) -> None:
    """A spring on a stump throws onto ledges high above the road, and to what lies on the last of them."""
    x = pen.flat(6)
    row, high = pen.row, pen.row - 9
    pen.flat(3, surface="fill")
    pen.build(x + 6, row, 3, 2)
    pen.put(Kind.SPRING, x + 7, row - 2, a=spring_strength(10))
    pen.coins(x + 6.75, row - 6, 2, 0)
    start = x + 10
    for _ in range(pen.between(2, 4)):
        length = pen.between(4, 6)
        pen.ledge(start, high, length)
        pen.coins(start + 0.5, high, length // 2)
        start += length + pen.between(2, 4)
    pen.ledge(start, high, 4)
    pen.prize(start + 2, high)
    _lower_road(pen, start + 5 - pen.x)
    pen.flat(4)


def spring_wall(pen: Pen) -> None:
    """A basin with a high wall; the spring stands behind, where one comes from."""
    pen.rise(3)
    x = pen.flat(5)
    pen.coins(x + 1, pen.row, 2)
    pen.island(pen.x, pen.row, 3, 2)
    pen.rise(-pen.between(6, 7))
    length = pen.between(12, 14)
    start = pen.flat(length)
    pen.put(Kind.SPRING, start + 4, pen.row, a=spring_strength(12))
    pen.enemy(start + 8, start + length - 1, pen.row)
    for up in range(5, 11, 2):
        pen.coin(start + 4, pen.row - up)
    pen.rise(pen.between(8, 9))
    x = pen.flat(6)
    pen.coins(x + 1, pen.row, 3)


def door_and_switch(pen: Pen) -> None:
    """A locked passage; its switch lies on the shelf over the way here."""
    channel = pen.channel()
    length = pen.between(13, 17)
    pen.flat(5)
    x = pen.flat(length)
    row = pen.row
    shelf = x + pen.between(1, 3)
    pen.ledge(shelf, row - 4, x + length - 5 - shelf)
    pen.put(Kind.SWITCH, shelf + 1, row - 4, a=channel)
    pen.coins(shelf + 3.5, row - 4, 3)
    gate = pen.gate(pen.between(12, 18), 4)
    pen.put(Kind.DOOR, gate + 2, row, a=channel)
    pen.coins(gate + 5, row, 4)
    if pen.hardness > 0.3:
        pen.enemy(x + 2, x + length - 3, row)
    pen.flat(5)


def loop_after_hill(pen: Pen) -> None:
    """A loop at the foot of a hill: roll."""
    x = pen.flat(4)
    pen.coins(x, pen.row, 3)
    pen.hill(-pen.between(6, min(9, pen.room_down)))
    pen.flat(3)
    loop(pen)


def loop(pen: Pen) -> None:
    """A loop on flat ground, coins along its ring."""
    x = pen.flat(LOOP_SIZE)
    pen.sketch.loop(x, pen.row)
    pen.coin(x + 4.5, pen.row - 7.5)
    pen.coin(x + 1.5, pen.row - 4.5)
    pen.coin(x + 7.5, pen.row - 4.5)
    pen.quiet.append((x - 2, pen.x + 2))
    pen.flat(6)


def loop_after_step(pen: Pen) -> None:
    """A loop without a run-up: charge. The step is too low for a jump from it over the loop."""
    pen.flat(4)
    pen.rise(2)
    pen.flat(pen.between(3, 4))
    pen.rise(-2)
    pen.flat(pen.between(6, 9))
    loop(pen)


def loop_back(pen: Pen) -> None:
    """A hill, and at its foot a stump that takes the speed: go back up, or charge."""
    pen.hill(-pen.between(6, min(8, pen.room_down)))
    pen.flat(2)
    pen.flat(2, surface="fill")
    pen.build(pen.x - 2, pen.row, 2, 2)
    pen.flat(pen.between(5, 7))
    loop(pen)


def breakable_wall(pen: Pen) -> None:
    """A passage that only a fast roll opens."""
    pen.flat(3)
    pen.rise(min(2, pen.room_up))
    x = pen.flat(pen.harder(17, 9))
    row = pen.row
    pen.coins(x + 2, row, 4)
    x = pen.gate(pen.between(12, 18), 4)
    pen.sketch.thing(Kind.BREAKABLE, (x + 1) * BLOCK, row * BLOCK - 32)
    pen.coins(x + 2.5, row, 3)
    if pen.hardness > 0.5:
        pen.enemy(x + 7, pen.x, row)
    pen.flat(6)


def vault(pen: Pen) -> None:
    """Down a shaft, and in a passage too short to run a wall that only a fast roll breaks: charge."""
    x = pen.flat(7)
    pen.coins(x + 2, pen.row, 3)
    pen.rise(-6)
    x = pen.flat(3)
    pen.coins(x + 0.5, pen.row - 3, 2)
    x = pen.gate(pen.between(14, 18), 4)
    pen.sketch.thing(Kind.BREAKABLE, (x + 4) * BLOCK, pen.row * BLOCK - 32)
    pen.prize(x + 8, pen.row)
    pen.coins(x + 10, pen.row, 3)
    pen.flat(5)


BRANCHES = (
    Piece(table, Role.BRANCH, 1.5),
    Piece(gallery, Role.BRANCH, 1.2),
    Piece(tunnel, Role.BRANCH, 1.2),
    Piece(underpass, Role.BRANCH, 1.2, down=5),
    Piece(lookout, Role.BRANCH, 1),
)
SPRING_WALL = Piece(spring_wall, Role.BACK, 1.5, up=8)
DOOR_AND_SWITCH = Piece(door_and_switch, Role.BACK, 1, up=2)
LOOP_AFTER_HILL = Piece(loop_after_hill, Role.BACK, 1, down=6)
LOOP_BACK = Piece(loop_back, Role.BACK, 1, down=6, from_hardness=0.3)
BREAKABLE_WALL = Piece(breakable_wall, Role.BACK, 1, up=2, from_hardness=0.1)
CHARGES = (
    Piece(loop_after_step, Role.CHARGE, 1, up=2),
    Piece(vault, Role.CHARGE, 1.5, down=6),
)
