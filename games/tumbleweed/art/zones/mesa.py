"""Mesa: desert hills at noon under a teal sky, with orange buttes far away."""

from __future__ import annotations

import numpy as np
import panorama as far
from blocks import Style, ZoneArt, draw_blocks, fringe, plain, tall
from canvas import Pixels, blank, box, ellipse, from_text, outline, polygon, stroke
from palette import palette

FOREGROUND = palette("266 200 410 521 642 430 660 775 020 141 363 777 600 750 256 467")
BACKGROUND = palette("000 266 366 467 577 677 754 643 543 765 765 654")

EDGE = fringe(
    """
    7777777777777777
    6767666767676676
    6666566665666656
    5656555656555655
    5515.515155.1551
    151..1...15..11.
    .1....2..1....2.
    """
)


def _texture() -> Pixels:
    """Layers of sandstone with cracks."""
    made = from_text(
        """
        3333333333333333
        3333333333333333
        3334433333333333
        3333333333344333
        3333333333333333
        3333333333333333
        2333332222333322
        3222223333222233
        4433334443333444
        3333333333333333
        3333333333333333
        3332333333333333
        3333333333332333
        3333333332233333
        2223333223333333
        3333222333333222
        """.replace(" ", ""),
        {str(entry): entry for entry in range(10)},
    )
    return np.roll(made, 3, axis=0)


def _cactus() -> Pixels:
    made = blank(16, 32)
    for points, width in (
        ([(8, 33), (8, 5)], 5.2),
        ([(8, 22), (3.2, 22), (3.2, 13)], 3.4),
        ([(8, 18), (12.8, 18), (12.8, 10)], 3.4),
    ):
        made[stroke(made, points, width)] = 9
    for points in ([(9.8, 33), (9.8, 6)], [(4.4, 21), (4.4, 13)], [(13.6, 17), (13.6, 10)]):
        made[stroke(made, points, 1.2)] = 8
    for points in ([(6.6, 31), (6.6, 5)], [(2.4, 20), (2.4, 13)], [(12, 16), (12, 10)]):
        made[stroke(made, points, 1.0)] = 10
    outline(made, 1)
    made[2:5, 6:10] = fringe("..d. .dcd dcdd".replace(" ", "\n"))[:, :4]
    return made


def _rock() -> Pixels:
    made = blank(16, 32)
    made[polygon(made, [(1, 32), (2, 22), (5, 15), (9, 12), (13, 17), (15, 25), (15, 32)])] = 3
    made[polygon(made, [(2, 30), (3, 22), (6, 15), (9, 13), (7, 20), (8, 30)])] = 4
    made[polygon(made, [(11, 32), (12, 20), (15, 26), (15, 32)])] = 2
    made[stroke(made, [(4, 24), (9, 26), (14, 25)], 1)] = 2
    outline(made, 1)
    return made


def _decorations() -> dict[str, Pixels]:
    made = {
        "decoration_0": plain("""
            ...9....a...9...
            .9.a9..9a.9..a..
            ..9a9.9a9.9a9..9
            ..9a99a9a99a9.9.
            ...9a9a9a9a9a9.."""),
        "decoration_1": plain("""
            ..1111..........
            .1b77b1111......
            1b7777b777111...
            17117711777b71..
            17117711b77777b1
            1777717777b11b1.
            .17b77b711.1711.
            .17171711..1b1..
            ..11111....11..."""),
        "decoration_2": plain("""
            ......11........
            ....114311......
            ...14433321.11..
            ..1443333221431.
            .14333332221321."""),
        "decoration_3": plain("""
            ..d........d....
            .dcd..d...dcd...
            ..d..dcd...9..9.
            .a9...9.a..9.a9.
            ..9a..9a9..9a9..
            ...9a.9.9a.99..."""),
        "decoration_8": _bone(),
        "decoration_9": _fossil(),
        "decoration_10": plain(
            """
            1111111111111111
            1233333333332221
            .1233333322221..
            ..12333321.111..
            ...123321.......
            ....1221........
            .....11.........""",
            hangs=True,
        ),
        "decoration_11": plain(
            """
            ..9....a....9...
            ...9...9...9....
            ...a..9....a....
            ..9...9.....9...""",
            hangs=True,
        ),
    }
    return made | tall(_cactus(), "decoration_4", "decoration_5") | tall(_rock(), "decoration_6", "decoration_7")


def _bone() -> Pixels:
    made = _texture()
    made[stroke(made, [(4, 11), (11, 5)], 3)] = 1
    for x, y in ((3.5, 9.5), (5.5, 12), (10, 4), (12.5, 6)):
        made[ellipse(made, x, y, 2.4)] = 1
    made[stroke(made, [(4, 11), (11, 5)], 1.8)] = 7
    for x, y in ((3.5, 9.5), (5.5, 12), (10, 4), (12.5, 6)):
        made[ellipse(made, x, y, 1.5)] = 7
    return made


def _fossil() -> Pixels:
    made = _texture()
    made[ellipse(made, 8, 8, 6.2)] = 1
    made[ellipse(made, 8, 8, 5.4)] = 4
    spiral = [(8 + (0.4 + t * 0.26) * np.cos(t * 0.8), 8 + (0.4 + t * 0.26) * np.sin(t * 0.8)) for t in range(20)]
    made[stroke(made, spiral, 1.2)] = 2
    return made


def _butte(width: int, height: int) -> Pixels:
    """A flat-topped rock, lit from the left."""
    made = blank(width, height)
    base = height * 0.55
    made[polygon(made, [(width * 0.16, base), (width * 0.2, 0), (width * 0.8, 0), (width * 0.85, base)])] = 7
    made[polygon(made, [(width * 0.16, base), (width * 0.2, 0), (width * 0.42, 0), (width * 0.4, base)])] = 6
    made[polygon(made, [(width * 0.7, base), (width * 0.68, 0), (width * 0.8, 0), (width * 0.85, base)])] = 8
    made[polygon(made, [(0, height), (width * 0.16, base - 2), (width * 0.85, base - 2), (width, height)])] = 7
    made[polygon(made, [(0, height), (width * 0.16, base - 2), (width * 0.36, base), (width * 0.3, height)])] = 6
    for y in (0.12, 0.3, 0.42):
        row = int(height * y)
        line = made[row] > 0
        made[row, line] = np.where(made[row, line] == 6, 7, 8)
    made[box(made, 0, 0, width, 1) & (made > 0)] = 9
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 136, (1, 2, 3, 4, 5))
    far.repeat(made, far.cloud(72, 20, 5, 4, 1), [(24, 20), (320, 12)])
    far.repeat(made, far.cloud(48, 14, 5, 4, 5), [(160, 40), (424, 36), (240, 8)])
    for width, height, x in ((88, 72, 0), (48, 56, 96), (72, 64, 168), (32, 40, 240)):
        far.repeat(made, _butte(width, height), [(x, 136 - height), (x + 256, 136 - height)])
    made[136:184] = 9
    far.ridge(made, far.hills(256, 146, [(1, 3, 0), (3, 2, 1)]), 184, 10)
    far.ridge(made, far.hills(128, 168, [(1, 5, 2), (2, 2, 0)]), 224, 11, 10, 2)
    made[192:] = 11
    far.flecks(made, 192, 224, 9, 3)
    return made


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(_texture(), EDGE, wood=(2, 4, 7), extra=_decorations())
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((8, 12), (9, 24), (3, 48), (8, 80)),
    )
