"""Which gif fits under a size limit: settings from the best to the smallest, with an estimate of their sizes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from newgameplus.errors import MovieError
from newgameplus.movies.encoders import GIF_FRAMES_PER_SECOND

_SHRUNK = (0.75, 0.5, 0.375, 0.25)
"""Scales below one pixel for each pixel of the console."""
_RATES = {GIF_FRAMES_PER_SECOND: 1.0, 10: 0.6, 5: 0.36}
"""Pictures per second, and the size to expect relative to the first; rarer pictures differ more from each other."""
_COLOURS = {256: 1.0, 64: 0.8, 16: 0.55}
"""Numbers of colours, and the size to expect relative to the first."""


@dataclass(frozen=True, slots=True)
class GifSettings:
    """What decides a gif's size."""

    scale: float
    """Width and height of one console pixel in pixels."""
    frames_per_second: int = GIF_FRAMES_PER_SECOND
    num_colours: int = 256

    @property
    def cost(self) -> float:
        """Estimated size, up to a factor that depends on the movie."""
        return float(self.scale**1.6) * _RATES[self.frames_per_second] * _COLOURS[self.num_colours]

    def __str__(self) -> str:
        return f"scale {self.scale:g}, {self.frames_per_second} pictures per second, {self.num_colours} colours"


def smaller_and_smaller(scale: int) -> list[GifSettings]:
    """Return the settings to choose from, at most ``scale`` pixels for each of the console's, the largest first."""
    scales = (*range(scale, 0, -1), *_SHRUNK)
    settings = [GifSettings(*each) for each in itertools.product(scales, _RATES, _COLOURS)]
    return sorted(settings, key=lambda each: -each.cost)


def best_that_fits(scale: int, max_bytes: int, write: Callable[[GifSettings], int]) -> GifSettings:
    """Write a gif again and again until it fits; return its settings.

    Each attempt tells how large the others are to be expected, so that most are left out.

    Args:
        scale: the largest scale.
        max_bytes: the limit.
        write: writes the gif and returns its size in bytes.

    Raises:
        MovieError: even the smallest is too large.
    """
    remaining = smaller_and_smaller(scale)
    while True:
        tried, remaining = remaining[0], remaining[1:]
        size = write(tried)
        if size <= max_bytes:
            return tried
        fitting = [each for each in remaining if each.cost / tried.cost * size <= max_bytes]
        if not remaining:
            raise MovieError(
                f"No gif of this movie is under {max_bytes / 1e6:g} MB: with {tried} it has {size / 1e6:.2f} MB. Show "
                "less of it (--max-seconds) or show it faster (--speed)."
            )
        remaining = fitting or remaining[-1:]
