"""Oasis: palms and ruins round deep pools, pyramids behind the dunes."""

from __future__ import annotations

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, plain, stones, tall
from canvas import Pixels, blank, ellipse, outline, polygon, stroke
from palette import palette

FOREGROUND = palette("257 101 310 421 532 030 151 674 322 543 765 777 700 760 036 477")
BACKGROUND = palette("000 357 457 467 567 577 777 765 654 543 664 454 354 243 677 775")

EDGE = fringe(
    """
    7777777777777777
    7677776777767777
    6676667666766766
    6566656665666566
    5556555655565565
    51551.5515.55155
    1.11..11.1..11.1
    ..2....2.....2..
    """
)


def _texture() -> Pixels:
    """Round stones in brown earth."""
    return stones(5, 8, (2, 3, 3, 4), 3)


def _reed() -> Pixels:
    made = blank(16, 16)
    for x, top, lean in ((4, 5, -1.5), (7, 2, 0.5), (10, 4, 1), (13, 7, 2)):
        made[stroke(made, [(x, 16.5), (x + lean, top)], 1.3)] = 6
        made[stroke(made, [(x + lean, top), (x + lean * 1.3, top + 4)], 2)] = 3
        made[stroke(made, [(x + 1, 16.5), (x + lean + 2.4, top + 6)], 1.1)] = 7
    return made


def _vase() -> Pixels:
    made = blank(16, 16)
    made[ellipse(made, 8, 11, 5, 5)] = 3
    made[ellipse(made, 6.6, 10, 2.4, 3.4)] = 4
    made[polygon(made, [(6, 7), (5, 2), (11, 2), (10, 7)])] = 3
    made[2, 4:12] = 4
    made[9, 3:13] = 14
    made[10, 3:13] = np.where(np.arange(10) % 2, 15, 14)
    made[15:, :] = np.where(made[15:, :] > 0, 2, 0)
    outline(made, 1)
    return made


def _relief(kind: int) -> Pixels:
    """A cut stone in the earth with a sign on it."""
    made = _texture()
    made[2:14, 2:14] = 1
    made[3:13, 3:13] = 9
    made[3, 3:13] = made[3:13, 3] = 10
    made[12, 3:13] = made[3:13, 12] = 8
    if kind:
        made[ellipse(made, 8, 8, 3.2, 1.9)] = 1
        made[ellipse(made, 8, 8, 1.2)] = 15
        made[10:12, 6] = 1
    else:
        made[stroke(made, [(5, 10), (7, 6), (8, 9), (9, 6), (11, 10)], 1.2)] = 1
        made[5, 7:9] = 15
    return made


def _decorations() -> dict[str, Pixels]:
    leaves, stone = (5, 6, 7), (8, 9, 10)
    made = {
        "decoration_0": props.tuft(leaves, 3, 9, 10),
        "decoration_1": props.tuft(leaves, 12, 7, 12, (12, 13, 12)),
        "decoration_2": _vase(),
        "decoration_3": _reed(),
        "decoration_8": _relief(0),
        "decoration_9": _relief(1),
        "decoration_10": props.vines(leaves, 5, 5),
        "decoration_11": plain("1111111111111111 .18aa9999999981. ..11a99999811... ....1a98811.....", hangs=True),
    }
    return (
        made
        | tall(props.palm((2, 3, 4), leaves), "decoration_4", "decoration_5")
        | tall(props.column(stone, is_broken=True), "decoration_6", "decoration_7")
    )


def _pyramid(width: int) -> Pixels:
    height = width * 5 // 8
    made = blank(width, height)
    made[polygon(made, [(0, height), (width / 2, 0), (width, height)])] = 8
    made[polygon(made, [(width * 0.62, height), (width / 2, 0), (width, height)])] = 9
    for row in range(7, height, 8):
        line = made[row] == 8
        made[row, line & (np.arange(width) % 16 < 11)] = 7
    return made


def _far_palm() -> Pixels:
    made = blank(24, 40)
    made[stroke(made, [(13, 40), (12, 24), (11, 10)], 2.6, 1.6)] = 13
    for end_x, end_y, bend in ((2, 14, 5), (1, 7, 4), (6, 1, 3), (17, 1, 3), (22, 7, 4), (21, 14, 5)):
        made[stroke(made, [(11, 9), ((11 + end_x) / 2, min(end_y, 9) - bend * 0.3), (end_x, end_y)], 3, 1)] = 12
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 128, (1, 2, 3, 4, 5))
    made[ellipse(made, 400, 36, 15)] = 15
    far.repeat(made, far.cloud(64, 16, 6, 14, 3), [(48, 24), (272, 40)])
    far.repeat(made, far.cloud(40, 12, 6, 14, 4), [(144, 40), (352, 36), (480, 16)])
    for width, x in ((112, 24), (64, 112), (80, 184)):
        for shift in (0, 256):
            far.repeat(made, _pyramid(width), [(x + shift, 128 - width * 5 // 8)])
    far.ridge(made, far.hills(256, 134, [(1, 3, 0.4), (2, 3, 2)]), 160, 10, 7, 1)
    far.ridge(made, far.hills(128, 152, [(1, 4, 1)]), 224, 11)
    for x, y in ((8, 128), (32, 132), (152, 129)):
        far.repeat(made, _far_palm(), [(x, y), (x + 256, y)])
    far.ridge(made, far.hills(128, 167, [(4, 2.2, 0), (7, 1.6, 2), (1, 2, 0)]), 224, 13)
    far.ridge(made, far.hills(128, 184, [(1, 3, 2), (2, 2, 1)]), 224, 12, 11, 1)
    far.flecks(made, 200, 224, 11, 5)
    return made


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(
        _texture(), EDGE, ring=(1, 10, 9, 9, 8, 1, 3, 4, 3, 1), ring_seam=1, wood=(8, 9, 10), extra=_decorations()
    )
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((7, 8), (9, 20), (4, 44), (8, 80)),
    )
