"""Mine: shafts and beams by lamplight, crystals in the rock."""

from __future__ import annotations

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, plain, stones, tall
from canvas import Pixels, blank, box, ellipse, grid, outline, polygon, shade, stroke
from palette import palette

FOREGROUND = palette("000 001 211 322 432 432 654 776 210 431 653 777 600 760 246 577")
BACKGROUND = palette("000 001 011 112 122 223 210 311 321 542 753 213 325 436 101 010")

EDGE = fringe(
    """
    7777677777776777
    6676666676666667
    5665565566556655
    1551155115511551
    .11..11..11..11.
    """
)


def _texture() -> Pixels:
    """Broken rock."""
    return stones(5, 33, (2, 3, 3, 4), 5)


def _ore(ramp: props.Ramp) -> Pixels:
    made = _texture()
    for x, y, size in ((5, 6, 3.2), (11, 10, 3.4), (10, 4, 1.8)):
        gem = [(x, y - size), (x + size * 0.8, y), (x, y + size), (x - size * 0.8, y)]
        rim = [(x + (px - x) * 1.35, y + (py - y) * 1.35) for px, py in gem]
        made[polygon(made, rim)] = 1
        made[polygon(made, gem)] = ramp[1]
        made[polygon(made, [gem[0], (x, y), gem[3]])] = ramp[2]
        made[polygon(made, [gem[1], gem[2], (x, y)])] = ramp[0]
    return made


def _cart() -> Pixels:
    made = blank(16, 16)
    made[polygon(made, [(0.5, 4), (15.5, 4), (13, 13), (3, 13)])] = 9
    made[box(made, 1, 4, 14, 2)] = 10
    made[box(made, 4, 6, 1, 7)] = 8
    made[box(made, 11, 6, 1, 7)] = 8
    made[ellipse(made, 5, 3.5, 3, 2.2)] = 14
    made[ellipse(made, 10.5, 3.2, 3, 2)] = 15
    for x in (4.5, 11.5):
        made[ellipse(made, x, 13.8, 2.2)] = 1
        made[ellipse(made, x, 13.8, 1)] = 6
    outline(made, 1)
    return made


def _lantern() -> Pixels:
    made = blank(16, 16)
    made[box(made, 7, 0, 2, 4)] = 6
    made[box(made, 5, 4, 6, 8)] = 13
    made[box(made, 6, 5, 3, 5)] = 11
    made[box(made, 4, 4, 8, 1)] = 9
    made[box(made, 4, 12, 8, 2)] = 9
    outline(made, 1)
    return made


def _support() -> Pixels:
    """A prop of timber, 16 × 32."""
    made = blank(16, 32)
    made[box(made, 5, 4, 6, 28)] = 9
    made[box(made, 5, 4, 2, 28)] = 10
    made[box(made, 9, 4, 2, 28)] = 8
    made[box(made, 0, 0, 16, 5)] = 9
    made[box(made, 0, 0, 16, 1)] = 10
    made[polygon(made, [(0, 5), (3, 5), (11, 13), (8, 13)])] = 9
    made[12:30:7, 7] = 8
    made[box(made, 4, 20, 8, 2)] = 6
    outline(made, 1)
    return made


def _decorations() -> dict[str, Pixels]:
    blue = (14, 14, 15)
    made = {
        "decoration_0": props.rock((2, 3, 4), seed=8, size=0.8),
        "decoration_1": props.crystals((14, 14, 15), 16),
        "decoration_2": _cart(),
        "decoration_3": plain(
            """
            .11.........11..
            1aa1.......1aa1.
            .19a1.....1a91..
            ..19a11111a91...
            ...199aaa991....
            .111198889111...
            1aa99999999aa11.
            1888888888888881
            """
        ),
        "decoration_8": _ore(blue),
        "decoration_9": _ore((5, 13, 7)),
        "decoration_10": _lantern(),
        "decoration_11": props.hanging((2, 3, 4), 3, 4, 14, 3.4),
    }
    return (
        made
        | tall(_support(), "decoration_4", "decoration_5")
        | tall(props.crystals(blue, 32, 1.3), "decoration_6", "decoration_7")
    )


