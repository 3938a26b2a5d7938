"""Pen that draws a level from left to right: its position, what it may draw next, and the strokes all pieces share.

Lengths are in blocks. Pieces must respect how far the tumbleweed jumps: 6 blocks up at most, of which pieces use 5;
from a standstill about 5 blocks far, after a run of 10 blocks about 10, at full speed up to 18.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from newgameplus.open_games.tumbleweed.blueprint import Sketch
from newgameplus.open_games.tumbleweed.terrain import BLOCK, LEVEL_HEIGHT
from newgameplus.open_games.tumbleweed.things import Kind

HIGHEST_ROW, LOWEST_ROW = 12, 27
"""Range of rows of the ground at which pieces begin and end."""
GRAVITY = 56 / 256
"""Gravity in pixels per frame squared."""


def spring_strength(blocks: float) -> int:
    """Return the strength of a spring that throws ``blocks`` blocks high."""
    speed = math.sqrt(2 * GRAVITY * blocks * BLOCK)
    return min(255, math.ceil(16 * speed))


@dataclass(slots=True)
class Pen:
    """A level being drawn."""

    sketch: Sketch
    rng: random.Random
    enemies: tuple[Kind, ...]
    """Kinds of enemies in this zone; a kind listed twice is twice as likely."""
    hardness: float = 0.0
    """Hardness from 0 to 1: grows with the act and along the level."""
    x: int = 0
    """Next column."""
    row: int = 21
    """Row of the ground there."""
    num_channels: int = 0
    """Number of switches so far."""
    wall: str = "brick"
    """Block that walls are built of."""
    abyss: str = "empty"
    """Block at the bottom of pits; ``empty`` is deadly."""
    quiet: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of columns (end exclusive) without decoration."""

    # ---- chance ----

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        """Return a random integer from ``low`` to ``high``, both included."""
        return self.rng.randint(low, max(low, high))

    def harder(self, easy: float, hard: float) -> int:
        """Return an integer between ``easy`` and ``hard`` by hardness, with a little random variation."""
        share = min(1.0, max(0.0, self.hardness + self.rng.uniform(-0.25, 0.25)))
        return round(easy + (hard - easy) * share)

    # ---- room ----

    @property
    def room_up(self) -> int:
        """Number of rows that the ground may rise."""
        return self.row - HIGHEST_ROW

    @property
    def room_down(self) -> int:
        """Number of rows that the ground may fall."""
        return LOWEST_ROW - self.row

    # ---- ground that moves the pen ----

    def flat(self, length: int, surface: str = "ground") -> int:
        """Draw flat ground; return its first column."""
        x = self.x
        self.sketch.ground(x, x + length, self.row, surface=surface)
        self.x += length
        return x

    def rise(self, blocks: int) -> None:
        """Continue ``blocks`` rows higher, behind a wall; lower if negative."""
        self.row -= blocks

    def slope(self, kind: str, blocks: int) -> None:
        """Draw a straight slope, as Sketch.slope does."""
        self.x, self.row = self.sketch.slope(kind, self.x, self.row, blocks)

    def hill(self, blocks: int) -> None:
        """Draw a hillside that rises, or falls if negative; rounded if it is high enough."""
        if abs(blocks) >= 6:
            self.x, self.row = self.sketch.climb(self.x, self.row, blocks)
        elif blocks:
            steepness = "26" if abs(blocks) > 1 else self.rng.choice(["26", "14"])
            self.slope(("up" if blocks > 0 else "down") + steepness, abs(blocks))

    def pit(self, length: int) -> int:
        """Draw a pit, with the zone's block at its bottom; return its first column."""
        x = self.x
        if self.abyss != "empty":
            self.sketch.rect(x, LEVEL_HEIGHT - 2, x + length, LEVEL_HEIGHT - 1, self.abyss)
            self.sketch.rect(x, LEVEL_HEIGHT - 1, x + length, LEVEL_HEIGHT, "fill")
        self.x += length
        return x

    def thorns(self, length: int) -> int:
        """Draw a bed of thorns, set into the ground; return its first column."""
        x = self.x
        self.sketch.ground(x, x + length, self.row + 1, surface="fill")
        self.sketch.rect(x, self.row, x + length, self.row + 1, "thorns")
        self.x += length
        return x

    def gate(self, length: int, clear: int) -> int:
        """Draw a cliff too high to climb, with a passage ``clear`` blocks high through it; return its first column."""
        x = self.flat(length)
        top, bottom = max(2, self.row - 13), self.row - clear
        fall = min((length - 3) // 2, bottom - 3 - top)
        crest = length - 2 * fall
        self.island(x, top, crest, bottom - top)
        self.sketch.slope("down26", x + crest, top, fall, bottom=bottom)
        self.quiet.append((x - 1, x + length + 1))
        return x

    def wander(self, row: int) -> None:
        """Move a little closer to a row, on a slope."""
        change = max(-4, min(4, self.row - row))
        if abs(change) > 1:
            self.slope(("up" if change > 0 else "down") + self.rng.choice(["26", "26", "14"]), abs(change))

    # ---- objects and buildings ----

    def island(self, x: int, row: int, length: int, thickness: int = 3) -> None:
        """Draw ground that hangs in the air, or covers a cave."""
        self.sketch.ground(x, x + length, row, bottom=row + thickness)

    def cavity(self, x: int, row: int, length: int, height: int) -> None:
        """Dig a chamber whose floor is at ``row`` into earth."""
        self.sketch.rect(x, row - height, x + length, row, "empty")
        self.sketch.rect(x, row, x + length, row + 1, "ground")

    def air(self, x0: int, row0: int, x1: int, row1: int, medium: str) -> None:
        """Fill what is empty in columns ``x0`` to ``x1 - 1`` and rows ``row0`` to ``row1 - 1`` with a medium."""
        for x in range(x0, x1):
            for row in range(max(0, row0), min(LEVEL_HEIGHT, row1)):
                if not self.sketch.blocks[x, row]:
                    self.sketch.block(x, row, medium)
        self.quiet.append((x0, x1))

    def ledge(self, x: int, row: int, length: int) -> None:
        """Draw a ledge that one can jump through from below."""
        self.sketch.rect(x, row, x + length, row + 1, "ledge")

    def build(self, x: int, row: int, length: int, height: int, block: str = "") -> None:
        """Build a wall that stands on ground at ``row``."""
        self.sketch.rect(x, row - height, x + length, row, block or self.wall)

    def put(self, kind: Kind, x: float, row: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Put an object on ground at ``row``, in the middle of block ``x``."""
        self.sketch.on_ground(kind, x, row, a, b, c)
        self.quiet.append((int(x) - 1, int(x) + 2))

    def coins(self, x: float, row: int, count: int, spacing: float = 1.5) -> None:
        """Put a row of coins a little above ground at ``row``."""
        for number in range(count):
            self.coin(x + number * spacing, row - 1.25)

    def coin(self, x: float, row: float) -> None:
        """Put a coin in the middle of a place in blocks, wherever that is."""
        self.sketch.thing(Kind.COIN, round((x + 0.5) * BLOCK), round((row + 0.5) * BLOCK))

    def arc(self, x0: int, x1: int, row: int, height: float = 3.5) -> None:
        """Put coins along a jump from column ``x0`` to ``x1`` over ground at ``row``."""
        count = max(3, (x1 - x0) // 2)
        for number in range(count):
            share = (number + 0.5) / count
            self.coin(x0 + share * (x1 - x0) - 0.5, row - 1.5 - 4 * height * share * (1 - share))

    def enemy(self, x0: int, x1: int, row: int) -> None:
        """Put one of the zone's enemies on flat ground from column ``x0`` to ``x1 - 1``."""
        kind = self.rng.choice(self.enemies)
        middle, reach = (x0 + x1 - 1) / 2, int((x1 - x0) * BLOCK / 2) - 12
        phase = self.between(0, 255)
        if kind == Kind.WALKER and reach >= 16:
            self.put(kind, middle, row, a=min(reach, 72), b=phase, c=self.harder(7, 14))
        elif kind == Kind.FLYER:
            x, y = round((middle + 0.5) * BLOCK), (row - self.between(2, 3)) * BLOCK
            self.sketch.thing(kind, x, y, a=min(max(reach, 20), 64), b=phase, c=self.between(8, 20))
        elif kind == Kind.SHOOTER and x1 - x0 >= 5:
            self.put(kind, x1 - 1.5, row, a=self.between(40, 64), b=1, c=phase)
        else:
            self.put(Kind.HOPPER, middle, row, a=self.between(24, 56), b=phase, c=self.between(30, 60))

    def prize(self, x: float, row: int) -> None:
        """Put a box on ground at ``row``: mostly coins, at times a shield, seldom a life."""
        content = self.rng.choices([0, 1, 2], [6, 3, 1])[0]
        self.put(Kind.BOX, x, row, a=content)

    def channel(self) -> int:
        """Return a channel for one more switch and its door."""
        self.num_channels += 1
        return self.num_channels - 1
