"""Foundry: an ironworks over molten metal, chimneys and wheels in a red glow."""

from __future__ import annotations

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, conveyor, draw_blocks, fringe, gust, plain, tall, thorns, water
from canvas import Pixels, blank, box, ellipse, grid, outline, polygon, stroke
from palette import palette

FOREGROUND = palette("100 001 112 223 334 445 556 777 211 422 643 760 600 740 762 357")
BACKGROUND = palette("000 100 200 300 410 520 101 111 211 212 310 630 322 221 001 410")

EDGE = fringe(
    """
    7777777777777777
    6666666666666666
    5555555555555555
    1111111111111111
    bb111bbb111bbb11
    b111bbb111bbb111
    111bbb111bbb111b
    1111111111111111
    2222222222222222
    """
)


def _texture() -> Pixels:
    """Iron plates with rivets."""
    made = blank(16, 16, 3)
    made[0, :], made[:, 0] = 4, 4
    made[15, :], made[:, 15] = 2, 2
    made[14, 1:15], made[1:15, 14] = 2, 3
    for x in (2, 12):
        for y in (2, 12):
            made[y : y + 2, x : x + 2] = 2
            made[y, x] = 5
    made[6:8, 5:11] = 2
    made[9, 5:11] = 2
    made[8, 5:11] = made[10, 5:11] = 4
    return made


def _molten() -> Pixels:
    """Molten iron in three entries that cycle."""
    made = blank(16, 16)
    x, y = grid(made)
    wave = 6.9 + 0.9 * np.sin(x * np.pi / 8)
    flow = (x + y + 2 * np.sin(y * 0.9)) // 2 % 8
    inside = y > wave
    made[inside] = 12
    made[inside & (flow < 4)] = 13
    made[inside & (flow < 2)] = 14
    made[inside & (y > 13) & (flow >= 4)] = 8
    made[inside & (y < wave + 1.4)] = 11
    return made


def _belt(is_right: bool) -> Pixels:
    """A belt whose stripes cycle with the molten iron."""
    made = conveyor(is_right, (2, 4, 6))
    x, y = grid(made)
    step = ((x if is_right else -x) - np.abs(y - 3.5)) // 2 % 8
    order = np.array([12, 12, 13, 13, 14, 14, 1, 1], dtype=np.uint8)
    made[1:6] = order[step.astype(int)][1:6]
    made[1] = 6
    return made


def _gear(size: int, teeth: int, dark: int, middle: int, light: int) -> Pixels:
    made = blank(size, size)
    x, y = grid(made)
    centre = size / 2
    radius, angle = np.hypot(x - centre, y - centre), np.arctan2(y - centre, x - centre)
    rim = centre * (0.82 + 0.16 * (np.sin(angle * teeth) > 0))
    made[(radius < rim)] = middle
    made[(radius < rim) & (x + y < size * 0.78)] = light
    made[(radius < centre * 0.6)] = dark
    made[(radius < centre * 0.6) & ((np.abs(x - centre) < centre * 0.1) | (np.abs(y - centre) < centre * 0.1))] = middle
    made[(radius < centre * 0.2)] = middle
    made[(radius < centre * 0.08)] = dark
    return made


def _set_in(kind: int) -> Pixels:
    made = _texture()
    if kind:
        made[2:14, 2:14] = 1
        for y in range(3, 13, 3):
            made[y : y + 2, 3:13] = 12
            made[y, 3:13] = 13
        made[3:13, 7:9] = 2
        return made
    wheel = _gear(12, 8, 1, 5, 6)
    made[2:14, 2:14] = 1
    part = made[2:14, 2:14]
    part[wheel > 0] = wheel[wheel > 0]
    return made


def _barrel() -> Pixels:
    made = blank(16, 16)
    made[box(made, 3, 2, 10, 14)] = 9
    made[box(made, 3, 2, 3, 14)] = 10
    made[box(made, 11, 2, 2, 14)] = 8
    for y in (4, 12):
        made[box(made, 2, y, 12, 2)] = 5
        made[box(made, 2, y, 4, 2)] = 7
    made[box(made, 6, 7, 4, 4)] = 1
    made[8:10, 7:9] = 13
    outline(made, 1)
    return made


def _valve() -> Pixels:
    made = blank(16, 16)
    made[box(made, 6, 8, 4, 8)] = 5
    made[box(made, 6, 8, 1, 8)] = 7
    made[box(made, 4, 13, 8, 3)] = 6
    wheel = ellipse(made, 8, 6, 5.4) & ~ellipse(made, 8, 6, 3.4)
    made[wheel] = 11
    made[box(made, 3, 5.5, 10, 1)] = 11
    made[box(made, 7.5, 1, 1, 10)] = 11
    made[ellipse(made, 8, 6, 1.6)] = 7
    outline(made, 1)
    return made


def _pipe() -> Pixels:
    """A standing pipe with a gauge, 16 × 32."""
    made = blank(16, 32)
    for x, entry in ((4, 4), (5, 6), (6, 7), (7, 6), (8, 5), (9, 4), (10, 3), (11, 2)):
        made[4:, x] = entry
    for y in (0, 26):
        made[box(made, 2, y, 12, 5)] = 4
        made[box(made, 2, y, 12, 1)] = 7
        made[box(made, 2, y + 4, 12, 1)] = 2
    made[ellipse(made, 8, 13, 4.6)] = 1
    made[ellipse(made, 8, 13, 3.8)] = 7
    made[stroke(made, [(8, 13), (10.4, 11)], 1.2)] = 12
    outline(made, 1)
    return made


