"""Find how far the camera moved from picture to picture, where no variable tells.

Consoles move their backgrounds by whole pixels, so pixels are compared exactly. The shift that explains most pixels is
a layer; what it explains is taken away, and the rest is searched for the next layer. The level is the layer that moved
farthest: figures and distant backgrounds move less.

A camera that jumps is found by correlation. Each pixel and its neighbours become a phase; the correlation of the phases
of two pictures counts, for all shifts at once, how many pixels are the same after the shift, give or take its square
root (the idea of phase correlation, Kuglin and Hines 1975, for exact copies). A cut to another scene begins a new
piece, unless the picture is found again at a place where the camera was before, as after a lost life.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from newgameplus.movies.mosaic import pack
from newgameplus.types import Array

CAMERA_FRAMES = 2
"""Interval of the pictures in frames."""
REACH_PIXELS = 2
"""Shifts that differ so little from the last one are tried besides those that the correlation proposes."""
NUM_PEAKS = 16
"""Shifts that the correlation proposes for a layer."""
MAX_LAYERS = 4
STEADY_SHARE = 0.6
"""Of layers that moved at least this share of the farthest one, the one that moved most as before is the level."""
LAYER_REST_SHARE = 0.2
"""Share of what is not explained yet that a further layer must explain."""
LAYER_SHARE = 0.05
"""Share of the screen's blocks that a layer covers; less is a figure."""
BACKGROUND_SHARE = 0.3
"""Share of the blocks that must have texture; with less, there is no background to follow."""
WHOLE_SHARE = 0.98
"""Once the layers explain so much, no further one is looked for."""
FOLLOW_SHARE = 0.3
"""Share of textured pixels that the layers must explain for a picture to follow the one before."""
FOUND_SHARE = 0.5
"""Share that one shift must explain for a picture to be one from before."""
NUM_PROBES = 1500
"""Most pixels by which shifts are compared."""
MIN_OVERLAP = 0.4
"""Share of these pixels that both pictures should show; what a shift pushes out is not held against it, up to that."""
CHANGE_COST = 0.002
"""What a shift loses of its share for each pixel by which it differs from the last one: where patterns repeat, the
camera moves as it did before."""
BLOCK_PIXELS = 16
"""Side of the blocks by which layers are measured."""
KEY_PIXELS = 96
"""Distance of the pictures that are kept to find places again."""
MAX_KEYS = 64
PATIENCE = 16
"""Pictures that may fail to follow, as in a flash or a fade, before the scene counts as another one."""

_FACTORS = np.array(
    [2654435761, 2246822519, 3266489917, 2654435769, 3042594569, 2034105949], np.uint32
)  # odd, so that no colour is lost
_ANGLES = np.arange(256) * (2 * np.pi / 256)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1).astype(np.float32)


@dataclass(frozen=True)
class View:
    """A picture prepared for comparison."""

    code: Array
    """uint32 ``[H, W]``: a number for the colours of each pixel and the eight around it."""
    texture: Array
    """bool ``[H, W]``: pixels that are not all like those around them."""

    @cached_property
    def spectrum(self) -> Array:
        """Fourier transform of the phases of the textured pixels, float32 ``[h, w, 2]``."""
        return _spectrum(self.code, self.texture)

    @classmethod
    def of(cls, picture: Array) -> View:
        """Prepare a picture uint8 ``[H, W, 3]``."""
        packed = pack(picture)
        row = packed * _FACTORS[0] ^ np.roll(packed, 1, 1) * _FACTORS[1] ^ np.roll(packed, -1, 1) * _FACTORS[2]
        code = row * _FACTORS[3] ^ np.roll(row, 1, 0) * _FACTORS[4] ^ np.roll(row, -1, 0) * _FACTORS[5]
        code ^= code >> np.uint32(15)
        texture = np.zeros(packed.shape, bool)
        texture[:, 1:] |= packed[:, 1:] != packed[:, :-1]
        texture[1:] |= packed[1:] != packed[:-1]
        return cls(code, texture)


@dataclass(frozen=True, slots=True)
class Motion:
    """How the camera moved between two pictures."""

    shift: tuple[int, int]
    """Pixels to the right and down."""
    share: float
    """Share of the textured pixels that the layers found explain."""
    first_share: float
    """Share that the largest layer explains."""


