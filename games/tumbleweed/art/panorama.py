"""Parts of the backgrounds.

Skies, clouds, ridges: all repeat at the panorama's edges, and
repeat tiles where they can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from canvas import BAYER, Field, Pixels, blank, ellipse, grid, noise, stamp

WIDTH, HEIGHT = 512, 224


def sky(pixels: Pixels, top: int, bottom: int, ramp: Sequence[int]) -> None:
    """A gradient from the first entry of ``ramp`` at ``top`` to its last at ``bottom``, dithered."""
    rows = np.arange(top, bottom)
    level = (rows - top + 0.5) / (bottom - top) * (len(ramp) - 1)
    threshold = BAYER[rows % 4]
    chosen = np.clip(np.floor(level[:, None] + (threshold - 0.5) * 0.9 + 0.5), 0, len(ramp) - 1).astype(int)
    pixels[top:bottom] = np.tile(np.asarray(ramp, dtype=np.uint8)[chosen], (1, WIDTH // 4))


def ridge(pixels: Pixels, tops: Field, bottom: int, fill: int, light: int = 0, rim: int = 1) -> None:
    """Fills from ``tops`` (one height of the screen per column) down to ``bottom``, with a lit rim."""
    y = np.arange(HEIGHT)[:, None]
    heights = np.round(tops)[None, :]
    inside = (y >= heights) & (y < bottom)
    pixels[inside] = fill
    if light:
        pixels[inside & (y < heights + rim)] = light


def hills(period: int, base: float, parts: Sequence[tuple[int, float, float]]) -> Field:
    """Rounded heights from waves (how many in a period, height, shift)."""
    x = np.arange(WIDTH) * 2 * math.pi / period
    made: Field = np.full(WIDTH, float(base))
    for count, height, shift in parts:
        made -= height * np.sin(x * count + shift)
    return made


def rough(period: int, cell: int, seed: int, height: float) -> Field:
    """Ragged heights, 0 to ``height``, that repeat after ``period`` columns."""
    line = noise(period, cell, cell, seed)[0]
    return np.tile(line, WIDTH // period) * height


def peaks(period: int, base: float, points: Sequence[tuple[float, float]]) -> Field:
    """Straight-sided heights through (x, height above ``base``) within a period, closed at its end."""
    xs = [x for x, _ in points] + [points[0][0] + period]
    ys = [height for _, height in points] + [points[0][1]]
    return base - np.interp(np.arange(WIDTH) % period, xs, ys, period=period)


def cloud(width: int, height: int, light: int, dark: int, seed: int, middle: int = 0) -> Pixels:
    """A heap of round puffs with a flat base."""
    random = np.random.default_rng(seed)
    made = blank(width, height)
    puffs = []
    for part in range(7):
        x = width * (0.16 + 0.68 * part / 6)
        radius = height * (0.26 + 0.34 * math.sin(math.pi * (part + 0.5) / 7) * (0.7 + 0.3 * random.random()))
        puffs.append((x, height - radius * 0.9, radius))
    for x, y, radius in puffs:
        made[ellipse(made, x, y, radius * 1.35, radius)] = dark
    if middle:
        for x, y, radius in puffs:
            made[ellipse(made, x - 0.5, y - radius * 0.14, radius * 1.2, radius * 0.84)] = middle
    for x, y, radius in puffs:
        made[ellipse(made, x - 1, y - radius * 0.3, radius * 1.05, radius * 0.66)] = light
    made[grid(made)[1] > height - 1] = 0
    return made


def repeat(pixels: Pixels, picture: Pixels, places: Sequence[tuple[int, int]]) -> None:
    """Stamps a picture at several places; columns that are multiples of 8 let its tiles be shared."""
    for x, y in places:
        stamp(pixels, picture, x, y, wraps=True)


def bands(*rows_and_speeds: tuple[int, int]) -> list[int]:
    """Speeds of the 28 rows from pairs (how many rows, speed)."""
    made = [speed for rows, speed in rows_and_speeds for _ in range(rows)]
    if len(made) != HEIGHT // 8:
        raise ValueError(f"a panorama has {HEIGHT // 8} rows, but {len(made)} speeds were given")
    return made


def field_of(pixels: Pixels, inside: Callable[[Field, Field], Field]) -> Field:
    """A field over the picture from a function of x and y."""
    x, y = grid(pixels)
    return inside(x, y)


def flecks(pixels: Pixels, top: int, bottom: int, entry: int, seed: int) -> None:
    """Short dashes that enliven a plain, the same every 64 columns and 16 rows."""
    random = np.random.default_rng(seed)
    for _ in range(7):
        x, y, length = (int(random.integers(0, limit)) for limit in (56, 16, 6))
        for row in range(top + y, bottom, 16):
            for left in range(x, WIDTH, 64):
                pixels[row, left : left + 2 + length] = entry
