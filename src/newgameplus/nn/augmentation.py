"""Data augmentation of pictures."""

from __future__ import annotations

import torch
from torch import Tensor


def shift(observation: Tensor, max_offset: int, generator: torch.Generator) -> Tensor:
    """Return uint8 ``[B, H, W, C]`` with every picture shifted by its own random offset of up to ``max_offset`` pixels.

    The edge pixels are repeated (Kostrikov, Yarats and Fergus, "Image Augmentation Is All You Need", 2021).
    """
    shape = (2, len(observation), 1)
    offset = torch.randint(-max_offset, max_offset + 1, shape, generator=generator, device=generator.device)
    return shift_by(observation, offset.to(observation.device))


def shift_by(observation: Tensor, offset: Tensor) -> Tensor:
    """Return uint8 ``[B, H, W, C]`` with every picture shifted up and left by its offsets in int64 ``[2, B, 1]``."""
    num_rows, height, width, _ = observation.shape
    row = (torch.arange(height, device=observation.device) + offset[0]).clamp_(0, height - 1)
    column = (torch.arange(width, device=observation.device) + offset[1]).clamp_(0, width - 1)
    picture = torch.arange(num_rows, device=observation.device)[:, None, None]
    return observation[picture, row[:, :, None], column[:, None, :]]
