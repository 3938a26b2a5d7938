"""Noisy linear layers: learned noise on the weights drives exploration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.nn.cpu import table
from newgameplus.nn.weights import NoisyWeights


@table.noisy_linear
def noisy_linear(inputs: Tensor, weights: NoisyWeights, is_rectified: bool = False) -> Tensor:
    """Return the outputs of a noisy linear layer, ``[..., N]`` of ``[..., K]``.

    Args:
        inputs: inputs in the precision of the weights.
        weights: weights and noise; the noise gets no gradient.
        is_rectified: apply a ReLU to the outputs.
    """
    weight, weight_sigma, bias, bias_sigma, noise_in, noise_out = weights
    # The noise is a product of two vectors, so W need not be built: S * (out in^T) x is out * (S (in * x)).
    noise = functional.linear(inputs * noise_in.to(inputs.dtype), weight_sigma) * noise_out
    outputs = functional.linear(inputs, weight, bias + bias_sigma * noise_out) + noise
    return torch.relu(outputs) if is_rectified else outputs


@table.noisy_heads
def noisy_heads(inputs: Tensor, hidden: NoisyWeights, heads: tuple[NoisyWeights, ...]) -> tuple[Tensor, ...]:
    """Return the outputs of noisy linear layers on a rectified one, each ``[..., N]`` of ``[..., K]``."""
    found = noisy_linear(inputs, hidden, True)
    return tuple(noisy_linear(found, head) for head in heads)


class NoisyLinear(nn.Module):
    """A linear layer with factorised Gaussian noise on its weights.

    ``y = (W + S * (f(e_out) f(e_in)^T)) x + b + s * f(e_out)`` with ``f(e) = sign(e) sqrt(|e|)`` (Fortunato et al.,
    "Noisy Networks for Exploration", 2018, section 3, eq. 9-11). Noise is drawn by ``draw_noise``, not by ``forward``.
    """

    def __init__(self, num_inputs: int, num_outputs: int, sigma: float = 0.5) -> None:
        super().__init__()
        bound = 1 / math.sqrt(num_inputs)
        self.weight = nn.Parameter(torch.empty(num_outputs, num_inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(num_outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((num_outputs, num_inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((num_outputs,), sigma * bound))
        self.noise_in: Tensor
        self.noise_out: Tensor
        self.register_buffer("noise_in", torch.zeros(num_inputs))
        self.register_buffer("noise_out", torch.zeros(num_outputs))
        self.is_noisy = True
        """Whether noise is applied; if not, the layer uses the mean weights."""

    def forward(self, inputs: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        if not self.is_noisy:
            return functional.linear(inputs, self.weight, self.bias)
        return noisy_linear(inputs, self.weights())

    def weights(self) -> NoisyWeights:
        """Return the arguments of ``noisy_linear``; the noise is the layer's own until it is moved to a device."""
        return NoisyWeights(self.weight, self.weight_sigma, self.bias, self.bias_sigma, self.noise_in, self.noise_out)


def draw_noise(module: nn.Module, generator: torch.Generator) -> None:
    """Resample the noise of every noisy layer of ``module`` from ``generator``, which may be on another device."""
    draw_into(noise_of(layer for layer in module.modules() if isinstance(layer, NoisyLinear)), generator)


def noise_of(layers: Iterable[NoisyLinear]) -> list[Tensor]:
    """Return the noise buffers of the layers, for ``draw_into``; valid until the layers are moved to another device."""
    return [buffer for layer in layers for buffer in (layer.noise_in, layer.noise_out)]


def draw_into(buffers: Sequence[Tensor], generator: torch.Generator) -> None:
    """Resample noise into these buffers, all on one device, from ``generator``, which may be on another device."""
    if not buffers:
        return
    # In one call: the vectors are short, so the number of calls dominates.
    drawn = torch.randn(sum(map(len, buffers)), generator=generator, device=generator.device)
    shape_noise(drawn, buffers)


@table.shape_noise
def shape_noise(drawn: Tensor, buffers: Sequence[Tensor]) -> bool:
    """Fill the buffers, one after the other, with the signed roots of normal numbers; return True.

    Args:
        drawn: float32, as many as all buffers hold.
        buffers: vectors on the same device or another.
    """
    noise = drawn.abs().sqrt_().copysign_(drawn)
    torch._foreach_copy_(list(buffers), torch.split(noise, [len(buffer) for buffer in buffers]))
    return True


def set_noise(module: nn.Module, is_noisy: bool) -> None:
    """Switch the noise of every noisy layer of ``module`` on or off."""
    for layer in module.modules():
        if isinstance(layer, NoisyLinear):
            layer.is_noisy = is_noisy