def _frame(width: int, height: int, wood: tuple[int, int, int]) -> Pixels:
    """Two posts under a beam."""
    made = blank(width, height)
    dark, middle, light = wood
    for x in (8, width - 20):
        made[box(made, x, 0, 12, height)] = middle
        made[box(made, x, 0, 2, height)] = light
        made[box(made, x + 9, 0, 3, height)] = dark
    made[box(made, 0, 8, width, 12)] = middle
    made[box(made, 0, 8, width, 2)] = light
    made[box(made, 0, 17, width, 3)] = dark
    for x, end in ((20, 36), (width - 20, width - 36)):
        made[stroke(made, [(x, 38), (end, 20)], 5)] = dark
    return made


def _glow(made: Pixels, x: int, y: int) -> None:
    """A lamp and the light round it."""
    for shift in (0, 256):
        lit = ellipse(made, x + shift, y, 34, 30)
        px, py = grid(made)
        value = 1 - np.hypot((px - x - shift) / 34, (py - y) / 30)
        dark = lit & np.isin(made, (1, 2, 3, 4))
        shade(made, dark, value * 1.1, (3, 4, 5, 8, 9), 1.0)
        made[box(made, x + shift - 1, y - 16, 2, 10)] = 8
        made[box(made, x + shift - 4, y - 6, 8, 11)] = 9
        made[box(made, x + shift - 3, y - 4, 6, 7)] = 10
        made[box(made, x + shift - 5, y - 7, 10, 2)] = 6


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    rock = stones(6, 41, (1, 2, 3, 3), 4)
    wall = np.repeat(np.repeat(rock, 4, 0), 4, 1)
    made[:] = np.tile(wall, (4, 8))[: far.HEIGHT]
    made[made == 3] = 2
    bright = np.repeat(np.repeat(rock == 3, 4, 0), 4, 1)
    made[np.tile(bright & np.roll(bright, 2, 0) & np.roll(bright, 2, 1), (4, 8))[: far.HEIGHT]] = 3
    made[:8], made[216:] = 1, 1
    for shift in (0, 128, 256, 384):
        far.repeat(made, _frame(96, 104, (14, 6, 7)), [(16 + shift, 32)])
    made[136:144] = 1
    _glow(made, 64, 76)
    _glow(made, 192, 76)
    for x in (128, 384):
        far.repeat(made, _gems(), [(x - 12, 104)])
    floor = far.rough(128, 8, 7, 14) + 140
    far.ridge(made, floor, 224, 14, 3, 1)
    made[168:] = 14
    far.ridge(made, far.rough(128, 16, 9, 20) + 172, 224, 1, 2, 2)
    return made


def _gems() -> Pixels:
    made = blank(24, 32)
    for x, tip_x, tip_y, half in ((6, 3, 12, 3), (18, 21, 14, 3), (12, 12, 2, 4.5)):
        made[
            polygon(
                made,
                [(x - half, 32), (tip_x - half, tip_y + 6), (tip_x, tip_y), (tip_x + half, tip_y + 6), (x + half, 32)],
            )
        ] = 12
        made[polygon(made, [(x - half, 32), (tip_x - half, tip_y + 6), (tip_x, tip_y), (x, 32)])] = 13
        made[polygon(made, [(x + half * 0.4, 32), (tip_x, tip_y), (tip_x + half, tip_y + 6), (x + half, 32)])] = 11
    return made


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(_texture(), EDGE, ring=(1, 7, 6, 9, 9, 8, 10, 9, 8, 1), ring_seam=1, extra=_decorations())
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((17, 32), (4, 56), (7, 88)),
    )
