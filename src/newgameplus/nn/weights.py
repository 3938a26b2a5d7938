"""Weights of a network, and their noise, in the form that operations take.

Shapes: ``K`` inputs, ``N`` outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn


class NoisyWeights(NamedTuple):
    """A linear layer with noise on its weights."""

    weight: Tensor
    """``[N, K]``."""
    weight_sigma: Tensor
    """``[N, K]``, scale of the weight's noise."""
    bias: Tensor
    """``[N]``."""
    bias_sigma: Tensor
    """``[N]``."""
    noise_in: Tensor
    """``[K]``, drawn by :func:`newgameplus.nn.noisy.draw_noise`; the weight's noise is the product with
    ``noise_out``."""
    noise_out: Tensor
    """``[N]``."""


@dataclass(frozen=True, slots=True)
class CopiedWeights:
    """Parameters and buffers of a network, and those of the copy that computes its gradients."""

    parameters: list[tuple[nn.Parameter, nn.Parameter]]
    """Pairs of the network's and the copy's parameter, which has the gradient; the same twice if there is no copy."""
    buffers: list[tuple[Tensor, Tensor]]
    """Pairs of the network's and the copy's buffer."""
    has_copy: bool
