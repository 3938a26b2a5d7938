"""Colours of the Mega Drive: three bits each of blue, green and red."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def rgb(text: str) -> int:
    """The word 0x0BGR of a colour given as three digits 0 to 7: red, green, blue."""
    red, green, blue = (int(digit) * 2 for digit in text)
    return blue << 8 | green << 4 | red


def palette(text: str) -> list[int]:
    """The 16 words of colours given as digits, separated by blanks; missing ones are black."""
    words = [rgb(colour) for colour in text.split()]
    return words + [0] * (16 - len(words))


def to_rgb(words: Sequence[int]) -> NDArray[np.uint8]:
    """The colours as a screen shows them, (colours, 3) of 0 to 255."""
    levels = [[word >> shift & 15 for shift in (0, 4, 8)] for word in words]
    return (np.array(levels) * 255 // 14).astype(np.uint8)
