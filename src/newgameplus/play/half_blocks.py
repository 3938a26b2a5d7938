"""Pictures in a terminal: two pixels per character, one above the other, in 24-bit colour."""

from __future__ import annotations

import cv2
import numpy as np

from newgameplus.types import Array

RESET = "\x1b[0m"
_BLOCK = "▀"
_SHADES = np.uint8(0xF8)
"""Colours are rounded down to 32 shades per channel: fewer changes have to be sent."""


class HalfBlocks:
    """Draws pictures into a terminal, and of each only what has changed since the one before."""

    def __init__(self) -> None:
        self._shown: Array | None = None

    def forget(self) -> None:
        """Draw the next picture whole, as after the terminal was cleared."""
        self._shown = None

    def draw(self, picture: Array, columns: int, rows: int, shape: float) -> str:
        """Return what draws ``picture``, uint8 ``[H, W, 3]``, into the upper left of the terminal.

        Args:
            picture: the picture.
            columns: width of the place for it in characters.
            rows: height of the place for it in characters.
            shape: width over height at which the picture is to be seen.
        """
        height = min(2 * rows, int(columns / shape)) // 2 * 2
        width = min(columns, round(height * shape))
        if height < 2 or width < 1:
            return ""
        small = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8) & _SHADES
        cells = np.concatenate([small[0::2], small[1::2]], axis=2)
        if self._shown is None or self._shown.shape != cells.shape:
            changed = np.ones(cells.shape[:2], np.bool_)
        else:
            changed = (cells != self._shown).any(axis=2)
        self._shown = cells
        return _sequences(cells, changed)


def _sequences(cells: Array, changed: Array) -> str:
    """Control sequences that draw the ``changed`` characters of ``cells``, upper and lower colour, ``[h, w, 6]``."""
    parts: list[str] = []
    colours: list[int] = []
    for row in np.flatnonzero(changed.any(axis=1)).tolist():
        last = -2
        line = cells[row].tolist()
        for column in np.flatnonzero(changed[row]).tolist():
            if column != last + 1:
                parts.append(f"\x1b[{row + 1};{column + 1}H")
            if line[column] != colours:
                colours = line[column]
                parts.append("\x1b[38;2;{};{};{};48;2;{};{};{}m".format(*colours))
            parts.append(_BLOCK)
            last = column
    return "".join([*parts, RESET]) if parts else ""
