"""Blocks that levels are made of: 16 × 16 pixels each, with a collision shape, a slope, a surface and a medium.

Every zone has the same blocks with its own graphics. The build of the ROM turns this table into C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

BLOCK = 16
"""Side of a block in pixels."""
LEVEL_HEIGHT = 32
"""Height of a level in blocks; 512 pixels."""
LOOP_SIZE = 10
"""Side of a loop's square in blocks."""
LOOP_RADIUS = 70
"""Radius in pixels of the inner side of a loop's ring, on which the tumbleweed runs."""
CURVE_LENGTH = 6
"""Length in blocks of a curve from flat to 45° or back."""
CURVE_RISE = 3
"""Height in blocks that a curve rises."""


class Solidity(IntEnum):
    """Directions from which a block stops the tumbleweed."""

    NONE = 0
    ONE_WAY = 1
    """From above only."""
    SOLID = 2


class Surface(IntEnum):
    """Effect of a block on what stands on it."""

    NORMAL = 0
    HURT = 1
    CONVEYOR_LEFT = 2
    CONVEYOR_RIGHT = 3


class Medium(IntEnum):
    """Content of a block that is not solid."""

    AIR = 0
    WATER = 1
    GUST_LEFT = 2
    GUST_RIGHT = 3
    UPDRAFT = 4


@dataclass(frozen=True, slots=True)
class Terrain:
    """One kind of block."""

    name: str
    heights: tuple[int, ...] = (0,) * BLOCK
    """Height of the ground in pixels in each of the 16 columns, from the left; 0 to 16."""
    angle: int = 0
    """Slope in 1/256 of a turn, clockwise on the screen: 224 rises to the right at 45°, 32 falls to the right."""
    solidity: Solidity = Solidity.NONE
    surface: Surface = Surface.NORMAL
    medium: Medium = Medium.AIR


def _slope(name: str, left: float, right: float) -> Terrain:
    """A straight slope from height ``left`` to ``right``, in pixels at the block's two edges."""
    heights = tuple(
        min(BLOCK, max(0, math.ceil(left + (right - left) * (x + 0.5) / BLOCK - 1e-9))) for x in range(BLOCK)
    )
    return Terrain(name, heights, _angle((right - left) / BLOCK), Solidity.SOLID)


def _angle(rise_per_pixel: float) -> int:
    return round(-math.atan(rise_per_pixel) * 128 / math.pi) % 256


def _solid(name: str, surface: Surface = Surface.NORMAL) -> Terrain:
    return Terrain(name, (BLOCK,) * BLOCK, 0, Solidity.SOLID, surface)


def _slopes() -> list[Terrain]:
    made = [_slope("up45", 0, 16), _slope("down45", 16, 0)]
    for name, num_blocks in (("26", 2), ("14", 4)):
        step = BLOCK / num_blocks
        edges = [round(step * part) for part in range(num_blocks + 1)]
        made += [_slope(f"up{name}_{part}", edges[part], edges[part + 1]) for part in range(num_blocks)]
        made += [
            _slope(f"down{name}_{part}", BLOCK - edges[part], BLOCK - edges[part + 1]) for part in range(num_blocks)
        ]
    return made


def _curve_height(name: str, x: float) -> float:
    """Height in pixels of a curve's surface above its lowest point, ``x`` pixels from its left end."""
    length = CURVE_LENGTH * BLOCK
    distance = x if name.endswith("up") else length - x
    bend = distance * distance / (2 * length)
    return bend if name.startswith("valley") else distance - bend


CURVE_NAMES = ("valley_up", "crest_up", "valley_down", "crest_down")
"""``valley_up`` goes from flat to 45° rising to the right, ``crest_up`` from there to flat; ``…_down`` mirrors them."""


