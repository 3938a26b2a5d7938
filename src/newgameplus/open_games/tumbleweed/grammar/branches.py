"""Pieces whose paths part and join, and pieces where one has to go back or gather speed."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar.course import Course, spring_strength
from newgameplus.open_games.tumbleweed.grammar.pieces import Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LOOP_SIZE
from newgameplus.open_games.tumbleweed.things import Kind


def _lower_road(course: Course, length: int) -> None:
    """Ground with beds of thorns and enemies, for those who did not take the upper path."""
    end = course.x + length
    while end - course.x >= 10:
        x = course.flat(course.between(3, 5))
        if course.chance(0.3 + 0.4 * course.hardness):
            course.thorns(course.harder(2, 4))
        else:
            x = course.flat(6)
            course.enemy(x, course.x, course.row)
    course.flat(end - course.x)


def table(course: Course) -> None:
    """A table of rock over a road: coins above, thorns below."""
    length = course.between(18, 26)
    x = course.flat(7)
    row = course.row
    course.ledge(x + 3, row - 4, 4)
    top = x + 8
    course.island(top, row - 8, length)
    _lower_road(course, length + 1)
    course.coins(top + 2, row - 8, 4)
    middle = top + length // 2
    if course.chance(0.5):
        course.build(middle, row - 8, 2, course.between(2, 3))
        course.enemy(middle + 3, top + length, row - 8)
    else:
        course.prize(middle, row - 8)
        course.coins(middle + 3, row - 8, 4)
    course.flat(6)


def gallery(course: Course) -> None:
    """Ledges over a road, one above the other towards a prize."""
    count = course.between(3, 5)
    x = course.flat(5)
    row, up = course.row, 4
    for number in range(count):
        length = course.between(4, 5)
        course.ledge(x + 3, row - up, length)
        course.coins(x + 3.5, row - up, 2)
        if number == count - 1:
            course.prize(x + 2 + length, row - up)
        x += length + course.between(2, 3)
        up = min(10, max(4, up + course.rng.choice([-3, 3, 3])))
    _lower_road(course, x - course.x)
    course.flat(5)


def tunnel(course: Course) -> None:
    """A hill that one climbs over or passes below."""
    course.flat(6)
    row, x, length = course.row, course.x, course.between(18, 26)
    course.ledge(x - 3, row - 4, 3)
    course.island(x, row - 8, length, 4)
    _lower_road(course, length)
    course.coins(x + 4, row, 3)
    bump = x + course.between(6, length - 9)
    course.sketch.ground(bump, bump + 4, row - 10, bottom=row - 7)
    course.coins(bump + 0.5, row - 10, 3, 1)
    course.coins(x + 1, row - 8, 3)
    if course.chance(0.6):
        course.enemy(bump + 4, x + length, row - 8)
    course.flat(5)


def underpass(course: Course) -> None:
    """A road whose holes lead into a cave below; steps lead up again at its end."""
    course.flat(7)
    row, x, floor = course.row, course.x, course.row + 8
    length = course.between(22, 30)
    course.sketch.ground(x, x + length + 4, floor)
    hole = x + 2
    course.island(x, row, 2, 4)
    while hole < x + length - 6:
        width = course.harder(3, 5)
        course.arc(hole - 1, hole + width + 1, row)
        road = min(course.between(5, 8), x + length - hole - width)
        course.island(hole + width, row, road, 4)
        hole += width + road
    course.island(hole, row, max(0, x + length - hole), 4)
    course.coins(x + 4, floor, 4)
    course.prize(x + 12, floor)
    course.enemy(x + 14, x + length - 5, floor)
    end = x + length
    course.sketch.rect(end - 4, row, end, row + 4, "empty")
    course.ledge(end - 4, row, 4)
    course.sketch.ground(end, end + 4, row + 4)
    course.ledge(end, row, 4)
    course.x = end + 4
    course.flat(6)


def lookout(course: Course) -> None:
    """A spring on a stump throws onto ledges high above the road, and to what lies on the last of them."""
    x = course.flat(6)
    row, high = course.row, course.row - 9
    course.flat(3, surface="fill")
    course.build(x + 6, row, 3, 2)
    course.put(Kind.SPRING, x + 7, row - 2, a=spring_strength(10))
    course.coins(x + 6.75, row - 6, 2, 0)
    start = x + 10
    for _ in range(course.between(2, 4)):
        length = course.between(4, 6)
        course.ledge(start, high, length)
        course.coins(start + 0.5, high, length // 2)
        start += length + course.between(2, 4)
    course.ledge(start, high, 4)
    course.prize(start + 2, high)
    _lower_road(course, start + 5 - course.x)
    course.flat(4)


def spring_wall(course: Course) -> None:
    """A basin with a high wall; the spring stands behind, where one comes from."""
    course.rise(3)
    x = course.flat(5)
    course.coins(x + 1, course.row, 2)
    course.island(course.x, course.row, 3, 2)
    course.rise(-course.between(6, 7))
    length = course.between(12, 14)
    start = course.flat(length)
    course.put(Kind.SPRING, start + 4, course.row, a=spring_strength(12))
    course.enemy(start + 8, start + length - 1, course.row)
    for up in range(5, 11, 2):
        course.coin(start + 4, course.row - up)
    course.rise(course.between(8, 9))
    x = course.flat(6)
    course.coins(x + 1, course.row, 3)


def door_and_switch(course: Course) -> None:
    """A locked passage; its switch lies on the shelf over the way here."""
    channel = course.channel()
    length = course.between(13, 17)
    course.flat(5)
    x = course.flat(length)
    row = course.row
    shelf = x + course.between(1, 3)
    course.ledge(shelf, row - 4, x + length - 5 - shelf)
    course.put(Kind.SWITCH, shelf + 1, row - 4, a=channel)
    course.coins(shelf + 3.5, row - 4, 3)
    gate = course.gate(course.between(12, 18), 4)
    course.put(Kind.DOOR, gate + 2, row, a=channel)
    course.coins(gate + 5, row, 4)
    if course.hardness > 0.3:
        course.enemy(x + 2, x + length - 3, row)
    course.flat(5)


def loop_after_hill(course: Course) -> None:
    """A loop at the foot of a hill: roll."""
    x = course.flat(4)
    course.coins(x, course.row, 3)
    course.hill(-course.between(6, min(9, course.room_down)))
    course.flat(3)
    loop(course)


def loop(course: Course) -> None:
    """A loop on flat ground, coins along its ring."""
    x = course.flat(LOOP_SIZE)
    course.sketch.loop(x, course.row)
    course.coin(x + 4.5, course.row - 7.5)
    course.coin(x + 1.5, course.row - 4.5)
    course.coin(x + 7.5, course.row - 4.5)
    course.quiet.append((x - 2, course.x + 2))
    course.flat(6)


def loop_after_step(course: Course) -> None:
    """A loop without a run-up: charge. The step is too low for a jump from it over the loop."""
    course.flat(4)
    course.rise(2)
    course.flat(course.between(3, 4))
    course.rise(-2)
    course.flat(course.between(6, 9))
    loop(course)


def loop_back(course: Course) -> None:
    """A hill, and at its foot a stump that takes the speed: go back up, or charge."""
    course.hill(-course.between(6, min(8, course.room_down)))
    course.flat(2)
    course.flat(2, surface="fill")
    course.build(course.x - 2, course.row, 2, 2)
    course.flat(course.between(5, 7))
    loop(course)


def breakable_wall(course: Course) -> None:
    """A passage that only a fast roll opens."""
    course.flat(3)
    course.rise(min(2, course.room_up))
    x = course.flat(course.harder(17, 9))
    row = course.row
    course.coins(x + 2, row, 4)
    x = course.gate(course.between(12, 18), 4)
    course.sketch.thing(Kind.BREAKABLE, (x + 1) * BLOCK, row * BLOCK - 32)
    course.coins(x + 2.5, row, 3)
    if course.hardness > 0.5:
        course.enemy(x + 7, course.x, row)
    course.flat(6)


def vault(course: Course) -> None:
    """Down a shaft, and in a passage too short to run a wall that only a fast roll breaks: charge."""
    x = course.flat(7)
    course.coins(x + 2, course.row, 3)
    course.rise(-6)
    x = course.flat(3)
    course.coins(x + 0.5, course.row - 3, 2)
    x = course.gate(course.between(14, 18), 4)
    course.sketch.thing(Kind.BREAKABLE, (x + 4) * BLOCK, course.row * BLOCK - 32)
    course.prize(x + 8, course.row)
    course.coins(x + 10, course.row, 3)
    course.flat(5)


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
