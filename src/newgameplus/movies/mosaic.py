"""Stitch pictures whose places are known into one, without what moves and what is fixed to the screen.

Each pixel of the level is decided by a majority vote of the pictures that show it (Boyer and Moore 1981), which drops
the player and other sprites. Where no colour wins, as where the background scrolls at another speed, the pixel is taken
from the picture that shows it nearest to a fixed column and row of the screen, which keeps neighbours together.
Figures fixed to the screen are found by comparing pictures, and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from newgameplus.types import Array

FOCUS = (0.8, 0.4)
"""Column and row of the screen, as shares, that undecided pixels are taken from: ahead of the player."""
WIN_SHARE = 0.5
"""A pixel is decided if the winner's surplus of votes is this share of all."""
MIN_SURPLUS = 2
"""A winner needs more than this surplus, so that few pictures decide nothing."""
FIXED_SHARE = 0.5
"""A pixel of the screen is part of a fixed figure if it stays in this share of the moves and the level does not."""
MIN_MOVES = 4
"""Comparisons before anything counts as fixed."""
COMPARE_PIXELS = 32
"""Pictures are compared when the camera has moved so far: slow backgrounds have moved too, by then."""
LEARN_PICTURES = 48
"""Pictures that are compared before the first is stitched, to learn what is fixed."""
MIN_MOVE_PIXELS = 3
"""The camera must have moved so far since the last picture for the next to count: what stands still has one vote."""
MAX_SIDE = 32768
"""Limit of a mosaic's width and height."""
_GROW_PIXELS = 512
_ROW_WEIGHT = np.float32(0.02)
"""Rows count where columns are alike: in levels that scroll up or down."""
_LAST_RESORT = np.float32(10.0)
"""Distance from the focus that is added to what is fixed, so that it shows only where nothing else was ever seen."""


@dataclass(frozen=True, slots=True)
class Stitched:
    """A picture of a level as far as it was seen."""

    picture: Array
    """uint8 ``[H, W, 3]``, RGB."""
    seen: Array
    """bool ``[H, W]``."""
    origin: tuple[int, int]
    """Place of the upper left corner in the level."""


class FixedFigures:
    """Learns which pixels of the screen belong to figures that do not move with the level."""

    def __init__(self) -> None:
        self._stays: Array | None = None
        self._num_moves = 0
        self._last: tuple[Array, tuple[int, int]] | None = None

    def learn(self, packed: Array, place: tuple[int, int]) -> None:
        """Compare a picture, packed as uint32 ``[H, W]``, with the one before."""
        last = self._last
        if last is None or last[0].shape != packed.shape:
            self._last = (packed, place)
            return
        dx, dy = place[0] - last[1][0], place[1] - last[1][1]
        if max(abs(dx), abs(dy)) < COMPARE_PIXELS:
            return
        self._last = (packed, place)
        if max(abs(dx), abs(dy)) > 2 * COMPARE_PIXELS:
            return
        if self._stays is None:
            self._stays = np.zeros(packed.shape, np.int32)
        moved = np.roll(last[0], (-dy, -dx), (0, 1))
        self._stays += (packed == last[0]) & (packed != moved)
        self._num_moves += 1

    def mask(self, shape: tuple[int, ...]) -> Array:
        """Pixels that are fixed, bool ``[H, W]``, with some margin."""
        if self._stays is None or self._stays.shape != shape[:2] or self._num_moves < MIN_MOVES:
            return np.zeros(shape[:2], bool)
        fixed = (self._stays > FIXED_SHARE * self._num_moves).astype(np.uint8)
        return cv2.dilate(cv2.morphologyEx(fixed, cv2.MORPH_CLOSE, np.ones((5, 17))), np.ones((5, 9))).astype(bool)


