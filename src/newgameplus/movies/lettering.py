"""Text in pictures, and the colours of what is drawn beside a game's picture."""

from __future__ import annotations

import cv2

from newgameplus.types import Array

BACKGROUND = (24, 24, 27)
BRIGHT, DIM = (244, 244, 245), (161, 161, 170)
"""Text colours, RGB."""
_FONT = cv2.FONT_HERSHEY_DUPLEX


def draw_text(image: Array, text: str, left: int, baseline: int, *, colour: tuple[int, int, int], size: float) -> int:
    """Draw ``text`` into ``image``; return its width in pixels."""
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(image, plain, (left, baseline), _FONT, size, colour, 1, cv2.LINE_AA)
    return text_width(text, size)


def text_width(text: str, size: float) -> int:
    """Width of ``text`` in pixels."""
    return int(cv2.getTextSize(text, _FONT, size, 1)[0][0])


def fitting_size(text: str, width: int, wanted: float) -> float:
    """Largest text size up to ``wanted`` at which ``text`` fits into ``width`` pixels."""
    return min(wanted, wanted * width / max(1, text_width(text, wanted)))
