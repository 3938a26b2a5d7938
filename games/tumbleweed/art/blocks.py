"""What a zone's pictures are, and the blocks that every zone draws in its own texture.

A zone's foreground has its colours in the same places: 1 outline; 2 to 4 earth from dark to light; 5 to 7 what grows or
lies on the earth; 8 to 10 wood, plants or metal; 11 white; 12 and 13 what hurts (dark, light); 14 and 15 water or air.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from canvas import Field, Pixels, blank, ellipse, from_text, grid, outline, polygon

from newgameplus.open_games.tumbleweed.terrain import (
    BLOCK,
    CURVE_LENGTH,
    CURVE_RISE,
    CURVES,
    LOOP_BLOCKS,
    LOOP_RADIUS,
    LOOP_SIZE,
    TERRAIN,
)

OUTLINE, EARTH, TOP, WOOD, WHITE, HOT, AIR = 1, (2, 3, 4), (5, 6, 7), (8, 9, 10), 11, (12, 13), (14, 15)
LOOP_MIDDLE = (LOOP_SIZE - 1) * BLOCK - LOOP_RADIUS
"""Rows from the top of a loop's square to its centre: the square's lowest row is ground."""
SLOPES = ("up45", "down45", "up26", "down26", "up14", "down14")


@dataclass(frozen=True, slots=True)
class ZoneArt:
    """The pictures of one zone."""

    foreground: list[int]
    """Palette 0; its entry 0 is the backdrop."""
    background: list[int]
    """Palette 1."""
    blocks: dict[str, Pixels]
    """Name of each kind of block to its 16 × 16 pixels of the foreground's palette."""
    panorama: Pixels
    """512 × 224 pixels of the background's palette."""
    speed: list[int]
    """Speed of each of the panorama's 28 rows in 1/256 of the camera's."""
    cycle: tuple[int, int, int] = (0, 0, 0)
    """First entry of the foreground's palette that cycles, how many do, frames per step."""
    over: frozenset[str] = frozenset({"water_top"})
    """Blocks drawn in front of the sprites."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a zone draws its ground."""

    texture: Pixels
    """The earth, 16 × 16, without seams."""
    edge: Pixels
    """What lies on the earth, 16 wide, from its surface down; transparent pixels show the earth."""
    slope_edge: int = 5
    """Rows of what lies on sloping earth."""
    ring: tuple[int, ...] = (1, 7, 6, 6, 5, 2, 3, 3, 2, 1)
    """Entries of a loop's ring from its inner side outwards."""
    ring_seam: int = 2
    """Entry of the seams across the ring."""
    wood: tuple[int, int, int] = WOOD
    """What ledges, pillars and belts are made of, from dark to light."""
    extra: dict[str, Pixels] = field(default_factory=dict)
    """Blocks that the zone draws in its own way."""