class Camera:
    """Follows the camera along the pictures of one movie, from place (0, 0) in piece 0."""

    def __init__(self) -> None:
        self.place = (0, 0)
        """Place of the last picture in its piece."""
        self.piece = 0
        """Number of the piece; what is in different pieces cannot be put beside each other."""
        self.is_sure = True
        """Whether the last picture was found to follow."""
        self._last: View | None = None
        self._shift = (0, 0)
        self._num_lost = 0
        self._num_pieces = 1
        self._keys: list[tuple[int, tuple[int, int], View]] = []

    def follow(self, picture: Array) -> None:
        """Take the next picture."""
        view = View.of(picture)
        if self._last is None:
            self._take(view, (0, 0), is_new=True)
            return
        motion = motion_between(self._last, view, self._shift)
        self.is_sure = motion.share >= FOLLOW_SHARE
        if self.is_sure:
            self._shift = motion.shift
            self._take(view, (self.place[0] + motion.shift[0], self.place[1] + motion.shift[1]), is_new=False)
            return
        self._num_lost += 1
        if self._num_lost >= PATIENCE:
            self._begin_piece(view)

    def _take(self, view: View, place: tuple[int, int], *, is_new: bool) -> None:
        self._last, self.place, self._num_lost, self.is_sure = view, place, 0, True
        is_near_key = any(
            piece == self.piece and max(abs(at[0] - place[0]), abs(at[1] - place[1])) < KEY_PIXELS
            for piece, at, _ in self._keys
        )
        if (is_new or not is_near_key) and len(self._keys) < MAX_KEYS:
            self._keys.append((self.piece, place, view))

    def _begin_piece(self, view: View) -> None:
        """Find the picture where the camera was before; otherwise begin a new piece."""
        for piece, at, key in self._keys:
            motion = motion_between(key, view, (0, 0))
            if motion.first_share >= FOUND_SHARE:
                self.piece, self._shift = piece, (0, 0)
                self._take(view, (at[0] + motion.shift[0], at[1] + motion.shift[1]), is_new=False)
                return
        self.piece, self._num_pieces = self._num_pieces, self._num_pieces + 1
        self._shift = (0, 0)
        self._take(view, (0, 0), is_new=True)


class Lateness:
    """Learns whether pictures show the camera where a variable says that it is, or where it was a frame before.

    Cores differ in whether a frame ends before or after the console shows what it computed.
    """

    def __init__(self) -> None:
        self._votes = [0, 0]
        self._last: tuple[Array, tuple[tuple[int, int], ...]] | None = None

    def place(self, picture: Array, places: tuple[tuple[int, int], tuple[int, int]]) -> tuple[int, int]:
        """Return the place of a picture.

        Args:
            picture: uint8 ``[H, W, 3]``.
            places: what the variables say in its frame, and in the frame before.
        """
        packed, last = pack(picture), self._last
        self._last = (packed, places)
        if last is not None and last[0].shape == packed.shape:
            shifts = [(now[0] - then[0], now[1] - then[1]) for now, then in zip(places, last[1], strict=True)]
            if shifts[0] != shifts[1] and all(_is_small(shift, packed.shape) for shift in shifts):
                counts = [int(np.count_nonzero(_same(last[0], packed, shift))) for shift in shifts]
                self._votes[int(np.argmax(counts))] += 1
        return places[int(self._votes[1] > self._votes[0])]


def motion_between(before: View, after: View, last: tuple[int, int]) -> Motion:
    """Return how the camera moved from one picture to another one; without a background, it stays.

    Args:
        before: the first picture.
        after: the second one.
        last: how it moved before, which decides where a pattern repeats.
    """
    if before.code.shape != after.code.shape:
        return Motion((0, 0), 0.0, 0.0)
    if _num_blocks(after.texture) < BACKGROUND_SHARE * before.code.size / BLOCK_PIXELS**2:
        return Motion((0, 0), 1.0, 0.0)
    return _layers(before, after, last)


def _layers(before: View, after: View, last: tuple[int, int]) -> Motion:
    """Explain a picture by layers."""
    rest, num_textured = after.texture, max(1, int(np.count_nonzero(after.texture)))
    min_blocks = LAYER_SHARE * rest.size / BLOCK_PIXELS**2
    layers: list[tuple[int, int]] = []
    explained: list[float] = []
    while len(layers) < MAX_LAYERS and sum(explained) < WHOLE_SHARE:
        shift, same = _layer(before, after, rest, _near(last) | _peaks(before, after, rest), last)
        num_same = int(np.count_nonzero(same))
        if _num_blocks(same) < min_blocks or (layers and num_same < LAYER_REST_SHARE * np.count_nonzero(rest)):
            break
        layers.append(shift)
        explained.append(num_same / num_textured)
        rest = rest & ~same & _covered(rest.shape, shift)
    most = max((_length(shift) for shift in layers), default=0)
    fast = [shift for shift in layers if _length(shift) >= STEADY_SHARE * most]
    level = min(fast, key=lambda shift: _length((shift[0] - last[0], shift[1] - last[1])), default=(0, 0))
    return Motion(level, sum(explained), explained[0] if explained else 0.0)


