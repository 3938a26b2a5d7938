"""Linear layers whose weights carry noise that is learned, so that a network explores by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.nn.kernels import KERNELS
from newgameplus.nn.noisy_product import has_noisy_product, noisy_product


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
        """Whether the noise counts; without it the layer is that of the mean weights."""

    def forward(self, inputs: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        return self._by_kernels(inputs, False) if self._has_kernels(inputs) else self._by_torch(inputs)

    def rectified(self, inputs: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``, of which those below 0 become 0."""
        return self._by_kernels(inputs, True) if self._has_kernels(inputs) else torch.relu(self._by_torch(inputs))

    def _has_kernels(self, inputs: Tensor) -> bool:
        return self.is_noisy and has_noisy_product(inputs, self.weight)

    def _by_kernels(self, inputs: Tensor, is_rectified: bool) -> Tensor:
        parameters = (self.weight, self.weight_sigma, self.bias, self.bias_sigma)
        return noisy_product(inputs, parameters, (self.noise_in, self.noise_out), is_rectified)

    def _by_torch(self, inputs: Tensor) -> Tensor:
        if not self.is_noisy:
            return functional.linear(inputs, self.weight, self.bias)
        # The noise is a product of two vectors, so W never has to be built: S * (out in^T) x is out * (S (in * x)).
        noise = functional.linear(inputs * self.noise_in.to(inputs.dtype), self.weight_sigma) * self.noise_out
        return functional.linear(inputs, self.weight, self.bias + self.bias_sigma * self.noise_out) + noise


def draw_noise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw new noise in every noisy layer of ``module`` from ``generator``, on whatever device it is."""
    draw_into(noise_of(layer for layer in module.modules() if isinstance(layer, NoisyLinear)), generator)


def noise_of(layers: Iterable[NoisyLinear]) -> list[Tensor]:
    """Return what the layers have of noise, for ``draw_into``; it is theirs until they are moved to another device."""
    return [buffer for layer in layers for buffer in (layer.noise_in, layer.noise_out)]


def draw_into(buffers: Sequence[Tensor], generator: torch.Generator) -> None:
    """Draw new noise into these tensors, all of one device, from ``generator``, on whatever device that is."""
    if not buffers:
        return
    # All at once: the vectors are short, so that it is the number of calls that takes time.
    drawn = torch.randn(sum(map(len, buffers)), generator=generator, device=generator.device)
    if KERNELS is not None and buffers[0].device.type == "cpu":
        KERNELS.shape_noise(drawn, buffers)
        return
    noise = drawn.sign() * drawn.abs().sqrt_()
    for buffer, part in zip(buffers, torch.split(noise, [len(buffer) for buffer in buffers]), strict=True):
        buffer.copy_(part)


def set_noise(module: nn.Module, is_noisy: bool) -> None:
    """Switch the noise of every noisy layer of ``module`` on or off."""
    for layer in module.modules():
        if isinstance(layer, NoisyLinear):
            layer.is_noisy = is_noisy
