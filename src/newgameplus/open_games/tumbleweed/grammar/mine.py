"""Mine: switches and doors, and walls that only a fast roll breaks."""

from __future__ import annotations

from newgameplus.open_games.tumbleweed.grammar import branches, shared
from newgameplus.open_games.tumbleweed.grammar.course import Course
from newgameplus.open_games.tumbleweed.grammar.pieces import Grammar, Piece, Role
from newgameplus.open_games.tumbleweed.terrain import BLOCK
from newgameplus.open_games.tumbleweed.things import Kind


def _roof(course: Course, x0: int, x1: int, clear: int, thickness: int = 3) -> None:
    """Put rock over a passage."""
    course.island(x0, course.row - clear - thickness, x1 - x0, thickness)


def gallery_with_beams(course: Course) -> None:
    """A low gallery under the rock, with stumps of beams in it."""
    course.flat(4)
    x = course.flat(course.between(18, 24))
    _roof(course, x, course.x, 7)
    for beam in range(x + 4, course.x - 4, course.between(6, 8)):
        course.build(beam, course.row, 1, course.harder(2, 4), "pillar")
        course.coin(beam, course.row - 5.5)
        if course.chance(0.3 + 0.4 * course.hardness):
            course.enemy(beam + 1, beam + 6, course.row)
    course.flat(4)


def shaft_down(course: Course) -> None:
    """A shaft with ledges, coins in its depth."""
    course.flat(5)
    depth = course.between(7, min(10, course.room_down))
    x, top = course.x, course.row
    course.island(x + 9, top - 5, 5, 5 + depth - 5)
    course.rise(-depth)
    course.flat(14)
    for down in range(3, depth - 1, 3):
        course.ledge(x + (0 if down % 2 else 4), top + down, 4)
        course.coins(x + (1 if down % 2 else 5), top + down, 2)
    course.flat(4)


def shaft_up(course: Course) -> None:
    """Ledges up a shaft; an enemy keeps its foot."""
    course.flat(4)
    x = course.flat(10)
    height = course.between(9, min(12, course.room_up))
    for number, up in enumerate(range(4, height + 1, 4)):
        course.ledge(x + (6 if number % 2 == 0 else 1), course.row - up, 4)
        course.coins(x + (7 if number % 2 == 0 else 2), course.row - up, 2)
    course.enemy(x, x + 6, course.row)
    course.rise(height)
    x = course.flat(6)
    course.coins(x + 1, course.row, 3)


def two_switches(course: Course) -> None:
    """Two doors one behind the other; one switch lies above, the other below in a dip."""
    first, second = course.channel(), course.channel()
    course.flat(5)
    row = course.row
    x = course.flat(6)
    course.slope("down26", 3)
    dip = course.flat(5)
    course.put(Kind.SWITCH, dip + 2, course.row, a=first)
    course.slope("up26", 3)
    course.island(dip - 3, row - 3, 10, 1)
    course.ledge(x, row - 6, 12)
    course.put(Kind.SWITCH, x + 1, row - 6, a=second)
    course.coins(x + 4, row - 6, 4)
    course.flat(9)
    gate = course.gate(course.between(14, 18), 4)
    course.put(Kind.DOOR, gate + 2, row, a=first)
    course.put(Kind.DOOR, gate + 9, row, a=second)
    course.coins(gate + 4, row, 3)
    course.quiet.append((x - 20, course.x))
    course.flat(5)


def hidden_gallery(course: Course) -> None:
    """A hill to climb over; whoever breaks its wall walks through, and finds something."""
    course.flat(12)
    row, x, length = course.row, course.x, course.between(14, 18)
    course.ledge(x - 4, row - 4, 3)
    course.island(x, row - 8, length, 4)
    course.flat(length)
    course.sketch.thing(Kind.BREAKABLE, (x + 1) * BLOCK, row * BLOCK - 32)
    course.coins(x + 3, row, 4)
    course.prize(x + 10, row)
    course.coins(x + 2, row - 8, 4)
    course.enemy(x + 7, x + length, row - 8)
    course.quiet.append((x - 1, course.x))
    course.flat(5)


def lift(course: Course) -> None:
    """A platform that goes up and down before a cliff."""
    course.flat(5)
    height = course.between(7, min(10, course.room_up))
    x = course.flat(3, surface="ground")
    x = course.pit(6)
    y = (course.row - height // 2) * BLOCK + 8
    course.sketch.thing(Kind.PLATFORM, (x + 3) * BLOCK, y, a=0, b=height * BLOCK // 4, c=course.between(0, 255))
    for up in range(2, height, 3):
        course.coin(x + 2.5, course.row - up - 1.5)
    course.rise(height)
    x = course.flat(6)
    course.coins(x + 1, course.row, 3)


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
