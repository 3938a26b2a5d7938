"""A level of Tumbleweed before it is packed, and a pad to sketch one on.

A sketch is drawn with a few strokes, in blocks from the level's top left corner; objects are placed in pixels::

    sketch = Sketch(width=140, zone="Mesa")
    sketch.ground(0, 60, row=22)                      # flat ground whose surface is the top of row 22
    x, top = sketch.climb(60, row=22, blocks=6)       # a round hillside; returns the column after it and the row there
    sketch.ground(x, 90, row=top)
    sketch.loop(76, row=top)
    sketch.on_ground(Kind.WALKER, 86, row=top, a=30, c=8)
    sketch.ground(90, 140, row=24)
    blueprint = sketch.finish()
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from newgameplus.errors import UsageError, did_you_mean
from newgameplus.open_games.tumbleweed.terrain import (
    BLOCK,
    CURVE_LENGTH,
    CURVE_RISE,
    CURVES,
    LEVEL_HEIGHT,
    LOOP_BLOCKS,
    LOOP_RADIUS,
    LOOP_SIZE,
    TERRAIN,
    TERRAIN_ID,
    Solidity,
)
from newgameplus.open_games.tumbleweed.things import Kind, Thing
from newgameplus.types import Array

HALF_PLAYER = 16
"""Pixels from the tumbleweed's centre down to the ground."""
GOAL_MARGIN = 12
"""Blocks from a level's goal to its right end, unless the goal is given."""

HALF_HEIGHTS: dict[Kind, int] = {
    Kind.COIN: 8,
    Kind.SPRING: 8,
    Kind.DIAGONAL_SPRING: 8,
    Kind.WALKER: 8,
    Kind.HOPPER: 12,
    Kind.SHOOTER: 12,
    Kind.FLYER: 8,
    Kind.PLATFORM: 8,
    Kind.FALLING_PLATFORM: 8,
    Kind.CRUMBLE: 8,
    Kind.SWITCH: 8,
    Kind.DOOR: 32,
    Kind.BREAKABLE: 32,
    Kind.CHECKPOINT: 16,
    Kind.BOX: 12,
    Kind.GOAL: 32,
    Kind.LOOP: LOOP_RADIUS,
    Kind.POP_THORNS: 8,
    Kind.PENDULUM: 0,
    Kind.JET: 0,
    Kind.BUMPER: 12,
}
"""Pixels from the centre of each kind of object down to the ground that it stands on."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Complete description of a level."""

    name: str
    """Name of its start state, such as ``Mesa.Act1``."""
    zone: str
    act: int
    blocks: Array
    """Block numbers, uint8 ``[width, 32]``: columns from the left, each from its top."""
    start: tuple[int, int]
    """Centre of the tumbleweed at the start of the level, in pixels."""
    goal_x: int
    """Column of the goal, in pixels."""
    things: tuple[Thing, ...] = ()

    @property
    def width(self) -> int:
        """Width of the level in blocks."""
        return int(self.blocks.shape[0])


def terrain_number(name: str) -> int:
    """Return the number of the kind of block ``name``.

    Raises:
        UsageError: there is no such block.
    """
    if name not in TERRAIN_ID:
        raise UsageError(f"There is no block {name!r}.{did_you_mean(name, TERRAIN_ID)}")
    return TERRAIN_ID[name]


