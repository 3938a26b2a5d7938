"""Changes to pictures that must not change what is done about them."""

from __future__ import annotations

import torch
from torch import Tensor


def shift(observation: Tensor, max_offset: int, generator: torch.Generator) -> Tensor:
    """Return uint8 ``[B, H, W, C]`` with every picture moved by its own offset of up to ``max_offset`` pixels.

    What comes in at the edge repeats the edge (Kostrikov, Yarats and Fergus, "Image Augmentation Is All You Need",
    2021).
    """
    num_rows, height, width, _ = observation.shape
    offset = torch.randint(-max_offset, max_offset + 1, (2, num_rows, 1), generator=generator, device=generator.device)
    offset = offset.to(observation.device)
    row = (torch.arange(height, device=observation.device) + offset[0]).clamp_(0, height - 1)
    column = (torch.arange(width, device=observation.device) + offset[1]).clamp_(0, width - 1)
    picture = torch.arange(num_rows, device=observation.device)[:, None, None]
    return observation[picture, row[:, :, None], column[:, None, :]]