class Mosaic:
    """Grows as pictures are added."""

    def __init__(self) -> None:
        self._left = self._top = 0
        self._colour, self._winner = np.zeros((0, 0), np.uint32), np.zeros((0, 0), np.uint32)
        self._surplus, self._votes = np.zeros((0, 0), np.int32), np.zeros((0, 0), np.int32)
        self._distance = np.zeros((0, 0), np.float32)
        self._fixed = FixedFigures()
        self._waiting: list[tuple[Array, tuple[int, int]]] = []
        self._num_added = 0
        self._last_place: tuple[int, int] | None = None

    def is_due(self, place: tuple[int, int]) -> bool:
        """Whether a picture at a place would count."""
        last = self._last_place
        return last is None or max(abs(place[0] - last[0]), abs(place[1] - last[1])) >= MIN_MOVE_PIXELS

    def add(self, picture: Array, place: tuple[int, int]) -> None:
        """Add a picture uint8 ``[H, W, 3]`` whose upper left corner is at a place of the level."""
        self._last_place = place
        packed = pack(picture)
        self._fixed.learn(packed, place)
        self._num_added += 1
        self._waiting.append((packed, place))
        if len(self._waiting) >= LEARN_PICTURES or self._num_added > LEARN_PICTURES:
            self._flush()

    def finish(self) -> Stitched:
        """Return what was stitched, cut to what was seen."""
        self._flush()
        seen = np.isfinite(self._distance)
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if not len(rows):
            return Stitched(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), bool), (0, 0))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        is_decided = self._surplus[part] > np.maximum(WIN_SHARE * self._votes[part], MIN_SURPLUS)
        packed = np.where(is_decided, self._winner[part], self._colour[part])
        return Stitched(unpack(packed), seen[part], (self._left + int(columns[0]), self._top + int(rows[0])))

    def _flush(self) -> None:
        for packed, place in self._waiting:
            self._vote(packed, place, ~self._fixed.mask(packed.shape))
        self._waiting.clear()

    def _vote(self, packed: Array, place: tuple[int, int], is_free: Array) -> None:
        height, width = packed.shape
        if not self._make_room(place, width, height):
            return
        x, y = place[0] - self._left, place[1] - self._top
        part = np.s_[y : y + height, x : x + width]
        winner, surplus, distance = self._winner[part], self._surplus[part], self._distance[part]
        is_same = winner == packed
        surplus += np.where(is_free, np.where(is_same, 1, -1), 0)
        is_beaten = surplus < 0
        winner[is_beaten] = packed[is_beaten]
        surplus[is_beaten] = 1
        from_focus = _distance_from_focus(width, height) + np.where(is_free, 0, _LAST_RESORT)
        is_nearer = from_focus < distance
        self._colour[part][is_nearer] = packed[is_nearer]
        distance[is_nearer] = from_focus[is_nearer]
        self._votes[part] += is_free

    def _make_room(self, place: tuple[int, int], width: int, height: int) -> bool:
        """Grow to hold a picture; return False if that would be too large."""
        rows, columns = self._winner.shape
        if not rows:
            self._left, self._top = place
        left, top = min(self._left, place[0]), min(self._top, place[1])
        right = max(self._left + columns, place[0] + width)
        bottom = max(self._top + rows, place[1] + height)
        if max(right - left, bottom - top) > MAX_SIDE:
            return False
        pads = [self._top - top, bottom - self._top - rows, self._left - left, right - self._left - columns]
        if any(pads):
            above, below, before, after = (pad + _GROW_PIXELS if pad and rows else pad for pad in pads)
            self._left, self._top = self._left - before, self._top - above
            for name in ("_colour", "_winner", "_surplus", "_votes", "_distance"):
                fill = np.inf if name == "_distance" else 0
                setattr(
                    self, name, np.pad(getattr(self, name), ((above, below), (before, after)), constant_values=fill)
                )
        return True


def pack(picture: Array) -> Array:
    """uint8 ``[H, W, 3]`` → uint32 ``[H, W]``, a number per colour."""
    wide = picture.astype(np.uint32)
    packed: Array = wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2]
    return packed


def unpack(packed: Array) -> Array:
    """uint32 ``[H, W]`` → uint8 ``[H, W, 3]``."""
    return np.dstack([packed >> 16 & 255, packed >> 8 & 255, packed & 255]).astype(np.uint8)


def merge(parts: list[Stitched]) -> Stitched:
    """Lay pictures of one level over each other; where several have seen a pixel, the most frequent colour counts."""
    left, top = (min(part.origin[axis] for part in parts) for axis in (0, 1))
    right = max(part.origin[0] + part.seen.shape[1] for part in parts)
    bottom = max(part.origin[1] + part.seen.shape[0] for part in parts)
    shape = (bottom - top, right - left)
    winner, surplus, seen = np.zeros(shape, np.uint32), np.zeros(shape, np.int16), np.zeros(shape, bool)
    for part in parts:
        y, x = part.origin[1] - top, part.origin[0] - left
        where = np.s_[y : y + part.seen.shape[0], x : x + part.seen.shape[1]]
        packed = pack(part.picture)
        votes = surplus[where]
        votes += np.where(part.seen, np.where(winner[where] == packed, 1, -1), 0).astype(np.int16)
        is_beaten = part.seen & ((votes < 0) | ~seen[where])
        winner[where][is_beaten] = packed[is_beaten]
        votes[is_beaten] = 1
        seen[where] |= part.seen
    return Stitched(unpack(winner), seen, (left, top))


def _distance_from_focus(width: int, height: int) -> Array:
    row = np.abs(np.arange(height, dtype=np.float32)[:, None] / height - FOCUS[1])
    column = np.abs(np.arange(width, dtype=np.float32)[None, :] / width - FOCUS[0])
    distance: Array = column + _ROW_WEIGHT * row
    return distance
