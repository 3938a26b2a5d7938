"""Carnival: a fairground at night, with a wheel, tents and chains of lights."""

from __future__ import annotations

import math

import numpy as np
import panorama as far
import props
from blocks import Style, ZoneArt, draw_blocks, fringe, lava, plain, tall, thorns
from canvas import Pixels, blank, box, ellipse, grid, outline, polygon, stroke
from palette import palette

FOREGROUND = palette("001 101 203 314 425 602 760 776 320 642 764 777 700 760 136 467")
BACKGROUND = palette("000 001 002 102 103 203 213 304 412 523 134 245 651 423 102 542")

EDGE = fringe(
    """
    7777777777777777
    6666666666666666
    1111111111111111
    555bbbb5555bbbb5
    555bbbb5555bbbb5
    555bbbb5555bbbb5
    555bbbb5555bbbb5
    151.1b11151.1b11
    .1...1...1...1..
    """
)


def _texture() -> Pixels:
    """A harlequin's diamonds."""
    made = blank(16, 16, 3)
    x, y = grid(made)
    inner = np.abs(x - 8) + np.abs(y - 8)
    made[inner < 8] = 2
    made[np.abs(inner - 8) < 0.9] = 4
    made[ellipse(made, 8, 8, 1.6)] = 4
    made[7, 7] = 6
    return made


def _bulbs() -> Pixels:
    """A box of boards with bulbs that take turns."""
    made = blank(16, 16, 5)
    made[0], made[15] = 6, 1
    made[:, 0], made[:, 15] = 6, 1
    for part in range(4):
        for x, y in ((2 + part * 4, 2), (2 + part * 4, 13), (2, 2 + part * 4 - (part == 3)), (13, 2 + part * 4)):
            made[max(0, y - 1) : y + 1, max(0, x - 1) : x + 1] = (12, 13)[part % 2]
    star = [
        (
            8 + (4.6 if k % 2 == 0 else 2) * math.sin(k * math.pi / 5),
            8 - (4.6 if k % 2 == 0 else 2) * math.cos(k * math.pi / 5),
        )
        for k in range(10)
    ]
    made[polygon(made, star)] = 7
    return made


