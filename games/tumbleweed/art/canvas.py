"""Draws shapes of palette entries: masks, ramps with ordered dithering, outlines, periodic noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Palette entries 0 to 15, (height, width); 0 is transparent."""
Mask = NDArray[np.bool_]
Field = NDArray[np.float64]

BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float64) + 0.5) / 16
"""Thresholds of ordered dithering, 4 × 4."""


def blank(width: int, height: int, entry: int = 0) -> Pixels:
    """A picture of one palette entry."""
    return np.full((height, width), entry, dtype=np.uint8)


def grid(pixels: Pixels) -> tuple[Field, Field]:
    """The x and y of every pixel's centre."""
    y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    return x + 0.5, y + 0.5


def ellipse(pixels: Pixels, x: float, y: float, rx: float, ry: float | None = None) -> Mask:
    """The pixels within an ellipse."""
    px, py = grid(pixels)
    return ((px - x) / rx) ** 2 + ((py - y) / (rx if ry is None else ry)) ** 2 <= 1


def box(pixels: Pixels, x: float, y: float, width: float, height: float) -> Mask:
    """The pixels within an upright rectangle."""
    px, py = grid(pixels)
    return (px >= x) & (px < x + width) & (py >= y) & (py < y + height)


def stroke(pixels: Pixels, points: Sequence[tuple[float, float]], width: float, end_width: float | None = None) -> Mask:
    """The pixels along a line through ``points`` that is ``width`` thick, tapering to ``end_width``."""
    px, py = grid(pixels)
    made = np.zeros(pixels.shape, dtype=bool)
    last = width if end_width is None else end_width
    parts = max(1, len(points) - 1)
    for part, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2 or 1e-9
        along = np.clip(((px - x0) * (x1 - x0) + (py - y0) * (y1 - y0)) / length, 0, 1)
        thick = width + (last - width) * (part + along) / parts
        made |= (px - x0 - along * (x1 - x0)) ** 2 + (py - y0 - along * (y1 - y0)) ** 2 <= (thick / 2) ** 2
    return made


def polygon(pixels: Pixels, points: Sequence[tuple[float, float]]) -> Mask:
    """The pixels within a polygon (even-odd rule)."""
    px, py = grid(pixels)
    inside = np.zeros(pixels.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        if y0 == y1:
            continue
        crosses = (py > min(y0, y1)) & (py <= max(y0, y1))
        inside ^= crosses & (px < x0 + (py - y0) * (x1 - x0) / (y1 - y0))
    return inside


def shade(pixels: Pixels, mask: Mask, value: Field, ramp: Sequence[int], dither: float = 1.0) -> None:
    """Paints ``mask`` with the entries of ``ramp``: value 0 is its first, 1 its last, dithered between neighbours."""
    height, width = pixels.shape
    threshold = np.tile(BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width]
    level = np.clip(value, 0, 1) * (len(ramp) - 1) + (threshold - 0.5) * dither + 0.5
    chosen = np.asarray(ramp, dtype=np.uint8)[np.clip(level, 0, len(ramp) - 1).astype(int)]
    pixels[mask] = chosen[mask]


def sphere(pixels: Pixels, x: float, y: float, rx: float, ry: float | None = None) -> Field:
    """Brightness 0 to 1 of a ball lit from the upper left."""
    px, py = grid(pixels)
    dx, dy = (px - x) / rx, (py - y) / (rx if ry is None else ry)
    depth = np.sqrt(np.clip(1 - dx * dx - dy * dy, 0, 1))
    return np.clip(0.15 - 0.45 * dx - 0.55 * dy + 0.6 * depth, 0, 1)


def outline(pixels: Pixels, entry: int, diagonal: bool = False) -> None:
    """Surrounds what is painted by one pixel of ``entry``."""
    solid = np.pad(pixels > 0, 1)
    near = solid[:-2, 1:-1] | solid[2:, 1:-1] | solid[1:-1, :-2] | solid[1:-1, 2:]
    if diagonal:
        near |= solid[:-2, :-2] | solid[:-2, 2:] | solid[2:, :-2] | solid[2:, 2:]
    pixels[near & (pixels == 0)] = entry


def stamp(pixels: Pixels, picture: Pixels, x: int, y: int, wraps: bool = False) -> None:
    """Lays the opaque pixels of ``picture`` onto ``pixels``; ``wraps`` goes on at the left edge."""
    rows, columns = np.nonzero(picture)
    at_x, at_y = columns + x, rows + y
    if wraps:
        at_x = at_x % pixels.shape[1]
    fits = (at_x >= 0) & (at_x < pixels.shape[1]) & (at_y >= 0) & (at_y < pixels.shape[0])
    pixels[at_y[fits], at_x[fits]] = picture[rows[fits], columns[fits]]


def noise(width: int, height: int, cell: int, seed: int) -> Field:
    """Smooth noise, 0 to 1, that repeats at its edges; ``cell`` divides both sides."""
    random = np.random.default_rng(seed)
    lattice = random.random((height // cell, width // cell))
    y, x = np.mgrid[0:height, 0:width] / cell
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = y - y0, x - x0
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    rows, columns = lattice.shape
    y1, x1 = (y0 + 1) % rows, (x0 + 1) % columns
    top = lattice[y0, x0] * (1 - fx) + lattice[y0, x1] * fx
    bottom = lattice[y1, x0] * (1 - fx) + lattice[y1, x1] * fx
    made: Field = top * (1 - fy) + bottom * fy
    return made


def from_text(text: str, entries: dict[str, int]) -> Pixels:
    """A picture from rows of characters; a character that ``entries`` lacks is transparent."""
    rows = text.strip("\n").split("\n")
    width = max(len(row) for row in rows)
    return np.array([[entries.get(c, 0) for c in row.ljust(width)] for row in rows], dtype=np.uint8)


def rotate_point(x: float, y: float, turn: float) -> tuple[float, float]:
    """A point turned round the origin by ``turn`` (1 is a full turn), clockwise on the screen."""
    angle = turn * 2 * math.pi
    return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
