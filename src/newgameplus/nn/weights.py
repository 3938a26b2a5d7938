"""What operations are given of a network: weights, and noise on them, that belong together.

Shapes: ``K`` inputs, ``N`` outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn


class NoisyWeights(NamedTuple):
    """A linear layer whose weights carry noise."""

    weight: Tensor
    """``[N, K]``."""
    weight_sigma: Tensor
    """``[N, K]``, the scale of the weight's noise."""
    bias: Tensor
    """``[N]``."""
    bias_sigma: Tensor
    """``[N]``."""
    noise_in: Tensor
    """``[K]``, shaped as :func:`newgameplus.nn.noisy.shape_noise` does it; the noise is the product of both."""
    noise_out: Tensor
    """``[N]``."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ValueLayers:
    """What a network of values is made of; one object for as long as its tensors are the same objects."""

    encoder: nn.Module
    """To F features."""
    convolutions: tuple[nn.Conv2d, ...]
    """Those of the encoder, a rectifier after each, where it is nothing else."""
    embedding: nn.Linear | None
    """Of C cosines to F, by whose rectified outputs the features are multiplied."""
    hidden: NoisyWeights
    """Of F inputs, rectified."""
    heads: tuple[NoisyWeights, ...]
    """Each of the hidden layer's outputs."""


@dataclass(frozen=True, slots=True)
class CopiedWeights:
    """A network's parameters and buffers beside those of the copy that computes its gradients."""

    parameters: list[tuple[nn.Parameter, nn.Parameter]]
    """The network's, and the copy's, which have the gradients; the same twice where there is no copy."""
    buffers: list[tuple[Tensor, Tensor]]
    """Likewise."""
    has_copy: bool
