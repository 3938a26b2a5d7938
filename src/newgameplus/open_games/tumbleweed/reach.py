"""Cheap test whether a level can be won, with jumps a little shorter than the tumbleweed's.

A level is treated as a graph of places to stand: solid ground, ledges and platforms with room for a tumbleweed above,
and updrafts. Edges are walking, a jump up, across and down through free blocks, a fall or a spring. Enemies and clocks
are ignored; a door is open once its switch can be reached. The actual proof is made in the emulator.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.grammar.pen import GRAVITY
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT, TERRAIN, Medium, Solidity, Surface
from newgameplus.open_games.tumbleweed.things import Kind, Thing
from newgameplus.types import Array

JUMP_HEIGHT = 5
"""Height of a jump in blocks."""
JUMP_LENGTH = 11
"""Length in blocks of a jump at the same height; one less per block up, one more per block down, up to 14."""
SPRING_LENGTH = 11
"""Blocks to either side that can be steered while a spring throws."""

_SOLID = np.array([block.solidity == Solidity.SOLID for block in TERRAIN])
_STANDABLE = np.array(
    [
        block.medium == Medium.UPDRAFT or (block.solidity != Solidity.NONE and block.surface != Surface.HURT)
        for block in TERRAIN
    ]
)


class Place(NamedTuple):
    """A place to stand: a column, and the row of the ground."""

    column: int
    row: int


def plausible(level: Blueprint) -> bool:
    """Return whether the goal can be reached, from the start and from every reachable place."""
    reach = _Reach(level)
    start = reach.below(level.start[0] // BLOCK, level.start[1] // BLOCK)
    if start is None:
        return False
    edges = reach.explore(start)
    goal_column = level.goal_x // BLOCK
    goals = [place for place in edges if place.column >= goal_column]
    return len(_leading_to(goals, edges)) == len(edges) and bool(goals)


def _leading_to(goals: list[Place], edges: dict[Place, set[Place]]) -> set[Place]:
    """All places from which one of ``goals`` can be reached."""
    backward: dict[Place, list[Place]] = defaultdict(list)
    for place, targets in edges.items():
        for target in targets:
            backward[target].append(place)
    found, waiting = set(goals), deque(goals)
    while waiting:
        for place in backward[waiting.popleft()]:
            if place not in found:
                found.add(place)
                waiting.append(place)
    return found


class _Reach:
    """Graph of a level."""

    def __init__(self, level: Blueprint) -> None:
        self.width = level.width
        self.solid = _SOLID[level.blocks]
        self.standable = _STANDABLE[level.blocks]
        self.things: dict[Kind, list[Thing]] = defaultdict(list)
        for thing in level.things:
            self.things[thing.kind].append(thing)
        for kind in (Kind.FALLING_PLATFORM, Kind.PLATFORM, Kind.CRUMBLE):
            for thing in self.things[kind]:
                self._carry(thing)
        self.closed = {thing.a: thing for thing in self.things[Kind.DOOR]}
        places = self._standing_places()
        self.rows = [np.nonzero(column)[0].tolist() for column in places]
        self._count_solid()

    def _carry(self, thing: Thing) -> None:
        """Treat a platform as present everywhere on its path."""
        half = 8 if thing.kind == Kind.CRUMBLE else 32
        reach_x, reach_y = (2 * thing.a, 2 * thing.b) if thing.kind == Kind.PLATFORM else (0, 0)
        x0, x1 = (thing.x - half - reach_x) // BLOCK, (thing.x + half + reach_x - 1) // BLOCK
        for y in range(thing.y - 8 - reach_y, thing.y - 8 + reach_y + 1, BLOCK):
            row = round(y / BLOCK)
            if 0 <= row < LEVEL_HEIGHT:
                self.standable[max(0, x0) : x1 + 1, row] = True

    def _standing_places(self) -> Array:
        """Return bool ``[width, rows]``: ground with two free blocks above."""
        free = ~self.solid
        places = self.standable.copy()
        places[:, :2] = False
        places[:, 1:] &= free[:, :-1]
        places[:, 2:] &= free[:, :-2]
        return places

    def _count_solid(self) -> None:
        """Cumulative counts of solid blocks, including doors, to test a line of blocks at once."""
        solid = self.solid.copy()
        for door in self.closed.values():
            solid[door.x // BLOCK, (door.y - 32) // BLOCK : (door.y + 32) // BLOCK] = True
        self.sums_down = np.pad(solid, ((0, 0), (1, 0))).cumsum(axis=1).tolist()
        self.sums_along = np.pad(solid, ((1, 0), (0, 0))).cumsum(axis=0).tolist()

    def below(self, column: int, row: int) -> Place | None:
        """Place on which a fall from a point lands."""
        return next((Place(column, found) for found in self.rows[column] if found >= row), None)

    def explore(self, start: Place) -> dict[Place, set[Place]]:
        """Return each reachable place with the places it leads to; doors open as their switches are found."""
        while True:
            edges = self._explore_once(start)
            opened = [
                switch.a
                for switch in self.things[Kind.SWITCH]
                if switch.a in self.closed and self._is_reached(switch, edges)
            ]
            if not opened:
                return edges
            for channel in opened:
                del self.closed[channel]
            self._count_solid()

    def _is_reached(self, thing: Thing, edges: dict[Place, set[Place]]) -> bool:
        column, row = thing.x // BLOCK, thing.y // BLOCK
        return any(Place(column, row + down) in edges for down in (0, 1, 2))

    def _explore_once(self, start: Place) -> dict[Place, set[Place]]:
        edges: dict[Place, set[Place]] = {}
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place not in edges:
                edges[place] = set(self._steps(place))
                waiting.extend(edges[place])
        return edges

    def _steps(self, place: Place) -> Iterator[Place]:
        yield from self._jumps(place, JUMP_HEIGHT, JUMP_LENGTH)
        for spring in (*self.things[Kind.SPRING], *self.things[Kind.DIAGONAL_SPRING]):
            if abs(spring.x // BLOCK - place.column) <= 1 and 0 <= place.row - spring.y // BLOCK <= 2:
                height = int((spring.a / 16) ** 2 / (2 * GRAVITY * BLOCK)) - 1
                yield from self._jumps(place, height, SPRING_LENGTH + height)

    def _jumps(self, place: Place, height: int, length: int) -> Iterator[Place]:
        for column in range(max(0, place.column - 14), min(self.width, place.column + 15)):
            far = abs(column - place.column)
            for row in self.rows[column]:
                up = place.row - row
                if up <= height and far <= min(14, length - max(0, up)) and self._is_free(place, column, row, height):
                    yield Place(column, row)

    def _is_free(self, place: Place, column: int, row: int, height: int) -> bool:
        """Whether one of two paths is free: straight up, across and down, low or high."""
        needed = min(place.row, row)
        return any(
            self._is_way_free(place, column, row, top) for top in {needed, max(2, place.row - height, needed - 3)}
        )

    def _is_way_free(self, place: Place, column: int, row: int, top: int) -> bool:
        first, last = sorted((place.column, column))
        return (
            self.sums_down[place.column][place.row] == self.sums_down[place.column][max(0, top - 2)]
            and self.sums_down[column][row] == self.sums_down[column][max(0, top - 2)]
            and all(
                self.sums_along[last + 1][max(0, top - up)] == self.sums_along[first][max(0, top - up)] for up in (1, 2)
            )
        )
