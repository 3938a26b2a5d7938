"""Things that stand in the levels for their looks, drawn with the entries a zone gives them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from canvas import Pixels, blank, box, ellipse, outline, polygon, shade, sphere, stroke

Ramp = tuple[int, int, int]
"""Entries from dark to light."""


def tuft(ramp: Ramp, seed: int, blades: int = 8, height: float = 9, flowers: Sequence[int] = ()) -> Pixels:
    """A bunch of grass, some blades with flowers."""
    random = np.random.default_rng(seed)
    made = blank(16, 16)
    tips = []
    for blade in range(blades):
        foot = 3 + 10 * blade / max(1, blades - 1)
        tall = height * (0.45 + 0.55 * random.random()) * (1 - 0.3 * abs(foot - 8) / 8)
        tip = (foot + (foot - 8) * 0.4 + random.random() * 2 - 1, 16 - tall)
        entry = ramp[blade % 3]
        made[stroke(made, [(foot, 16.5), ((foot + tip[0]) / 2 + 0.4, 16 - tall * 0.5), tip], 1.5, 0.8)] = entry
        tips.append(tip)
    for number, entry in enumerate(flowers):
        x, y = tips[(number * 3 + 1) % len(tips)]
        made[ellipse(made, x, y, 1.9)] = entry
        made[int(max(0, min(15, y))), int(max(0, min(15, x)))] = 11
    return made


def rock(ramp: Ramp, width: int = 16, height: int = 16, seed: int = 1, size: float = 0.9) -> Pixels:
    """A boulder with facets, lit from the upper left."""
    random = np.random.default_rng(seed)
    made = blank(width, height)
    points = []
    for corner in range(7):
        angle = math.pi + math.pi * corner / 6
        reach = size * (0.8 + 0.2 * random.random())
        points.append((width / 2 + math.cos(angle) * width / 2 * reach, height + math.sin(angle) * height * reach))
    whole = polygon(made, points)
    shade(made, whole, sphere(made, width / 2, height * 0.9, width * 0.55, height), ramp, 0.3)
    made[polygon(made, [points[1], points[2], points[3], (width * 0.45, height * 0.6)])] = ramp[2]
    made[polygon(made, [points[5], points[6], (width * 0.6, height), (width * 0.6, height * 0.6)])] = ramp[0]
    outline(made, 1)
    return made


def crystals(ramp: Ramp, height: int = 16, spread: float = 1.0) -> Pixels:
    """A group of pointed crystals."""
    made = blank(16, height)
    for x, lean, tall, half in ((4, -2.5, 0.62, 2), (12, 2.5, 0.55, 2), (8, 0, 0.95, 2.8)):
        top = height * (1 - tall) + 0.5
        tip = (x + lean * spread, top)
        for left, right, entry in ((-half, half, ramp[1]), (-half, -half * 0.2, ramp[2]), (half * 0.4, half, ramp[0])):
            foot = [(x + right, height), (x + left, height)]
            neck = [(tip[0] + left, top + half * 1.3), tip, (tip[0] + right, top + half * 1.3)]
            if entry == ramp[0]:
                neck = [tip, (tip[0] + right, top + half * 1.3)]
            made[polygon(made, [*foot, *neck])] = entry
        outline(made, 1)
    return made


def hanging(ramp: Ramp, seed: int, count: int = 5, length: float = 11, width: float = 3) -> Pixels:
    """Cones that hang: icicles, stalactites, roots."""
    random = np.random.default_rng(seed)
    made = blank(16, 16)
    for cone in range(count):
        x = 16 * (cone + 0.5) / count
        down = length * (0.4 + 0.6 * random.random())
        half = width / 2 + 0.4
        made[polygon(made, [(x - half, 0), (x + half, 0), (x, down)])] = ramp[1]
        made[polygon(made, [(x - half, 0), (x - half * 0.2, 0), (x, down)])] = ramp[2]
    made[:2][made[:2] == 0] = ramp[0]
    outline(made, 1)
    return made


def vines(ramp: Ramp, seed: int, count: int = 4) -> Pixels:
    """Strands with leaves that hang from a ceiling."""
    random = np.random.default_rng(seed)
    made = blank(16, 16)
    for strand in range(count):
        x = 2 + 12 * strand / max(1, count - 1)
        length = 5 + int(random.integers(0, 10))
        for y in range(min(16, length)):
            column = int(x + math.sin(y * 0.7 + strand))
            made[y, column % 16] = ramp[1]
            if (y + strand) % 3 == 0:
                made[y, (column + 1) % 16] = ramp[2]
                made[min(15, y + 1), (column - 1) % 16] = ramp[0]
    return made


def lamp_post(wood: Ramp, light: int, glow: int) -> Pixels:
    """A post with a lamp, 16 × 32."""
    made = blank(16, 32)
    made[stroke(made, [(8, 32), (8, 11)], 2.2)] = wood[1]
    made[box(made, 8, 11, 1, 21)] = wood[0]
    made[box(made, 5, 29, 6, 3)] = wood[1]
    made[box(made, 4, 4, 8, 8)] = glow
    made[box(made, 5, 5, 4, 5)] = light
    made[polygon(made, [(2.5, 4), (8, 0.5), (13.5, 4)])] = wood[2]
    outline(made, 1)
    return made


def palm(trunk: Ramp, leaves: Ramp) -> Pixels:
    """A palm, 16 × 32."""
    made = blank(16, 32)
    made[stroke(made, [(9, 33), (8.4, 22), (7.4, 10)], 3.6, 2.4)] = trunk[1]
    made[stroke(made, [(8, 33), (7.6, 22), (6.8, 11)], 1.4, 0.9)] = trunk[2]
    for y in range(12, 32, 3):
        made[y, 6:11][made[y, 6:11] > 0] = trunk[0]
    outline(made, 1)
    for points, entry in (
        ([(8, 9), (3, 5), (0.5, 10)], leaves[0]),
        ([(8, 9), (13, 5), (15.5, 11)], leaves[0]),
        ([(8, 8), (4, 3), (0.5, 4)], leaves[1]),
        ([(8, 8), (12, 3), (15.5, 5)], leaves[1]),
        ([(8, 8), (7, 3), (4, 1)], leaves[2]),
        ([(8, 8), (10, 3), (13, 1.2)], leaves[2]),
    ):
        made[stroke(made, points, 2.8, 1.2)] = entry
    made[ellipse(made, 7, 9.5, 1.6)] = trunk[0]
    return made


def pine(leaves: Ramp, trunk: int, snow: int) -> Pixels:
    """A fir with snow on it, 16 × 32."""
    made = blank(16, 32)
    made[box(made, 7, 27, 3, 5)] = trunk
    for top, bottom, half in ((16, 29, 7.4), (9, 21, 6), (1, 13, 4.4)):
        made[polygon(made, [(8, top), (8 + half, bottom), (8 - half, bottom)])] = leaves[1]
        made[polygon(made, [(8, top), (8 + half, bottom), (8 + half * 0.3, bottom)])] = leaves[0]
        made[polygon(made, [(8, top), (8 - half * 0.8, bottom - 2), (8 - half * 0.2, bottom - 5)])] = snow
    outline(made, 1)
    return made


def column(ramp: Ramp, is_broken: bool = False) -> Pixels:
    """A column of an old temple, 16 × 32."""
    made = blank(16, 32)
    made[box(made, 3, 2, 10, 30)] = ramp[1]
    for x, entry in ((3, ramp[2]), (4, ramp[2]), (7, ramp[0]), (10, ramp[0]), (11, ramp[0]), (12, ramp[0])):
        made[2:32, x] = entry
    for y in (1, 28):
        made[box(made, 1, y, 14, 4)] = ramp[1]
        made[box(made, 1, y, 14, 1)] = ramp[2]
        made[box(made, 1, y + 3, 14, 1)] = ramp[0]
    for y in (12, 20):
        made[y, 3:13] = ramp[0]
    if is_broken:
        made[polygon(made, [(0, 0), (16, 0), (16, 9), (11, 13), (8, 9), (4, 12), (0, 7)])] = 0
    outline(made, 1)
    return made