def _pole() -> Pixels:
    """A barber's pole."""
    made = blank(16, 16)
    x, y = grid(made)
    made[box(made, 2, 0, 12, 16)] = np.where(((x + y) // 4 % 2) < 1, 5, 11)[box(made, 2, 0, 12, 16)]
    made[:, 2:4][made[:, 2:4] == 5] = 6
    made[:, 11:14][made[:, 11:14] == 11] = 10
    made[:, 1] = made[:, 14] = 1
    return made


def _balloons() -> Pixels:
    made = blank(16, 32)
    for x, y, entry in ((5, 6, 5), (11, 5, 14), (8, 11, 6)):
        made[stroke(made, [(x, y + 4), (8, 31)], 1)] = 10
        made[ellipse(made, x, y, 4, 4.6)] = entry
    outline(made, 1)
    for x, y in ((4, 4), (10, 3), (7, 9)):
        made[y : y + 2, x] = 11
    return made


def _tent() -> Pixels:
    made = blank(16, 16)
    x, _ = grid(made)
    body = polygon(made, [(2, 16), (3, 8), (13, 8), (14, 16)])
    roof = polygon(made, [(8, 1), (16, 9), (0, 9)])
    made[body] = np.where((x // 2 % 2) < 1, 5, 11)[body]
    made[roof] = 6
    made[roof & (x > 8)] = 5
    made[box(made, 6, 11, 4, 5)] = 1
    outline(made, 1)
    return made


def _sign() -> Pixels:
    made = blank(16, 16)
    made[box(made, 7, 8, 2, 8)] = 9
    made[polygon(made, [(1, 3), (11, 3), (15, 6), (11, 10), (1, 10)])] = 6
    made[box(made, 3, 6, 7, 1)] = 5
    made[polygon(made, [(9, 4), (12, 6.5), (9, 9)])] = 5
    outline(made, 1)
    return made


def _decorations() -> dict[str, Pixels]:
    flags = plain(
        """
        1111111111111111
        .555.666.eee.fff
        .555.666.eee.fff
        .555.666.eee.fff
        ..5...6...e...f.
        ..5...6...e...f.
        """,
        hangs=True,
    )
    mask = _texture()
    mask[ellipse(mask, 8, 8, 5.6)] = 1
    mask[ellipse(mask, 8, 8, 4.8)] = 7
    mask[6:8, 5:7] = mask[6:8, 9:11] = 1
    mask[10, 6:10] = mask[9, 5] = mask[9, 10] = 5
    star = _texture()
    points = [
        (8 + r * math.sin(k * math.pi / 5), 8 - r * math.cos(k * math.pi / 5)) for k, r in enumerate((6.4, 2.7) * 5)
    ]
    star[polygon(star, points)] = 6
    made = {
        "decoration_0": props.tuft((8, 9, 6), 5, 7, 9, (5, 15, 5)),
        "decoration_1": _tent(),
        "decoration_2": _sign(),
        "decoration_3": _present(),
        "decoration_8": mask,
        "decoration_9": star,
        "decoration_10": flags,
        "decoration_11": _lights(),
    }
    return (
        made
        | tall(_balloons(), "decoration_4", "decoration_5")
        | tall(props.lamp_post((8, 9, 10), 13, 12), "decoration_6", "decoration_7")
    )


def _present() -> Pixels:
    made = blank(16, 16)
    made[box(made, 2, 6, 12, 10)] = 14
    made[box(made, 2, 6, 12, 2)] = 15
    made[box(made, 7, 6, 3, 10)] = 6
    made[ellipse(made, 5.5, 4, 2.6, 1.8)] = 6
    made[ellipse(made, 11, 4, 2.6, 1.8)] = 6
    made[ellipse(made, 8.3, 5, 1.4)] = 7
    outline(made, 1)
    return made


def _lights() -> Pixels:
    """A chain of bulbs."""
    made = blank(16, 16)
    for x in range(16):
        made[1 + int(3.5 * math.sin(math.pi * x / 15)), x] = 9
    for x, entry in ((1, 12), (5, 13), (9, 12), (13, 13)):
        y = 2 + int(3.5 * math.sin(math.pi * x / 15))
        made[y : y + 3, x : x + 2] = entry
    return made


def _wheel() -> Pixels:
    """A great wheel with gondolas and lights, 128 × 128."""
    made = blank(128, 136)
    for turn in range(16):
        angle = turn * math.pi / 8
        dx, dy = math.cos(angle), math.sin(angle)
        made[stroke(made, [(64, 64), (64 + dx * 52, 64 + dy * 52)], 1.2)] = 6
    px, py = grid(made)
    radius = np.hypot(px - 64, py - 64)
    made[(radius < 54) & (radius > 51)] = 8
    made[(radius < 45) & (radius > 43.5)] = 6
    for turn in range(32):
        angle = turn * math.pi / 16
        column, row = int(64 + 48 * math.cos(angle)), int(64 + 48 * math.sin(angle))
        made[row : row + 2, column : column + 2] = (12, 9)[turn % 2]
    for turn in range(8):
        angle = turn * math.pi / 4 + math.pi / 8
        x, y = 64 + 56 * math.cos(angle), 64 + 56 * math.sin(angle)
        made[ellipse(made, x, y, 5.4, 4.6)] = (10, 7)[turn in (0, 3, 4, 7)]
        made[box(made, x - 4, y - 2, 8, 2)] = 11
    made[ellipse(made, 64, 64, 5)] = 9
    made[:64, :64] = made[:64, 127:63:-1]
    made[64:128] = made[63::-1]
    stand = blank(128, 136)
    for foot in (36, 92):
        stand[stroke(stand, [(64, 64), (foot, 136)], 4)] = 5
    made[made == 0] = stand[made == 0]
    return made


def _big_tent(width: int, height: int, dark: int, light: int) -> Pixels:
    made = blank(width, height)
    x, _ = grid(made)
    roof = polygon(made, [(width / 2, 6), (width, height * 0.55), (0, height * 0.55)])
    body = polygon(
        made,
        [(width * 0.08, height * 0.5), (width * 0.92, height * 0.5), (width * 0.92, height), (width * 0.08, height)],
    )
    slant = np.abs(x - width / 2) * 8 / np.maximum(1, grid(made)[1] - 4)
    made[body] = np.where((x // 8 % 2) < 1, dark, light)[body]
    made[roof] = np.where((slant % 2) < 1, light, dark)[roof]
    made[box(made, 0, height * 0.55, width, 2)] = 15
    made[:, width // 2 :] = made[:, : width // 2][:, ::-1]
    made[box(made, width / 2 - 1, 0, 2, 8)] = 13
    made[polygon(made, [(width / 2 + 1, 0), (width / 2 + 10, 2), (width / 2 + 1, 5)])] = 15
    return made


def _panorama() -> Pixels:
    made = blank(far.WIDTH, far.HEIGHT, 1)
    far.sky(made, 0, 136, (1, 2, 2, 3, 4, 5))
    random = np.random.default_rng(9)
    for _ in range(40):
        made[int(random.integers(0, 11)) * 8 + 2, int(random.integers(0, 64)) * 8 + 5] = (11, 12)[
            int(random.integers(0, 2))
        ]
    made[ellipse(made, 440, 28, 15)] = 12
    made[ellipse(made, 446, 24, 14)] = 2
    far.repeat(made, _wheel(), [(64, 8)])
    far.repeat(made, _big_tent(96, 72, 6, 8), [(200, 72), (456, 72)])
    far.repeat(made, _big_tent(64, 48, 6, 13), [(304, 96), (16, 96)])
    far.repeat(made, _coaster(), [(352, 64)])
    made[136:144] = 5
    tops = far.hills(64, 152, [(1, 0, 0)])
    far.ridge(made, tops, 224, 14)
    _stalls(made)
    return made


def _coaster() -> Pixels:
    """The rails of a roller coaster on their supports."""
    made = blank(96, 80)
    line = [40 - 26 * math.cos(x * 2 * math.pi / 96) for x in range(97)]
    for column in range(4, 96, 8):
        made[box(made, column, line[column], 1, 80)] = 6
        made[stroke(made, [(column, line[column] + 10), (min(95, column + 8), 70)], 1)] = 6
    made[stroke(made, [(x, line[x]) for x in range(0, 97, 4)], 3)] = 8
    return made


def _stalls(made: Pixels) -> None:
    """A row of striped roofs with a chain of lights over them."""
    x, y = grid(made)
    sag = 148 + 8 * np.abs(np.sin(x * np.pi / 64))
    made[136:168][made[136:168] > 0] = 14
    made[(np.abs(y - sag) < 0.7)] = 13
    for at in range(0, 512, 16):
        row = int(148 + 8 * abs(math.sin((at + 8) * math.pi / 64)))
        made[row + 1 : row + 4, at + 7 : at + 9] = (12, 9, 11, 9)[at // 16 % 4]
    roof = (y > 168) & (y < 184 + 3 * (np.abs((x % 16) - 8) < 6))
    made[roof] = np.where((x // 16 % 2) < 1, 8, 13)[roof]
    made[(y > 166) & (y < 169)] = 15
    made[(y > 188) & ((x % 64) < 4)] = 5


def draw() -> ZoneArt:
    """The zone's pictures."""
    own = {"brick": _bulbs(), "pillar": _pole(), "thorns": thorns(base=5), "lava": lava(5, 6)}
    style = Style(_texture(), EDGE, ring=(1, 7, 6, 6, 1, 5, 5, 12, 5, 1), ring_seam=13, extra=_decorations() | own)
    return ZoneArt(
        foreground=FOREGROUND,
        background=BACKGROUND,
        blocks=draw_blocks(style),
        panorama=_panorama(),
        speed=far.bands((17, 20), (4, 52), (7, 88)),
        cycle=(12, 2, 20),
    )
