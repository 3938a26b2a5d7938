"""Features of pictures times embeddings of fractions, as in implicit quantile networks.

Shapes: ``B`` batch, ``N`` fractions, ``C`` cosines, ``F`` features.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from newgameplus.nn.cpu import table


@table.multiply_by_fractions
def multiply_by_fractions(features: Tensor, fraction: Tensor, layer: nn.Linear) -> Tensor:
    """Return ``features * relu(layer(cos(pi i fraction)))`` for i from 0, ``[B, N, F]``.

    Source: Dabney et al., "Implicit Quantile Networks" (2018), eq. 4.

    Args:
        features: ``[B, F]``.
        fraction: ``[B, N]`` from 0 to 1; it gets no gradient.
        layer: linear layer with C inputs and F outputs.
    """
    angles = fraction.unsqueeze(-1) * (math.pi * torch.arange(layer.in_features, device=fraction.device))
    embedding = torch.relu(layer(angles.cos().to(layer.weight.dtype)))
    return features.unsqueeze(1) * embedding