def _curve(name: str) -> tuple[list[Terrain], tuple[tuple[tuple[int, str], ...], ...]]:
    """Blocks of a curve, and their positions: per column the pairs (rows above the curve's lowest row, block)."""
    blocks, columns = [], []
    for column in range(CURVE_LENGTH):
        tops = [_curve_height(name, column * BLOCK + x + 0.5) for x in range(BLOCK)]
        middle = _curve_height(name, column * BLOCK + 9) - _curve_height(name, column * BLOCK + 7)
        pieces = []
        for row in range(CURVE_RISE):
            heights = tuple(min(BLOCK, max(0, math.ceil(top - row * BLOCK - 1e-9))) for top in tops)
            if any(heights) and any(height < BLOCK for height in heights):
                block = Terrain(f"{name}_{column}_{row}", heights, _angle(middle / 2), Solidity.SOLID)
                blocks.append(block)
                pieces.append((row, block.name))
            elif all(height == BLOCK for height in heights):
                pieces.append((row, "fill"))
        columns.append(tuple(pieces))
    return blocks, tuple(columns)


_CURVES = {name: _curve(name) for name in CURVE_NAMES}

CURVES: dict[str, tuple[tuple[tuple[int, str], ...], ...]] = {name: columns for name, (_, columns) in _CURVES.items()}
"""Columns of each curve by name, from the left: pairs of (rows above the curve's lowest row, block's name)."""


def _is_ring(column: int, row: int) -> bool:
    """Whether a loop's ring, from LOOP_RADIUS to the edge of its square, touches a block."""
    half = LOOP_SIZE * BLOCK / 2
    corners = [
        math.hypot(column * BLOCK + dx - half, row * BLOCK + dy - half) for dx in (0, BLOCK) for dy in (0, BLOCK)
    ]
    nearest_x = max(column * BLOCK - half, half - (column + 1) * BLOCK, 0)
    nearest_y = max(row * BLOCK - half, half - (row + 1) * BLOCK, 0)
    return max(corners) > LOOP_RADIUS and math.hypot(nearest_x, nearest_y) < half


LOOP_BLOCKS: dict[tuple[int, int], str] = {
    (column, row): f"loop_{column}_{row}"
    for column in range(LOOP_SIZE)
    for row in range(LOOP_SIZE)
    if _is_ring(column, row)
}
"""Block that draws each part of a loop's ring, by (column, row) in its square; the ring itself is an object."""

DECORATIONS = tuple(f"decoration_{number}" for number in range(12))
"""Blocks without effect: 0 to 3 stand on the ground, 4 to 7 stand on it two blocks tall (4 under 5, 6 under 7), 8 to 9
are set into the earth, 10 to 11 hang from a ceiling."""

TERRAIN: tuple[Terrain, ...] = (
    Terrain("empty"),
    _solid("fill"),
    _solid("ground"),
    _solid("brick"),
    _solid("pillar"),
    Terrain("ledge", (BLOCK,) * BLOCK, 0, Solidity.ONE_WAY),
    _solid("conveyor_left", Surface.CONVEYOR_LEFT),
    _solid("conveyor_right", Surface.CONVEYOR_RIGHT),
    Terrain("thorns", (12,) * BLOCK, 0, Solidity.SOLID, Surface.HURT),
    Terrain("lava", (10,) * BLOCK, 0, Solidity.SOLID, Surface.HURT),
    Terrain("water_top", medium=Medium.WATER),
    Terrain("water", medium=Medium.WATER),
    Terrain("gust_left", medium=Medium.GUST_LEFT),
    Terrain("gust_right", medium=Medium.GUST_RIGHT),
    Terrain("updraft", medium=Medium.UPDRAFT),
    *_slopes(),
    *(block for blocks, _ in _CURVES.values() for block in blocks),
    *(Terrain(name) for name in DECORATIONS),
    *(Terrain(name) for name in LOOP_BLOCKS.values()),
)
"""All kinds of blocks; the index is the number in a level."""

TERRAIN_ID: dict[str, int] = {block.name: number for number, block in enumerate(TERRAIN)}
"""Number of each kind of block, by name."""
