"""Gale: windy grassland with windmills under storm clouds."""

from __future__ import annotations

import math

import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, gust, lava, stones, tall
from canvas import Pixels, blank, box, ellipse, outline, polygon, stroke
from palette import palette

FOREGROUND = palette("223 011 210 321 432 020 140 574 210 431 653 777 700 777 556 345")
BACKGROUND = palette("000 122 223 233 334 344 445 455 566 243 233 132 122 345 112 556")

EDGE = fringe(
    """
    7777767777777677
    7677767767776777
    6767666766766667
    6666566666665666
    5665565556656655
    5555155565551565
    1551.1515511.151
    1.11..1.11.1..1.
    ..2......2......
    """
)


def _texture() -> Pixels:
    """Dark soil with pebbles."""
    made = stones(4, 21, (3, 3, 3, 3), 2)
    for x, y, radius in ((3, 4, 1.8), (11, 9, 2.2), (6, 13, 1.3), (13, 2, 1.1)):
        made[ellipse(made, x + 0.6, y + 0.8, radius + 0.4)] = 2
        made[ellipse(made, x, y, radius)] = 4
        made[ellipse(made, x + 0.7, y + 0.6, radius * 0.8)] = 3
    for x, y in ((0, 9), (8, 4), (9, 15), (15, 13), (1, 0), (5, 8)):
        made[y, x] = 2
    return made


def _fence() -> Pixels:
    made = blank(16, 16)
    for y in (5, 10):
        made[box(made, 0, y, 16, 2)] = 9
        made[box(made, 0, y, 16, 1)] = 10
    for x in (2, 10):
        made[box(made, x, 2, 3, 14)] = 9
        made[box(made, x, 2, 1, 14)] = 10
        made[box(made, x + 2, 3, 1, 13)] = 8
    outline(made, 1)
    return made


def _sock() -> Pixels:
    """A windsock on its pole."""
    made = blank(16, 32)
    made[box(made, 2, 3, 2, 29)] = 9
    made[box(made, 2, 3, 1, 29)] = 10
    for part in range(5):
        x = 4 + part * 2.3
        width = 8 - part
        made[polygon(made, [(x, 4), (x + 2.3, 4.5), (x + 2.3, 3 + width), (x, 4 + width)])] = (12, 11)[part % 2]
    outline(made, 1)
    return made


def _bent_tree() -> Pixels:
    """A tree that the wind has bent to the right."""
    made = blank(16, 32)
    made[stroke(made, [(5, 33), (5, 24), (8, 14)], 3.4, 2)] = 9
    made[stroke(made, [(4.2, 33), (4.2, 24), (7, 15)], 1.1)] = 10
    outline(made, 1)
    crown = blank(16, 32)
    for x, y, rx, ry in ((6, 11, 5, 4), (10, 8, 5.4, 4.4), (12, 12, 3.8, 3), (7, 6, 4, 3.4)):
        crown[ellipse(crown, x, y, rx, ry)] = 5
        crown[ellipse(crown, x - 0.8, y - 1, rx - 1.4, ry - 1.4)] = 6
    for x, y in ((5, 4), (8, 6), (4, 9), (10, 9), (12, 6)):
        crown[ellipse(crown, x, y, 1.5, 0.9)] = 7
    outline(crown, 1)
    made[crown > 0] = crown[crown > 0]
    return made


def _roots(kind: int) -> Pixels:
    made = _texture()
    if kind:
        made[ellipse(made, 8, 8, 5.4, 3.8)] = 1
        made[ellipse(made, 8, 8, 4.6, 3)] = 10
        made[ellipse(made, 8.6, 8.6, 3.4, 2)] = 9
        return made
    for points in ([(8, 0), (7, 5), (9, 9), (8, 15)], [(7, 5), (3, 9), (3, 13)], [(9, 8), (13, 11), (12, 15)]):
        made[stroke(made, points, 2.2, 0.8)] = 10
    return made


def _decorations() -> dict[str, Pixels]:
    grass = (5, 6, 7)
    made = {
        "decoration_0": props.tuft(grass, 7, 10, 11),
        "decoration_1": props.tuft(grass, 17, 7, 12, (13, 11, 13)),
        "decoration_2": _fence(),
        "decoration_3": props.rock((3, 4, 15), seed=5, size=0.8),
        "decoration_8": _roots(0),
        "decoration_9": _roots(1),
        "decoration_10": props.vines((5, 6, 7), 8, 5),
        "decoration_11": props.hanging((2, 9, 10), 5, 4, 12, 2),
    }
    return made | tall(_bent_tree(), "decoration_4", "decoration_5") | tall(_sock(), "decoration_6", "decoration_7")


def _windmill() -> Pixels:
    made = blank(56, 72)
    made[polygon(made, [(22, 72), (25, 30), (33, 30), (36, 72)])] = 13
    made[polygon(made, [(30, 72), (30, 30), (33, 30), (36, 72)])] = 5
    made[polygon(made, [(23, 31), (29, 20), (35, 31)])] = 2
    for turn in range(4):
        angle = 0.5 + turn * math.pi / 2
        dx, dy = math.cos(angle), math.sin(angle)
        made[stroke(made, [(29, 29), (29 + dx * 25, 29 + dy * 25)], 1.6)] = 2
        made[
            stroke(
                made,
                [(29 + dx * 8 - dy * 2.6, 29 + dy * 8 + dx * 2.6), (29 + dx * 24 - dy * 2.6, 29 + dy * 24 + dx * 2.6)],
                4.6,
            )
        ] = 6
    made[ellipse(made, 29, 29, 2.4)] = 2
    made[box(made, 27, 60, 5, 12)] = 2
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 2)
    far.sky(made, 0, 136, (1, 2, 4, 6, 7, 8))
    for seed, (width, height, places) in enumerate(
        (
            (128, 32, [(0, -8), (256, -8)]),
            (96, 28, [(136, -4), (400, -4)]),
            (96, 24, [(64, 20), (320, 20)]),
            (72, 18, [(208, 28), (448, 28)]),
        )
    ):
        far.repeat(made, far.cloud(width, height, 5, 1, seed + 2, 3), places)
    for shift in (0, 256):
        far.repeat(made, _windmill(), [(40 + shift, 64)])
    far.repeat(made, _windmill()[:, ::-1], [(176, 72), (432, 72)])
    far.ridge(made, far.hills(256, 122, [(1, 7, 0), (2, 4, 1)]), 152, 9, 5, 1)
    made[136:152][made[136:152] == 5] = 9
    far.ridge(made, far.hills(256, 148, [(1, 5, 3), (3, 2, 1)]), 224, 10, 9, 1)
    far.ridge(made, far.hills(128, 178, [(1, 6, 1), (2, 2, 2)]), 224, 11, 10, 2)
    far.flecks(made, 192, 224, 12, 2)
    return made


def _draughts() -> dict[str, Pixels]:
    """Streaks in three entries that cycle, so that the wind moves."""
    streaks = gust((13, 14, 15))
    return {
        "gust_right": streaks,
        "gust_left": streaks[:, ::-1].copy(),
        "updraft": streaks.T[::-1].copy(),
        "lava": lava(glow=10),
    }


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(
        _texture(), EDGE, ring=(1, 7, 6, 6, 5, 1, 9, 10, 9, 1), ring_seam=8, extra=_decorations() | _draughts()
    )
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((7, 24), (10, 20), (4, 44), (7, 80)),
        cycle=(13, 3, 6),
    )