def _stack() -> Pixels:
    """A small chimney of bricks, 16 × 32."""
    made = blank(16, 32)
    made[box(made, 3, 5, 10, 27)] = 9
    made[box(made, 3, 5, 3, 27)] = 10
    made[box(made, 10, 5, 3, 27)] = 8
    for y in range(8, 32, 4):
        made[y, 3:13] = 8
        made[y - 3 : y, 5 + (y // 4 % 2) * 4] = 8
    made[box(made, 1, 1, 14, 5)] = 9
    made[box(made, 1, 1, 14, 1)] = 10
    made[box(made, 4, 1, 8, 1)] = 13
    outline(made, 1)
    return made


def _decorations() -> dict[str, Pixels]:
    chain = plain(
        """
        ......1111......
        .....16..61.....
        .....16..61.....
        ......1661......
        ......1551......
        .....15..51.....
        .....15..51.....
        ......1551......
        ......1661......
        .....16..61.....
        ....166..1......
        ....16..........
        ....166...61....
        .....1666661....
        ......11111.....
        """,
        hangs=True,
    )
    duct = plain(
        """
        2456654333332222
        2456654333332222
        1111111111111111
        .14566543333321.
        .14566543333321.
        .11111111111111.
        ..1.1.1.1.1.1...
        """,
        hangs=True,
    )
    made = {
        "decoration_0": props.rock((2, 3, 5), seed=4, size=0.8),
        "decoration_1": _barrel(),
        "decoration_2": _valve(),
        "decoration_3": _heap(),
        "decoration_8": _set_in(0),
        "decoration_9": _set_in(1),
        "decoration_10": chain,
        "decoration_11": duct,
    }
    return made | tall(_pipe(), "decoration_4", "decoration_5") | tall(_stack(), "decoration_6", "decoration_7")


def _heap() -> Pixels:
    """A heap of scrap with a wheel in it."""
    made = props.rock((2, 3, 4), seed=9, size=0.9)
    wheel = _gear(10, 7, 1, 5, 6)
    part = made[6:16, 3:13]
    part[wheel > 0] = wheel[wheel > 0]
    return made


def _chimney(width: int, height: int) -> Pixels:
    made = blank(width, height)
    made[polygon(made, [(width * 0.2, 6), (width * 0.8, 6), (width * 0.95, height), (width * 0.05, height)])] = 8
    made[polygon(made, [(width * 0.2, 6), (width * 0.36, 6), (width * 0.26, height), (width * 0.05, height)])] = 10
    made[box(made, width * 0.1, 0, width * 0.8, 6)] = 9
    for y in range(16, height, 16):
        made[y : y + 2][made[y : y + 2] > 0] = 7
    return made


def _works() -> Pixels:
    """A hall with lit windows, 128 wide."""
    made = blank(128, 64)
    for part in range(4):
        made[polygon(made, [(part * 32, 24), (part * 32 + 4, 4), (part * 32 + 32, 24)])] = 7
    made[box(made, 0, 24, 128, 40)] = 7
    for x in range(8, 128, 16):
        made[box(made, x, 32, 8, 12)] = 4
        made[box(made, x, 38, 8, 6)] = 5
        made[box(made, x + 3, 32, 2, 12)] = 7
    made[box(made, 0, 24, 128, 2)] = 9
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 136, (6, 1, 2, 3, 10, 4))
    for seed, places in ((11, [(24, 4), (280, 4)]), (14, [(160, 20), (416, 20)])):
        far.repeat(made, far.cloud(96, 20, 8, 1, seed, 7), places)
    for width, height, x in ((32, 88, 16), (24, 64, 72), (32, 72, 160), (24, 96, 208)):
        far.repeat(made, _chimney(width, height), [(x, 144 - height), (x + 256, 144 - height)])
    far.repeat(made, _works(), [(x, 88) for x in (0, 128, 256, 384)])
    made[136:144] = 7
    made[144:] = 13
    for x, size in ((8, 56), (72, 40), (112, 64), (184, 48)):
        wheel = _gear(size, 12 if size > 50 else 10, 6, 13, 12)
        far.repeat(made, wheel, [(x, 176 - size // 2), (x + 256, 176 - size // 2)])
    made[144:][made[144:] == 13] = 9
    made[144:148] = 14
    _girders(made)
    return made


def _girders(made: Pixels) -> None:
    """A lattice in front, and the glow from below."""
    x, y = grid(made)
    low = y > 204
    made[low] = 14
    made[low & (y < 207)] = 12
    diagonal = (np.abs((x + y) % 16 - 8) < 1.2) | (np.abs((x - y) % 16 - 8) < 1.2)
    made[low & (y > 207) & diagonal] = 7
    made[(y > 221)] = 3


def draw() -> ZoneArt:
    """The zone's pictures."""
    streaks = gust((6, 7, 6))
    own = {
        "lava": _molten(),
        "conveyor_left": _belt(False),
        "conveyor_right": _belt(True),
        "thorns": thorns(base=9, light=7, dark=5),
        "gust_right": streaks,
        "gust_left": streaks[:, ::-1].copy(),
        "updraft": streaks.T[::-1].copy(),
        "brick": _plates(),
        "water_top": water(True, 15, 7),
        "water": water(False, 15, 7),
    }
    style = Style(
        _texture(), EDGE, ring=(1, 7, 6, 5, 4, 1, 3, 4, 3, 1), ring_seam=1, wood=(3, 5, 6), extra=_decorations() | own
    )
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((18, 24), (7, 52), (3, 96)),
        cycle=(12, 3, 8),
    )


def _plates() -> Pixels:
    """Bricks burnt dark red."""
    made = blank(16, 16, 9)
    for top, shift in ((0, 0), (8, 8)):
        made[top, :] = 10
        made[top + 6, :] = 8
        made[top + 7, :] = 1
        for x in (7 + shift, 15 + shift):
            made[top : top + 8, x % 16] = 1
            made[top : top + 6, (x + 1) % 16] = 10
    return made