def _length(shift: tuple[int, int]) -> int:
    return abs(shift[0]) + abs(shift[1])


def _near(last: tuple[int, int]) -> set[tuple[int, int]]:
    """Shifts that are about the last one, and those of slower layers."""
    reach = range(-REACH_PIXELS, REACH_PIXELS + 1)
    near = {(0, 0)} | {(last[0] + dx, last[1] + dy) for dx in reach for dy in reach}
    return near | {(round(last[0] * part / 8), round(last[1] * part / 8)) for part in range(1, 8)}


def _layer(
    before: View, after: View, rest: Array, shifts: set[tuple[int, int]], last: tuple[int, int]
) -> tuple[tuple[int, int], Array]:
    """The shift that explains most of the rest of a picture, and the pixels that it explains, bool ``[H, W]``."""
    row, column = np.nonzero(rest)
    step = 1 + len(row) // NUM_PROBES
    row, column = row[::step], column[::step]
    colour, (height, width) = after.code[row, column], rest.shape
    shares: dict[tuple[int, int], float] = {}
    for dx, dy in sorted(shifts):
        y, x = row + dy, column + dx
        is_inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        found = before.code[np.where(is_inside, y, 0), np.where(is_inside, x, 0)]
        num_same = int(np.count_nonzero(is_inside & (found == colour)))
        shares[dx, dy] = num_same / max(int(np.count_nonzero(is_inside)), MIN_OVERLAP * len(row), 1)
    best = max(
        shares,
        key=lambda shift: shares[shift] - CHANGE_COST * _length((shift[0] - last[0], shift[1] - last[1])),
    )
    return best, _same(before.code, after.code, best) & rest


def _peaks(before: View, after: View, rest: Array) -> set[tuple[int, int]]:
    """The shifts at the highest peaks of the correlation of a picture with the rest of another one."""
    spectrum = after.spectrum if rest is after.texture else _spectrum(after.code, rest)
    surface = np.ascontiguousarray(cv2.idft(cv2.mulSpectrums(before.spectrum, spectrum, 0, conjB=True))[:, :, 0])
    height, width = surface.shape
    found = set()
    for _ in range(NUM_PEAKS):
        x, y = cv2.minMaxLoc(surface)[3]
        surface[y, x] = -np.inf
        found.add((x - width if x > width // 2 else x, y - height if y > height // 2 else y))
    return found


def _spectrum(code: Array, pixels: Array) -> Array:
    """Fourier transform of the phases of some pixels; the others, and what fills up to a quick size, are zero."""
    height, width = map(cv2.getOptimalDFTSize, code.shape)
    phases = np.zeros((height, width, 2), np.float32)
    phases[: code.shape[0], : code.shape[1]][pixels] = _CIRCLE[code[pixels] >> np.uint32(24)]
    spectrum: Array = cv2.dft(phases)
    return spectrum


def _same(before: Array, after: Array, shift: tuple[int, int]) -> Array:
    """Pixels of the second picture, by colour or code, that the first one has too, after a shift, bool ``[H, W]``."""
    same = np.zeros(after.shape, bool)
    now, then = _overlap(after.shape, shift), _overlap(after.shape, (-shift[0], -shift[1]))
    np.equal(after[now], before[then], out=same[now])
    return same


def _is_small(shift: tuple[int, int], shape: tuple[int, ...]) -> bool:
    return abs(shift[0]) < shape[1] // 2 and abs(shift[1]) < shape[0] // 2


def _covered(shape: tuple[int, ...], shift: tuple[int, int]) -> Array:
    """Pixels of the second picture that the first one covers: what has just come into view explains nothing."""
    covered = np.zeros(shape, bool)
    covered[_overlap(shape, shift)] = True
    return covered


def _overlap(shape: tuple[int, ...], shift: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a picture that another one, shifted to it, covers."""
    (dx, dy), (height, width) = shift, shape
    return slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))


def _num_blocks(pixels: Array) -> int:
    """Number of blocks that a mask touches."""
    height, width = (side // BLOCK_PIXELS for side in pixels.shape)
    whole = pixels[: height * BLOCK_PIXELS, : width * BLOCK_PIXELS]
    return int(np.count_nonzero(whole.reshape(height, BLOCK_PIXELS, width, BLOCK_PIXELS).any(axis=(1, 3))))
