"""Frost: snow and ice at dusk, an aurora over white peaks."""

from __future__ import annotations

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, tall
from canvas import Pixels, blank, box, ellipse, from_text, grid, outline, stroke
from palette import palette

FOREGROUND = palette("013 012 123 134 245 356 577 777 021 133 354 777 600 764 146 467")
BACKGROUND = palette("000 002 012 113 124 225 236 346 457 133 143 254 234 123 012 667")

EDGE = fringe(
    """
    7777777777777777
    7777777777777777
    7777777777777777
    7776777777677777
    6777677766777677
    5677567756675667
    1566156615561556
    .155.155.115.115
    ..11..11..1...11
    """
)

PEAKS = (
    (0, 12), (26, 40), (34, 34), (58, 62), (84, 26), (100, 34), (124, 10), (150, 46), (170, 30), (196, 54), (222, 20),
    (238, 28),
)  # fmt: skip
"""Corners of the mountains: x, height."""


def _texture() -> Pixels:
    """Ice with slanting lights."""
    return from_text(
        """
        3333333333333333
        3333333433333333
        3333334433333333
        3333344333333223
        3333443333332233
        3333433333322333
        3333333333223333
        2333333333233333
        3333333333333332
        3333333333333333
        3333333333334333
        3322333333344333
        3223333333443333
        3233333333433333
        3333333333333333
        3333333333333333
        """.replace(" ", ""),
        {str(entry): entry for entry in range(10)},
    )


def _snowman() -> Pixels:
    made = blank(16, 16)
    for y, radius in ((12, 4.6), (5.5, 3.4)):
        made[ellipse(made, 8, y, radius)] = 6
        made[ellipse(made, 7.2, y - 0.8, radius - 1.1)] = 7
    made[ellipse(made, 8, 12, 4.6) & (grid(made)[1] > 15)] = 5
    for x in (6, 9):
        made[4, x] = 1
    made[6, 8:11] = 13
    made[8, 5:11] = 12
    made[1:3, 5:11] = 1
    outline(made, 1)
    return made


def _frozen(kind: int) -> Pixels:
    """Something old in the ice."""
    made = _texture()
    if kind:
        made[stroke(made, [(3, 8), (10, 8)], 2.4)] = 15
        made[ellipse(made, 6.5, 8, 4, 2.2)] = 15
        made[stroke(made, [(11, 8), (14, 5)], 1.4)] = 15
        made[stroke(made, [(11, 8), (14, 11)], 1.4)] = 15
        made[7, 4] = 1
        return made
    for turn in range(3):
        x, y = np.cos(turn * np.pi / 3), np.sin(turn * np.pi / 3)
        made[stroke(made, [(8 - 5 * x, 8 - 5 * y), (8 + 5 * x, 8 + 5 * y)], 1.1)] = 15
    made[ellipse(made, 8, 8, 1.6)] = 11
    return made


def _decorations() -> dict[str, Pixels]:
    ice = (4, 15, 11)
    made = {
        "decoration_0": props.rock((5, 6, 7), seed=2, size=0.85),
        "decoration_1": props.crystals((4, 15, 11), 16),
        "decoration_2": _snowman(),
        "decoration_3": props.tuft((9, 10, 7), 6, 7, 10, (12, 12)),
        "decoration_8": _frozen(0),
        "decoration_9": _frozen(1),
        "decoration_10": props.hanging(ice, 4, 5, 14, 2.6),
        "decoration_11": props.hanging(ice, 9, 3, 15, 4),
    }
    return (
        made
        | tall(props.pine((8, 9, 10), 2, 7), "decoration_4", "decoration_5")
        | tall(props.lamp_post((8, 9, 10), 11, 13), "decoration_6", "decoration_7")
    )


def _aurora(made: Pixels) -> None:
    """Curtains of green light; they repeat after 256 columns."""
    x, y = grid(made)
    for base, entry_low, entry_high, shift in ((51, 10, 9, 0.0), (33, 11, 10, 2.0)):
        line = base + 7 * np.sin(x * 2 * np.pi / 256 + shift) + 3 * np.sin(x * 6 * np.pi / 256 + shift)
        above = line - y
        columns = (np.floor(x / 2) % 4 < 3) | (above < 8)
        made[(above > 0) & (above < 22) & columns & ((x + y) % 2 < 1)] = entry_high
        made[(above > 0) & (above < 7)] = np.where((x + y) % 2 < 1, entry_low, entry_high)[(above > 0) & (above < 7)]
        made[(above > -1) & (above < 2)] = entry_low


def _peaks(made: Pixels) -> None:
    tops = far.peaks(256, 136, PEAKS)
    x = np.arange(far.WIDTH)[None, :]
    y = np.arange(far.HEIGHT)[:, None]
    inside = (y >= tops) & (y < 144)
    made[inside] = 12
    slope = np.gradient(tops)
    snow = tops + (13 + 5 * np.abs((x % 16) / 8 - 1)) * np.clip((126 - tops) / 30, 0, 1)
    made[inside & (y < snow) & (slope < 0)] = 8
    made[inside & (y < snow) & (slope >= 0)] = 7


def _forest(height: int, entry: int) -> Pixels:
    made = blank(32, height)
    for x, tall_part in ((4, 0.8), (12, 1.0), (20, 0.7), (28, 0.9)):
        top = height * (1 - tall_part)
        for step in range(4):
            y = top + (height - top) * (step + 1) / 4.5
            half = 1.5 + step * 1.1
            made[stroke(made, [(x - half, y), (x, y - half * 1.6), (x + half, y)], 1.6)] = entry
        made[box(made, x - 1, top, 2, height)] = entry
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 136, (1, 2, 3, 4, 5, 6))
    random = np.random.default_rng(4)
    for _ in range(26):
        star = int(random.integers(0, 32)) * 8 + 3, int(random.integers(0, 8)) * 8 + 4
        for shift in (0, 256):
            made[star[1], star[0] + shift] = 15
    _aurora(made)
    _peaks(made)
    made[144:160] = 12
    far.ridge(made, far.hills(128, 150, [(1, 3, 0), (2, 2, 1)]), 224, 12, 7, 1)
    far.repeat(made, _forest(24, 13), [(x, 152) for x in range(0, 512, 32)])
    made[168:] = 13
    far.ridge(made, far.hills(128, 184, [(1, 5, 2)]), 224, 14, 12, 2)
    far.flecks(made, 192, 224, 12, 4)
    return made


def draw() -> ZoneArt:
    """The zone's pictures."""
    style = Style(
        _texture(),
        EDGE,
        slope_edge=4,
        ring=(1, 7, 7, 6, 6, 5, 15, 4, 3, 1),
        ring_seam=3,
        wood=(4, 15, 7),
        extra=_decorations(),
    )
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((8, 4), (9, 20), (5, 48), (6, 80)),
    )
