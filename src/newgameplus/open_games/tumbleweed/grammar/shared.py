"""Pieces of every zone: hills, walls and pits."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Piece, Role
from newgameplus.open_games.tumbleweed.things import Kind


def hills(course: Course) -> None:
    """One or two rounded hillsides with coins on their backs."""
    for _ in range(course.between(1, 2)):
        up = course.room_up - 1 > course.between(0, 10)
        room = (course.room_up if up else course.room_down) - 1
        height = min(course.rng.choice([2, 3, 3, 4, 6, 7, 8]), room)
        height = 5 if height > 8 else height
        course.hill(height if up else -height)
        x = course.flat(course.between(5, 7))
        if course.chance(0.2 + 0.4 * course.hardness):
            course.enemy(x, course.x, course.row)
        else:
            course.coins(x + 0.5, course.row, course.between(2, 3))


def meadow(course: Course) -> None:
    """Flat ground with coins, and somebody who lives there."""
    x = course.flat(course.between(9, 13))
    if course.chance(0.3 + 0.5 * course.hardness):
        course.enemy(x + 3, course.x - 2, course.row)
        course.arc(x + 2, course.x - 2, course.row)
    else:
        course.coins(x + 2, course.row, 5)


def hollow(course: Course) -> None:
    """A dip with something in it."""
    depth = course.between(2, min(4, course.room_down))
    course.flat(3)
    course.slope("down26", depth)
    x = course.flat(course.between(6, 9))
    if course.chance(0.4):
        course.prize(x + 3, course.row)
    else:
        course.enemy(x + 1, course.x - 1, course.row)
        course.coins(x + 1, course.row, 3)
    course.slope("up26", depth)
    course.flat(3)


def terraces(course: Course) -> None:
    """Low steps up or down, a coin on each."""
    up = course.room_up >= course.room_down
    for _ in range(course.between(2, 3)):
        course.rise(course.between(1, 2) * (1 if up else -1))
        x = course.flat(course.between(4, 6))
        course.coins(x + 1, course.row, 2)


def descent(course: Course) -> None:
    """A cliff down, coins in the fall."""
    x = course.flat(5)
    top = course.row
    course.rise(-course.between(4, min(8, course.room_down)))
    for down in range(2, course.row - top, 2):
        course.coin(course.x + 1.5, top + down - 1.5)
    if course.row - top >= 6 and course.chance(0.6):
        course.cavity(course.x - 4, course.row, 4, 3)
        course.prize(course.x - 3, course.row)
    course.flat(7)
    course.coins(x, top, 3)


def wall(course: Course) -> None:
    """A step too high to roll over."""
    course.flat(course.between(5, 7))
    course.rise(course.harder(4, 5))
    x = course.flat(course.between(6, 8))
    course.coins(x + 0.5, course.row, 3)
    if course.chance(course.hardness):
        course.enemy(x + 3, course.x, course.row)


def stairs(course: Course) -> None:
    """High steps, guarded on the landings."""
    course.flat(4)
    for number in range(2):
        course.rise(course.harder(3, 4))
        x = course.flat(course.between(6, 8))
        if number and course.chance(0.3 + course.hardness):
            course.enemy(x + 2, course.x, course.row)
        else:
            course.coins(x + 1, course.row, 3)


def tower(course: Course) -> None:
    """A stump of wall on flat ground; behind it something waits."""
    x = course.flat(course.between(5, 7))
    height, thickness = course.harder(3, 5), course.between(2, 3)
    course.flat(thickness, surface="fill")
    course.build(course.x - thickness, course.row, thickness, height)
    course.arc(course.x - thickness - 3, course.x + 3, course.row - height + 1, 1.5)
    if course.hardness > 0.35 and course.chance(0.6):
        course.thorns(course.between(2, 3))
    x = course.flat(course.between(6, 8))
    if course.chance(0.4):
        course.enemy(x + 1, course.x, course.row)


def gap(course: Course) -> None:
    """A pit; its other side may lie a little higher or lower."""
    course.flat(course.between(5, 7))
    x = course.pit(course.harder(4, 9))
    course.arc(x - 2, course.x + 2, course.row)
    change = course.between(-2, 2)
    course.rise(max(-course.room_down, min(course.room_up, change)))
    x = course.flat(course.between(6, 9))
    if course.chance(0.6 * course.hardness):
        course.enemy(x + 3, course.x, course.row)


def stones(course: Course) -> None:
    """Pillars of rock in a pit."""
    course.flat(course.between(5, 6))
    for _ in range(course.harder(1, 3)):
        x = course.pit(course.harder(3, 6))
        course.coin(x + (course.x - x - 1) / 2, course.row - 3.5)
        course.rise(max(-course.room_down, min(course.room_up, course.between(-2, 2))))
        course.flat(course.between(2, 4))
    course.pit(course.harder(3, 6))
    x = course.flat(7)
    if course.chance(course.hardness):
        course.enemy(x + 2, course.x, course.row)
    else:
        course.coins(x + 1, course.row, 3)


def thorn_beds(course: Course) -> None:
    """Beds of thorns in the ground."""
    course.flat(course.between(5, 7))
    for _ in range(course.harder(1, 3)):
        x = course.thorns(course.harder(3, 6))
        course.arc(x - 1, course.x + 1, course.row, 3)
        x = course.flat(course.between(4, 7))
        if course.x - x > 5:
            course.enemy(x, course.x, course.row)


def thorn_wall(course: Course) -> None:
    """Thorns at the foot of a wall: jump before it."""
    course.flat(course.between(6, 8))
    course.thorns(course.harder(1, 3))
    course.rise(course.harder(2, 4))
    x = course.flat(course.between(6, 8))
    course.coins(x + 1, course.row, 3)
    if course.hardness > 0.5:
        course.enemy(x + 3, course.x, course.row)


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


def opening(course: Course) -> None:
    """How a level begins: room to roll, a wall that has to be jumped, and a pit behind it."""
    course.flat(9)
    course.coins(6, course.row, 2)
    course.hill(course.rng.choice([-2, 2, 3]))
    x = course.flat(course.between(4, 6))
    course.coins(x + 0.5, course.row, 2)
    course.hill(course.rng.choice([-2, -1, 0, 2]))
    course.flat(3)
    height = course.between(3, 4)
    if course.room_up >= 4 and course.chance(0.7):
        course.rise(height)
    else:
        course.flat(2, surface="fill")
        course.build(course.x - 2, course.row, 2, height)
    course.flat(course.between(4, 5))
    x = course.pit(course.between(4, 6))
    course.arc(x - 2, course.x + 2, course.row)
    course.flat(5)


def checkpoint(course: Course) -> None:
    """A place to come back to."""
    x = course.flat(5)
    course.put(Kind.CHECKPOINT, x + 2, course.row)


def finale(course: Course) -> int:
    """How a level ends: coins and the goal; return the goal's column."""
    x = course.flat(12)
    course.coins(x + 2, course.row, 5)
    goal = course.flat(14)
    course.put(Kind.GOAL, goal, course.row)
    return goal
