"""Draw a curve as a picture, for sinks that show only pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from newgameplus.types import Array

WIDTH, HEIGHT = 640, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 34, 30
"""Margins around the curve in pixels."""
_PAPER, _INK, _FAINT, _CURVE = (255, 255, 255), (40, 40, 40), (225, 225, 225), (0, 103, 177)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_curve(values: Sequence[float], last_x: int, title: str) -> Array:
    """Draw ``values`` from 0 to ``last_x``, with the lowest and highest labelled.

    Args:
        values: one or more finite numbers at equal distances.
        last_x: x coordinate of the last one.
        title: one line of ASCII above the curve.

    Returns:
        RGB, uint8 ``[HEIGHT, WIDTH, 3]``.
    """
    picture = np.full((HEIGHT, WIDTH, 3), _PAPER, np.uint8)
    low, high = min(values), max(values)
    span = high - low or 1.0
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    x = _LEFT + np.linspace(0, width, len(values))
    y = _TOP + height * (1 - (np.array(values) - low) / span)
    for value in (low, high):
        row = round(_TOP + height * (1 - (value - low) / span))
        cv2.line(picture, (_LEFT, row), (WIDTH - _RIGHT, row), _FAINT, 1, cv2.LINE_AA)
        _write(picture, f"{value:.4g}", (6, row + 4))
    cv2.polylines(picture, [np.stack((x, y), 1).round().astype(np.int32)], False, _CURVE, 2, cv2.LINE_AA)
    _write(picture, title, (_LEFT, 20))
    _write(picture, "0", (_LEFT, HEIGHT - 10))
    _write(picture, f"step {last_x}", (WIDTH - _RIGHT - 70, HEIGHT - 10))
    return picture


def _write(picture: Array, text: str, place: tuple[int, int]) -> None:
    cv2.putText(picture, text, place, _FONT, 0.42, _INK, 1, cv2.LINE_AA)
