"""A drawing of a console's controller, with the buttons that are held lit."""

from __future__ import annotations

import functools
from collections.abc import Sequence, Set
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from newgameplus.movies.lettering import BACKGROUND, text_width
from newgameplus.types import Array

Colour: TypeAlias = tuple[int, int, int]

HEIGHT, WIDTH = 40, 100
"""Size of a pad in units of the drawing."""
_BODY, _REST, _LIT = (44, 44, 50), (92, 92, 104), (255, 193, 7)
_TEXT, _TEXT_LIT = (228, 228, 232), (24, 24, 27)
_FINER = 4
"""It is drawn this many times as large and shrunk, which makes smooth edges."""
_FONT = cv2.FONT_HERSHEY_DUPLEX

_ARMS = {"UP": (20, 12), "DOWN": (20, 28), "LEFT": (12, 20), "RIGHT": (28, 20)}
_SIX = {"A": (68, 27), "B": (78, 25), "C": (88, 23), "X": (66, 15), "Y": (76, 13), "Z": (86, 11)}
_DIAMOND = {"X": (80, 11), "Y": (71, 20), "A": (89, 20), "B": (80, 29)}
_NUMBERED = {"II": (67, 28), "I": (78, 26), "VI": (89, 24), "III": (65, 16), "IV": (76, 14), "V": (87, 12)}
_TWO = {"B": (72, 24), "A": (86, 20)}
_ONE = {"BUTTON": (80, 20)}
_NINTENDO_64 = {"A": (66, 27), "B": (66, 15), "C-RIGHT": (88, 20), "C-UP": (79, 12), "C-MODE": (79, 28)}
_MIDDLE = ("SELECT", "MODE", "RESET", "PAUSE", "RUN", "START")
_SHOULDERS = {"L": (20, 3), "R": (80, 3), "L2": (33, 3), "R2": (67, 3)}
_LABELS = {"SELECT": "SEL", "BUTTON": "", "C-RIGHT": "C>", "C-UP": "C^", "C-MODE": "CM"}


class _Spot(NamedTuple):
    """One button of the drawing."""

    bit: int
    label: str
    x: int
    y: int
    shape: Literal["arm", "round", "pill"]


def with_pads(picture: Array, masks: Sequence[int], buttons: Sequence[str | None]) -> Array:
    """Return ``picture`` ``[H, W, 3]`` with the players' pads below it, ``[H + h, W, 3]``.

    Args:
        picture: the picture.
        masks: button mask of each player.
        buttons: name of each bit of a mask.
    """
    width = picture.shape[1]
    return np.concatenate([picture, _strip(tuple(masks), tuple(buttons), width, strip_height(*picture.shape[:2]))])


