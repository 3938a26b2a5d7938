"""Pictures are moved by a whole number of pixels, each by its own, and the edge fills what comes in."""

from __future__ import annotations

import numpy as np
import torch

from newgameplus.nn.augmentation import shift


def moved(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """``picture[row + down, column + right]`` with the edges repeated, written out with numpy's padding."""
    reach = max(abs(down), abs(right))
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width, _ = picture.shape
    return padded[reach + down : reach + down + height, reach + right : reach + right + width]


def test_each_picture_is_moved_by_an_offset_of_its_own_within_the_limit() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (64, 9, 12, 3), generator=generator, dtype=torch.uint8)
    found = shift(pictures, 2, generator)
    offsets = []
    for before, after in zip(pictures.numpy(), found.numpy(), strict=True):
        fitting = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if np.array_equal(moved(before, down, right), after)
        ]
        assert len(fitting) == 1
        offsets += fitting
    assert {down for down, _ in offsets} == {right for _, right in offsets} == {-2, -1, 0, 1, 2}
    assert found.dtype == torch.uint8


def test_it_draws_from_the_generator_alone() -> None:
    pictures = torch.arange(2 * 8 * 8, dtype=torch.uint8).reshape(2, 8, 8, 1)
    before = torch.random.get_rng_state()
    first, second, other = (shift(pictures, 3, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), before)
