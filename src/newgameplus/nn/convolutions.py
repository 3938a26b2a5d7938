"""Plain convolutions of pictures by compiled kernels, in bfloat16, on processors that multiply it.

They compute what torch's convolutions and rectifiers do, forward and backward, and are faster: pictures go through all
layers in the processor's caches, nothing is converted or moved in between, and two pictures at a time give the
gradients of the weights. Sums are float32; the gradients of the weights are never rounded to bfloat16.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

if TYPE_CHECKING:
    from newgameplus._kernels import Convolutions, PreparedConvolutions

ConvolutionShape = tuple[int, int, int, int]
"""Filters, side, stride and padding."""


def find_convolutions(
    observation: Tensor, dtype: torch.dtype, shapes: tuple[ConvolutionShape, ...]
) -> Convolutions | None:
    """Return the kernels for convolutions of uint8 ``[B, H, W, C]``; None where torch must compute them.

    They are for the CPU and for bfloat16: that of the weights, ``dtype``, or of what autocast makes of them.
    """
    if KERNELS is None or observation.device.type != "cpu" or observation.dtype != torch.uint8:
        return None
    if torch.is_autocast_enabled("cpu"):
        dtype = torch.get_autocast_dtype("cpu")
    if dtype != torch.bfloat16:
        return None
    _, height, width, num_channels = observation.shape
    return _make(height, width, num_channels, shapes)


@cache
def _make(height: int, width: int, num_channels: int, shapes: tuple[ConvolutionShape, ...]) -> Convolutions | None:
    assert KERNELS is not None
    try:
        made: Convolutions = KERNELS.Convolutions(height, width, num_channels, shapes)
    except ValueError:  # the kernels do not do these shapes
        return None
    return made


class Kept:
    """The weights of some convolutions as the kernels want them, prepared again when they have changed.

    To prepare them takes as long as to compute a picture or two. A copy begins without them.
    """

    def __init__(self) -> None:
        self._prepared: dict[Convolutions, PreparedConvolutions] = {}

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()

    def find(self, kernel: Convolutions) -> PreparedConvolutions:
        """Return those for this shape of picture."""
        assert KERNELS is not None
        if kernel not in self._prepared:
            self._prepared[kernel] = KERNELS.PreparedConvolutions(kernel)
        return self._prepared[kernel]


def convolve(kernel: Convolutions, observation: Tensor, layers: Sequence[nn.Conv2d], kept: Kept) -> Tensor:
    """Return bfloat16 features ``[B, H * W * C]`` of uint8 ``[B, H, W, C]``, seen as numbers from 0 to 1.

    Args:
        kernel: of this shape of picture and these layers.
        observation: on the CPU.
        layers: the convolutions; a rectifier follows each. All of float32, or all of bfloat16.
        kept: always the same one for these layers.
    """
    weights = [layer.weight for layer in layers]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    observation = observation.contiguous()
    if torch.is_grad_enabled() and any(weight.requires_grad for weight in weights):
        features: Tensor = _Convolve.apply(kernel, observation, *weights, *biases)  # type: ignore[no-untyped-call]
        return features
    features = torch.empty((len(observation), kernel.num_features), dtype=torch.bfloat16)
    plain = [bias.detach() for bias in biases]
    kept.find(kernel).forward(observation, lines(weights), plain, features, torch.get_num_threads())
    return features


class _Convolve(torch.autograd.Function):
    """The kernels in torch's graph; the pictures themselves get no gradient."""

    @staticmethod
    def forward(context: Any, kernel: Convolutions, observation: Tensor, *parameters: Tensor) -> Tensor:
        half = len(parameters) // 2
        hidden, features = (
            torch.empty((len(observation), count), dtype=torch.bfloat16)
            for count in (kernel.num_hidden, kernel.num_features)
        )
        biases = [bias.detach() for bias in parameters[half:]]
        kernel.forward(observation, lines(parameters[:half]), biases, hidden, features, torch.get_num_threads())
        context.kernel = kernel
        context.save_for_backward(observation, hidden, features, *parameters)
        return features

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        observation, hidden, features, *parameters = context.saved_tensors
        half = len(parameters) // 2
        weights, biases = parameters[:half], parameters[half:]
        kernel: Convolutions = context.kernel
        found = torch.empty(kernel.num_parameters)
        gradient = gradient.to(torch.bfloat16).contiguous()
        threads = torch.get_num_threads()
        kernel.backward(observation, lines(weights), biases, hidden, features, gradient, found, threads)
        return None, None, *parted_gradients(found, weights, biases)


def parted_gradients(found: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of weights, and then of biases, from all of them, float32 ``[num_parameters]``."""
    counts = [tensor.numel() for pair in zip(weights, biases, strict=True) for tensor in pair]
    parts = torch.split(found, counts)
    of_weights = [
        # In the order of channels-last memory, as the kernels see weights.
        part.view(len(weight), *weight.shape[2:], weight.shape[1]).permute(0, 3, 1, 2)
        for part, weight in zip(parts[::2], weights, strict=True)
    ]
    return *of_weights, *parts[1::2]


def lines(weights: Sequence[Tensor]) -> list[Tensor]:
    """Weights ``[F, C, H, W]`` as ``[F, H, W, C]``; nothing is moved where they are in channels-last order."""
    return [weight.detach().permute(0, 2, 3, 1).contiguous() for weight in weights]