def strip_height(height: int, width: int) -> int:
    """Height in pixels of the pads below a picture of ``height`` by ``width`` pixels; even."""
    return max(32, min(height, width * 3 // 4) // 5 // 2 * 2)


@functools.lru_cache(maxsize=1024)
def _strip(masks: tuple[int, ...], buttons: tuple[str | None, ...], width: int, height: int) -> Array:
    """Pads of all players side by side, uint8 ``[height, width, 3]``."""
    strip = np.empty((height, width, 3), np.uint8)
    strip[:] = BACKGROUND
    share = width // len(masks)
    for player, mask in enumerate(masks):
        scale = min(height / HEIGHT, share / WIDTH)
        pad = _pad(mask, buttons, round(HEIGHT * scale), round(WIDTH * scale))
        top, left = (height - pad.shape[0]) // 2, player * share + (share - pad.shape[1]) // 2
        strip[top : top + pad.shape[0], left : left + pad.shape[1]] = pad
    return strip


def _pad(mask: int, buttons: tuple[str | None, ...], height: int, width: int) -> Array:
    """One pad, uint8 ``[height, width, 3]``."""
    unit = _FINER * width / WIDTH
    image = np.empty((_FINER * height, _FINER * width, 3), np.uint8)
    image[:] = BACKGROUND
    _draw_pill(image, (50, 21), (48, 17), _BODY, unit, radius=14)
    if "UP" in buttons:
        cv2.circle(image, (round(20 * unit), round(20 * unit)), round(3 * unit), _REST, -1, cv2.LINE_AA)
    for spot in _spots(buttons):
        _draw_spot(image, spot, unit, is_lit=bool(mask >> spot.bit & 1))
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _draw_spot(image: Array, spot: _Spot, unit: float, *, is_lit: bool) -> None:
    colour = _LIT if is_lit else _REST
    if spot.shape == "round":
        cv2.circle(image, (round(spot.x * unit), round(spot.y * unit)), round(4.6 * unit), colour, -1, cv2.LINE_AA)
    elif spot.shape == "arm":
        _draw_pill(image, (spot.x, spot.y), (4, 4), colour, unit, radius=1)
    else:
        _draw_pill(image, (spot.x, spot.y), (5.5, 2.6), colour, unit, radius=2.6)
    _draw_label(image, spot, unit, _TEXT_LIT if is_lit else _TEXT)


def _draw_label(image: Array, spot: _Spot, unit: float, colour: Colour) -> None:
    size = unit * (0.12 if spot.shape == "pill" else 0.19) * (0.75 if len(spot.label) > 2 else 1)
    left = round(spot.x * unit - text_width(spot.label, size) / 2)
    baseline = round(spot.y * unit + 11 * size)
    cv2.putText(image, spot.label, (left, baseline), _FONT, size, colour, max(1, round(unit / 5)), cv2.LINE_AA)


def _draw_pill(
    image: Array, centre: tuple[float, float], half: tuple[float, float], colour: Colour, unit: float, *, radius: float
) -> None:
    """Draw a rectangle with round corners, its sizes in units."""
    (x, y), (w, h) = centre, half
    for dx, dy in ((w - radius, h), (w, h - radius)):
        corners = [(round((x - dx) * unit), round((y - dy) * unit)), (round((x + dx) * unit), round((y + dy) * unit))]
        cv2.rectangle(image, corners[0], corners[1], colour, -1)
    for right in (-1, 1):
        for down in (-1, 1):
            place = (round((x + right * (w - radius)) * unit), round((y + down * (h - radius)) * unit))
            cv2.circle(image, place, round(radius * unit), colour, -1, cv2.LINE_AA)


@functools.lru_cache(maxsize=32)
def _spots(buttons: tuple[str | None, ...]) -> tuple[_Spot, ...]:
    """Place every button of a pad."""
    bits = {name: bit for bit, name in enumerate(buttons) if name is not None}
    face = _face(bits.keys())
    spots = [_Spot(bits[name], "", *place, "arm") for name, place in _ARMS.items() if name in bits]
    spots += [_Spot(bits[name], _LABELS.get(name, name), *face[name], "round") for name in bits if name in face]
    spots += [_Spot(bits[name], name, *place, "pill") for name, place in _SHOULDERS.items() if name in bits]
    placed = _ARMS.keys() | face.keys() | _SHOULDERS.keys()
    rest = [name for name in bits if name not in placed]
    rest.sort(key=lambda name: _MIDDLE.index(name) if name in _MIDDLE else -1)
    top = 20 - 3.5 * (len(rest) - 1)
    spots += [
        _Spot(bits[name], _LABELS.get(name, name), 48, round(top + 7 * number), "pill")
        for number, name in enumerate(rest)
    ]
    return tuple(spots)


def _face(names: Set[str]) -> dict[str, tuple[int, int]]:
    """Places of the buttons under the right thumb."""
    for layout, required in ((_NINTENDO_64, "C-UP"), (_SIX, "C"), (_NUMBERED, "I"), (_DIAMOND, "X"), (_TWO, "A")):
        if required in names:
            return {name: place for name, place in layout.items() if name in names}
    return {name: place for name, place in _ONE.items() if name in names}
