"""From pictures to states: crop, foreground, levels, and a hash of what is left; pure functions.

Shapes: ``B`` rows, ``H W`` height and width, ``C`` colours, ``S`` pictures of a stack, the oldest first.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from newgameplus.errors import UsageError
from newgameplus.types import Array

_HASH_BYTES = 8


def crop(picture: Array, box: tuple[int, int, int, int]) -> Array:
    """Cut (x, y, width, height) out of uint8 ``[B, H, W, S * C]``, as far as the picture reaches; a view.

    Raises:
        UsageError: the box lies outside the picture.
    """
    x, y, width, height = box
    inner = picture[:, y : y + height, x : x + width]
    if not inner.size:
        raise UsageError(
            f"A crop of {width} x {height} pixels at ({x}, {y}) lies outside pictures of "
            f"{picture.shape[2]} x {picture.shape[1]}; set another crop."
        )
    return inner


def foreground(picture: Array, num_colours: int, threshold: int) -> Array:
    """Blacken what has not changed since the picture before.

    Args:
        picture: uint8 ``[B, H, W, (S + 1) * C]``.
        num_colours: C.
        threshold: difference of a colour from which on a pixel has changed.

    Returns:
        uint8 ``[B, H, W, S * C]``.
    """
    height, width = picture.shape[1:3]
    stack = picture.reshape(len(picture), height, width, -1, num_colours)
    before, after = stack[..., :-1, :], stack[..., 1:, :]
    difference = np.maximum(before, after) - np.minimum(before, after)
    has_changed = (difference >= threshold).any(axis=-1, keepdims=True)
    shown: Array = np.where(has_changed, after, 0).reshape(len(picture), height, width, -1)
    return shown


def quantise(picture: Array, num_levels: int) -> Array:
    """Return the level of each number, uint8 of the same shape, 0 to ``num_levels`` - 1."""
    return (picture.astype(np.uint16) * num_levels >> 8).astype(np.uint8)


def hashes(picture: Array) -> Array:
    """Return a hash of each row of a uint8 array, uint64 ``[B]``, the same on every machine (BLAKE2b)."""
    digests = [blake2b(np.ascontiguousarray(row).data, digest_size=_HASH_BYTES).digest() for row in picture]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)
