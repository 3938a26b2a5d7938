"""Canyon: red cliffs in the evening, the sun low between far mesas."""

from __future__ import annotations

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, plain, tall
from canvas import Pixels, blank, box, ellipse, from_text, grid, outline, polygon, shade, stroke
from palette import palette

FOREGROUND = palette("103 100 200 411 521 510 740 774 210 421 653 777 700 760 325 657")
BACKGROUND = palette("000 102 203 314 425 534 644 754 765 435 325 323 424 776 546 436")

EDGE = fringe(
    """
    7777777777777777
    7677767767777677
    6566656656667566
    5155515515556155
    1.111.11.115511.
    .2....2....11...
    """
)

MESAS = (
    (0, 20), (14, 22), (18, 46), (66, 48), (70, 24), (96, 18), (104, 14), (112, 34), (128, 34), (134, 12), (168, 12),
    (176, 28), (180, 56), (226, 54), (232, 30), (248, 20),
)  # fmt: skip
"""Corners of the far mountains: x, height."""


def _texture() -> Pixels:
    """Upright cracks in red rock."""
    return from_text(
        """
        3333333333333333
        3333433333323333
        3333433333323333
        3332433333224333
        3322333333243333
        3324333333243333
        3324333333233333
        3324333333333333
        3334333333333333
        3333333233333333
        3333333243333323
        3333333243333224
        3333332243333243
        3333332433333243
        3333332433333343
        3333333433333333
        """.replace(" ", ""),
        {str(entry): entry for entry in range(10)},
    )


def _dead_tree() -> Pixels:
    made = blank(16, 32)
    for points, width in (
        ([(8, 33), (7, 22), (9, 12), (8, 4)], 3.6),
        ([(7.5, 20), (3, 14), (2, 9)], 2.2),
        ([(8.5, 15), (13, 10), (14, 5)], 2.2),
        ([(4, 15), (1, 13)], 1.4),
        ([(12, 11), (15, 10)], 1.4),
    ):
        made[stroke(made, points, width, 1.0)] = 9
    made[stroke(made, [(7, 33), (6, 22), (8, 12), (7.4, 5)], 1.1)] = 10
    made[stroke(made, [(9.4, 33), (8.6, 22), (10, 13)], 1.1)] = 8
    outline(made, 1)
    return made


def _totem() -> Pixels:
    made = blank(16, 32)
    made[box(made, 3, 3, 10, 29)] = 9
    made[box(made, 3, 3, 3, 29)] = 10
    made[box(made, 11, 3, 2, 29)] = 8
    made[box(made, 0, 7, 16, 3)] = 6
    made[box(made, 1, 9, 14, 1)] = 5
    for y in (12, 22):
        made[y - 1, 3:13] = 1
        for x in (5, 9):
            made[box(made, x, y + 1, 2, 2)] = 11
            made[y + 2, x + 1] = 1
        made[box(made, 5, y + 5, 6, 2)] = 12
        made[box(made, 6, y + 5, 4, 1)] = 11
    made[polygon(made, [(3, 3), (8, 0.5), (13, 3)])] = 14
    outline(made, 1)
    return made


def _painting(kind: int) -> Pixels:
    """Old drawings on the rock: a sun, a hand."""
    made = _texture()
    if kind:
        made[ellipse(made, 8, 8, 3)] = 6
        made[ellipse(made, 8, 8, 1.6)] = 3
        for turn in range(8):
            x, y = np.cos(turn * np.pi / 4), np.sin(turn * np.pi / 4)
            made[stroke(made, [(8 + 4.4 * x, 8 + 4.4 * y), (8 + 6 * x, 8 + 6 * y)], 1.1)] = 6
        return made
    made[ellipse(made, 8, 10.5, 3)] = 6
    for x, tip in ((5.5, 5), (7.4, 3.4), (9.3, 3.8), (11, 5.4)):
        made[stroke(made, [((x + 8) / 2, 9), (x, tip)], 1.3)] = 6
    made[stroke(made, [(5.5, 11), (3, 8.6)], 1.3)] = 6
    return made


def _decorations() -> dict[str, Pixels]:
    dry = (5, 6, 7)
    made = {
        "decoration_0": props.tuft(dry, 4),
        "decoration_1": props.rock((2, 3, 4), seed=3),
        "decoration_2": props.tuft((9, 10, 6), 9, 6, 12, (12, 13)),
        "decoration_3": plain(
            """
            ......1111......
            ....11a77a11....
            ...1a777777a1...
            ..1a7a1771a7a1..
            ..17a111111a71..
            ..177a1771a771..
            ...11a7117a11...
            .....1a77a1.....
            .....1a1a11.....
            """
        ),
        "decoration_8": _painting(0),
        "decoration_9": _painting(1),
        "decoration_10": props.hanging((2, 3, 4), 6, 4, 14, 3.6),
        "decoration_11": props.vines((8, 9, 10), 2),
    }
    return made | tall(_dead_tree(), "decoration_4", "decoration_5") | tall(_totem(), "decoration_6", "decoration_7")


def _mesas() -> Pixels:
    """Far flat mountains against the sun, 256 wide."""
    tops = far.peaks(
        256,
        128,
        MESAS,
    )
    made = blank(far.WIDTH, far.HEIGHT)
    far.ridge(made, tops, 136, 9, 14, 1)
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 128, (1, 2, 3, 4, 5, 6, 7, 8))
    _, y = grid(made)
    sun = ellipse(made, 336, 92, 26)
    shade(made, sun, 1 - (y - 66) / 60, (8, 13, 13), 0.5)
    for row, half in ((100, 0.8), (106, 0.7), (111, 1.6)):
        made[sun & (np.abs(y - row) < half)] = 7
    for line in range(3):
        far.repeat(
            made, _streak(88 - line * 24), [(line * 96 + 20, 44 + line * 13), (line * 120 + 240, 54 + line * 12)]
        )
    mesas = _mesas()
    made[mesas > 0] = mesas[mesas > 0]
    made[128:168] = 9
    far.ridge(made, far.rough(128, 8, 3, 10) + far.hills(128, 146, [(1, 7, 1)]), 224, 10, 15, 1)
    _cliffs(made)
    return made


def _streak(width: int) -> Pixels:
    """A thin evening cloud."""
    made = blank(width, 6)
    made[ellipse(made, width / 2, 3, width / 2, 2)] = 6
    made[ellipse(made, width / 2 - 4, 4, width / 2.6, 1.2)] = 7
    return made


def _cliffs(made: Pixels) -> None:
    """The near wall of the canyon with upright shadows."""
    tops = far.peaks(
        128, 224, [(0, 44), (20, 48), (24, 60), (52, 62), (56, 46), (80, 42), (86, 52), (110, 54), (114, 44)]
    )
    far.ridge(made, tops, 224, 11, 12, 2)
    y = np.arange(far.HEIGHT)[:, None]
    x = np.arange(far.WIDTH)[None, :]
    cracks = (x % 16 < 2) & (y > tops + 6) & ((y + x // 16 * 24) % 64 < 40)
    made[cracks & (made == 11)] = 12


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(_texture(), EDGE, ring=(1, 7, 6, 6, 5, 2, 3, 4, 3, 1), extra=_decorations())
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((8, 8), (8, 20), (3, 48), (9, 88)),
    )