@dataclass(slots=True)
class Sketch:
    """A level being drawn, in blocks; strokes outside it are clipped.

    A *row* is counted from the level's top; ground at a row has its surface at the row's upper edge, ``16 * row``.
    """

    width: int
    zone: str = "Mesa"
    act: int = 1
    blocks: Array = field(init=False)
    things: list[Thing] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.blocks = np.zeros((self.width, LEVEL_HEIGHT), np.uint8)

    def block(self, x: int, row: int, name: str) -> None:
        """Put one block."""
        if 0 <= x < self.width and 0 <= row < LEVEL_HEIGHT:
            self.blocks[x, row] = terrain_number(name)

    def rect(self, x0: int, row0: int, x1: int, row1: int, name: str) -> None:
        """Fill columns ``x0`` to ``x1 - 1`` and rows ``row0`` to ``row1 - 1`` with a block."""
        self.blocks[max(0, x0) : max(0, x1), max(0, row0) : max(0, row1)] = terrain_number(name)

    def ground(self, x0: int, x1: int, row: int, bottom: int = LEVEL_HEIGHT, surface: str = "ground") -> None:
        """Draw flat ground on columns ``x0`` to ``x1 - 1``, filled with earth down to row ``bottom - 1``."""
        self.rect(x0, row, x1, row + 1, surface)
        self.rect(x0, row + 1, x1, bottom, "fill")

    def column(self, x: int, pieces: Iterable[tuple[int, str]], row: int, bottom: int = LEVEL_HEIGHT) -> None:
        """Draw a column of sloping ground: pairs of (rows above ``row - 1``, block), and earth from ``row`` down."""
        for above, name in pieces:
            self.block(x, row - 1 - above, name)
        self.rect(x, row, x + 1, bottom, "fill")

    def slope(self, kind: str, x: int, row: int, blocks: int, bottom: int = LEVEL_HEIGHT) -> tuple[int, int]:
        """Draw a straight slope that begins at height ``row`` and rises or falls ``blocks`` blocks.

        Args:
            kind: ``up45``, ``down26``, … as blocks are named.
            x: its first column.
            row: the ground's row on its left side.
            blocks: how many blocks it rises or falls.
            bottom: the row below its earth.

        Returns:
            The column after it, and the ground's row there.
        """
        parts = {"45": 1, "26": 2, "14": 4}[kind[-2:]]
        names = [kind] if parts == 1 else [f"{kind}_{part}" for part in range(parts)]
        for _ in range(blocks):
            low = row if kind.startswith("up") else row + 1
            for name in names:
                self.column(x, [(0, name)], low, bottom)
                x += 1
            row += -1 if kind.startswith("up") else 1
        return x, row

    def curve(self, name: str, x: int, row: int, bottom: int = LEVEL_HEIGHT) -> tuple[int, int]:
        """Draw one of the CURVES, which begins at height ``row``; return as ``slope`` does."""
        is_up = name.endswith("up")
        low = row if is_up else row + CURVE_RISE
        for column, pieces in enumerate(CURVES[name]):
            self.column(x + column, pieces, low, bottom)
        return x + CURVE_LENGTH, row - CURVE_RISE if is_up else row + CURVE_RISE

    def climb(self, x: int, row: int, blocks: int, bottom: int = LEVEL_HEIGHT) -> tuple[int, int]:
        """Draw a round hillside that rises ``blocks`` blocks, or falls when negative; return as ``slope`` does.

        It begins and ends flat and is 45° steep between, so it takes at least six blocks of height.

        Raises:
            UsageError: the hillside is not as high as its curves.
        """
        straight = abs(blocks) - 2 * CURVE_RISE
        if straight < 0:
            raise UsageError(f"A round hillside is {2 * CURVE_RISE} blocks high or more, not {abs(blocks)}.")
        first, slope, last = (
            ("valley_up", "up45", "crest_up") if blocks > 0 else ("crest_down", "down45", "valley_down")
        )
        x, row = self.curve(first, x, row, bottom)
        x, row = self.slope(slope, x, row, straight, bottom)
        return self.curve(last, x, row, bottom)

    def loop(self, x: int, row: int) -> None:
        """Put a loop on flat ground at ``row``, over the ten columns from ``x``; draw the ground first."""
        top = row + 1 - LOOP_SIZE
        for (column, down), name in LOOP_BLOCKS.items():
            if top + down < row:
                self.block(x + column, top + down, name)
        self.thing(Kind.LOOP, (x + LOOP_SIZE // 2) * BLOCK, row * BLOCK - LOOP_RADIUS)

    def thing(self, kind: Kind, x: int, y: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Put an object with its centre at a place in pixels."""
        self.things.append(Thing(x, y, kind, a, b, c))

    def on_ground(self, kind: Kind, x: float, row: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Put an object on ground at ``row``, in the middle of block ``x``."""
        self.thing(kind, round((x + 0.5) * BLOCK), row * BLOCK - HALF_HEIGHTS[kind], a, b, c)

    def surface_row(self, x: int, below: int = 0) -> int:
        """Return the row of the uppermost solid block of column ``x``, from row ``below`` down; 32 if there is none."""
        for row in range(below, LEVEL_HEIGHT):
            if TERRAIN[self.blocks[x, row]].solidity != Solidity.NONE:
                return row
        return LEVEL_HEIGHT

    def crop(self, width: int) -> None:
        """Cut the level off after ``width`` columns."""
        self.width = width
        self.blocks = self.blocks[:width]
        self.things = [thing for thing in self.things if thing.x < width * BLOCK]

    def finish(self, start: tuple[int, int] | None = None, goal_x: int | None = None) -> Blueprint:
        """Return the level; by default it starts in column 3 and ends 12 blocks before its right end."""
        if start is None:
            start = (3 * BLOCK + BLOCK // 2, self.surface_row(3) * BLOCK - HALF_PLAYER)
        if goal_x is None:
            goal_x = (self.width - GOAL_MARGIN) * BLOCK
        name = f"{self.zone}.Act{self.act}"
        return Blueprint(name, self.zone, self.act, self.blocks.copy(), start, goal_x, tuple(sorted(self.things)))
