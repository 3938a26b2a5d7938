"""Colours and words of maps, the same on a poster and on a page; no emulator is loaded."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from newgameplus.movies.trajectory import Ending

Colour: TypeAlias = tuple[int, int, int]
"""RGB."""

PALETTE: tuple[str, ...] = (
    "#7e03a8", "#a21d9a", "#c03a83", "#d8576b", "#ec7853", "#f89a40", "#fdc328", "#f0f921",
)  # fmt: skip
"""Colours from the lowest to the highest value: matplotlib's plasma from a quarter on, even to the eye, also of the
colour-blind, and bright enough for a dimmed level."""
ENDING_WORDS: dict[Ending, str] = {
    "goal": "reached the goal", "death": "died", "over": "ended by the scenario", "cut": "ran out of time",
}  # fmt: skip


def colour_at(share: float) -> Colour:
    """Colour of a value, 0 for the lowest and 1 for the highest."""
    place = min(max(share, 0.0), 1.0) * (len(PALETTE) - 1)
    first = min(int(place), len(PALETTE) - 2)
    low, high = (np.array(list(bytes.fromhex(PALETTE[at][1:]))) for at in (first, first + 1))
    red, green, blue = (low + (high - low) * (place - first)).round().astype(int).tolist()
    return red, green, blue