def earth(style: Style, tops: Field, height: int) -> Pixels:
    """Ground of ``height`` rows whose surface has ``tops`` transparent rows above it in each column.

    What lies on slopes is thinner: the block under a slope is plain earth, and would cut it off.
    """
    width = len(tops)
    made = np.tile(style.texture, (height // BLOCK + 1, width // BLOCK + 1))[:height, :width].copy()
    depth = np.arange(height)[:, None] - tops[None, :].astype(int)
    edge_height = min(len(style.edge), style.slope_edge) if np.ptp(tops) else len(style.edge)
    row = np.clip(depth, 0, edge_height - 1) * (len(style.edge) - 1) // (edge_height - 1)
    lying = style.edge[row, np.arange(width) % BLOCK]
    made = np.where((depth < edge_height) & (lying > 0), lying, made)
    return np.where(depth >= 0, made, 0).astype(np.uint8)


def _cut(pixels: Pixels, column: int, row: int) -> Pixels:
    return pixels[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK].copy()


def _curves(style: Style) -> dict[str, Pixels]:
    """The blocks of the curves, cut from whole pictures, so that the edge goes on from block to block."""
    shapes = {terrain.name: terrain.heights for terrain in TERRAIN}
    made = {}
    for columns in CURVES.values():
        tops = np.full(CURVE_LENGTH * BLOCK, CURVE_RISE * BLOCK)
        for column, pieces in enumerate(columns):
            heights = sum(np.array(shapes[name]) for _, name in pieces)
            tops[column * BLOCK : (column + 1) * BLOCK] -= heights
        picture = earth(style, tops, CURVE_RISE * BLOCK)
        for column, pieces in enumerate(columns):
            for row, name in pieces:
                if name != "fill":
                    made[name] = _cut(picture, column, CURVE_RISE - 1 - row)
    return made


def _loop(style: Style) -> dict[str, Pixels]:
    """The blocks of a loop's ring; its left half mirrors its right one."""
    side = LOOP_SIZE * BLOCK
    picture = blank(side, side)
    x, y = grid(picture)
    dx, dy = np.abs(x - side / 2), y - LOOP_MIDDLE
    radius = np.hypot(dx, dy)
    outer = (side - 3) / 2
    turn = np.arctan2(dx, dy) / np.pi * 14
    entries = np.array(style.ring, dtype=np.uint8)
    layer = np.floor(
        (radius - LOOP_RADIUS) * len(entries) / (outer - np.hypot(dx, y - outer) + radius - LOOP_RADIUS + 1e-9)
    ).astype(int)
    is_ring = (radius >= LOOP_RADIUS) & (np.hypot(dx, y - outer) < outer) & (layer >= 0) & (layer < len(entries))
    painted = entries[np.clip(layer, 0, len(entries) - 1)]
    seam = (np.abs(turn - np.round(turn)) < 0.07) & (layer >= 4) & (layer < len(entries) - 1)
    painted[seam] = style.ring_seam
    picture[is_ring] = painted[is_ring]
    return {name: _cut(picture, column, row) for (column, row), name in LOOP_BLOCKS.items()}


def brick() -> Pixels:
    """Two courses of cut stones."""
    made = blank(16, 16, EARTH[1])
    for top, shift in ((0, 0), (8, 8)):
        made[top, :] = EARTH[2]
        made[top + 6, :] = EARTH[0]
        made[top + 7, :] = OUTLINE
        for x in (7 + shift, 15 + shift):
            made[top : top + 7, (x - 1) % 16] = EARTH[0]
            made[top : top + 8, x % 16] = OUTLINE
            made[top : top + 6, (x + 1) % 16] = EARTH[2]
    made[3, 3] = made[4, 12] = made[12, 6] = made[11, 2] = EARTH[0]
    return made


def pillar(wood: tuple[int, int, int]) -> Pixels:
    """A beam that goes on upwards and downwards."""
    columns = [1, *(wood[shade] for shade in (0, 1, 2, 2, 1, 1, 0, 1, 2, 1, 1, 0, 0, 0)), 1]
    made = np.tile(np.array(columns, dtype=np.uint8), (16, 1))
    made[0, 1:15], made[15, 1:15], made[1, 2:12] = wood[0], OUTLINE, wood[2]
    made[6:9, 6], made[10:13, 11], made[4:6, 10] = wood[0], wood[0], wood[0]
    return made


def ledge(wood: tuple[int, int, int]) -> Pixels:
    """A plank that is solid from above only."""
    made = blank(16, 16)
    rows = (OUTLINE, wood[2], wood[1], wood[1], wood[0], OUTLINE)
    for y, entry in enumerate(rows):
        made[y] = entry
    made[1, 0], made[1:5, 15], made[2, 3:9], made[3, 9:13] = WHITE, OUTLINE, wood[0], wood[0]
    for x in (3, 11):
        made[6:8, x : x + 3] = wood[0]
        made[6:9, x + 2] = OUTLINE
        made[8, x : x + 2] = OUTLINE
    return made


def conveyor(is_right: bool, metal: tuple[int, int, int], mark: int = HOT[1]) -> Pixels:
    """A belt with arrows over its rollers."""
    made = from_text(
        """
        1111111111111111
        cccccccccccccccc
        bYbbbbbYbbbbbYbb
        bYYbbbbYYbbbbYYb
        bYbbbbbYbbbbbYbb
        aaaaaaaaaaaaaaaa
        1111111111111111
        a111a11aa111a11a
        11bbb1111bbb1111
        1bcccb11bcccb11a
        1bc1cb11bc1cb111
        1bcccb11bcccb111
        11bbb1111bbb1111
        a11111aa11111aaa
        aaaaaaaaaaaaaaaa
        1111111111111111
        """.replace(" ", ""),
        {"1": OUTLINE, "a": metal[0], "b": metal[1], "c": metal[2], "Y": mark},
    )
    return made if is_right else made[:, ::-1].copy()


def thorns(base: int = HOT[0], light: int = WHITE, dark: int = EARTH[2]) -> Pixels:
    """Two pointed thorns with a small one between."""
    made = blank(16, 16)
    for x, top, half in ((4, 4, 3.6), (12, 4, 3.6), (0, 9, 2.5), (8, 9, 2.5), (16, 9, 2.5)):
        spike = polygon(made, [(x, top), (x + half, 16), (x - half, 16)])
        px, py = grid(made)
        made[spike] = dark
        made[spike & (px < x)] = light
        made[spike & (py > 13)] = base
    outline(made, OUTLINE)
    made[:4] = 0
    return made


def lava(deep: int = HOT[0], glow: int = HOT[1], crust: int = OUTLINE, light: int = WHITE) -> Pixels:
    """A glowing liquid with a light edge."""
    made = blank(16, 16)
    x, y = grid(made)
    wave = 6.9 + 0.9 * np.sin(x * np.pi / 8)
    made[y > wave] = deep
    made[(y > wave) & (y < wave + 3.2)] = glow
    made[(y > wave) & (y < wave + 1.2)] = light
    for at, row, size in ((3, 12, 2), (10, 11, 1), (13, 14, 1.6)):
        made[ellipse(made, at, row, size + 1, size)] = glow
        made[ellipse(made, at, row + 0.5, size, size * 0.6)] = crust
    return made


def water(is_top: bool, body: int = AIR[0], light: int = AIR[1]) -> Pixels:
    """Every second pixel, so that what is behind shines through; a light line on top."""
    made = blank(16, 16)
    x, y = grid(made)
    made[((x + y) % 2) < 1] = body
    made[10, 3:7] = made[11, 6:9] = made[3, 11:13] = light
    if is_top:
        wave = 1.5 + 0.9 * np.sin(x * np.pi / 8 + 0.4)
        made[y < wave] = 0
        made[(y > wave) & (y < wave + 1.3)] = light
        made[(y > wave + 1.3) & (y < wave + 2.3)] = body
        made[10, 3:7] = made[11, 6:9] = 0
        made[((x + y) % 2 < 1) & (y > 8)] = body
    return made


def gust(entries: tuple[int, ...] = (AIR[1], WHITE, AIR[1])) -> Pixels:
    """Streaks of wind to the right."""
    made = blank(16, 16)
    length = len(entries)
    for y, start, count in ((2, 1, 11), (7, 9, 7), (12, 5, 10)):
        for part in range(count):
            made[y, (start + part) % 16] = entries[part * length // count]
    return made


def _standard(style: Style) -> dict[str, Pixels]:
    streaks = gust()
    return {
        "empty": blank(16, 16),
        "fill": style.texture,
        "ground": earth(style, np.zeros(BLOCK), BLOCK),
        "brick": brick(),
        "pillar": pillar(style.wood),
        "ledge": ledge(style.wood),
        "conveyor_left": conveyor(False, style.wood),
        "conveyor_right": conveyor(True, style.wood),
        "thorns": thorns(),
        "lava": lava(),
        "water_top": water(True),
        "water": water(False),
        "gust_right": streaks,
        "gust_left": streaks[:, ::-1].copy(),
        "updraft": streaks.T[::-1].copy(),
    }


def draw_blocks(style: Style) -> dict[str, Pixels]:
    """The blocks of a zone: shaped ground in its texture, the standard ones, and its own instead of these."""
    made = _standard(style) | _curves(style) | _loop(style)
    for terrain in TERRAIN:
        if terrain.name.startswith(SLOPES):
            made[terrain.name] = earth(style, BLOCK - np.array(terrain.heights), BLOCK)
        elif terrain.name not in made:
            made[terrain.name] = blank(16, 16)
    return made | style.extra


def stones(count: int, seed: int, entries: tuple[int, int, int, int] = (1, 2, 3, 4), shift: int = 0) -> Pixels:
    """Rounded stones without seams: joints, dark side, face and lit side by ``entries``."""
    random = np.random.default_rng(seed)
    points = (np.arange(count) * 16 / count + random.random(count) * 2, (np.arange(count) * 7.3 + shift) % 16)
    y, x = np.mgrid[0:16, 0:16] + 0.5
    offsets = np.array([((x - px + 8) % 16 - 8, (y - py + 8) % 16 - 8) for px, py in zip(*points, strict=True)])
    distance = np.hypot(offsets[:, 0], offsets[:, 1])
    order = np.sort(distance, axis=0)
    nearest = np.argmin(distance, axis=0)
    rows, columns = np.indices((16, 16))
    lit = -(offsets[nearest, 0, rows, columns] + offsets[nearest, 1, rows, columns]) * 0.7
    gap = order[1] - order[0]
    made = np.full((16, 16), entries[2], dtype=np.uint8)
    made[lit > 1.2] = entries[3]
    made[lit < -1.6] = entries[1]
    made[gap < 1.1] = entries[0]
    return made


def fringe(rows: str) -> Pixels:
    """What lies on the earth, from rows of hexadecimal entries; a point shows the earth."""
    return from_text("\n".join(rows.split()), {f"{entry:x}": entry for entry in range(16)})


def tall(picture: Pixels, lower: str, upper: str) -> dict[str, Pixels]:
    """The two blocks of a decoration of 16 × 32 pixels."""
    return {upper: picture[:16], lower: picture[16:]}


def plain(text: str, hangs: bool = False) -> Pixels:
    """A block's picture from rows of hexadecimal entries that stand at its bottom or hang from its top."""
    made = blank(16, 16)
    rows = fringe(text)
    top = 0 if hangs else 16 - rows.shape[0]
    left = (16 - rows.shape[1]) // 2
    made[top : top + rows.shape[0], left : left + rows.shape[1]] = rows
    return made
