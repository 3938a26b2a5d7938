"""Plain convolutions of pictures, each followed by a ReLU.

They compute the same as torch's convolutions and ReLUs, forward and backward, and are faster: pictures pass through all
layers within the CPU's caches, and nothing is converted or moved in between. Sums are float32; in bfloat16 the
gradients of the weights are computed from two pictures at a time and rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import availability, kernels
from newgameplus.nn.cpu.tensors import are_for_kernels

ConvolutionShape = tuple[int, int, int, int]
"""Filters, kernel size, stride and padding."""


def convolve(observation: Tensor, layers: tuple[nn.Conv2d, ...]) -> Tensor | None:
    """See :func:`newgameplus.nn.encoders.convolve`; for weights in the kernels' precision."""
    kernel = find_convolutions(observation, layers)
    if kernel is None:
        return None
    weights = [layer.weight for layer in layers]
    biases = [layer.bias for layer in layers if layer.bias is not None]
    observation = observation.contiguous()
    if torch.is_grad_enabled() and any(weight.requires_grad for weight in weights):
        learned: Tensor = _Convolve.apply(kernel, observation, *weights, *biases)  # type: ignore[no-untyped-call]
        return learned
    features = torch.empty((len(observation), kernel.num_features), dtype=availability.dtype)
    _prepared(kernel, layers[0]).forward(
        observation=observation,
        weights=_channels_last(weights),
        biases=biases,
        features=features,
        num_threads=torch.get_num_threads(),
    )
    return features


def find_convolutions(observation: Tensor, layers: tuple[nn.Conv2d, ...]) -> kernels.Convolutions | None:
    """Return the kernels for convolutions of uint8 ``[B, H, W, C]``; None if torch must compute them."""
    if observation.dtype != torch.uint8 or not are_for_kernels(layers[0].weight):
        return None
    _, height, width, num_channels = observation.shape
    return _make(availability.instruction_set, height, width, num_channels, _shapes(layers))


@cache
def _make(
    instruction_set: str, height: int, width: int, num_channels: int, shapes: tuple[ConvolutionShape, ...]
) -> kernels.Convolutions | None:
    """Return the kernels of an instruction set, which must be the current one."""
    try:
        return kernels.Convolutions(height=height, width=width, num_channels=num_channels, shapes=shapes)
    except ValueError:  # the kernels do not support these shapes
        return None


_SHAPES: WeakKeyDictionary[nn.Conv2d, tuple[ConvolutionShape, ...]] = WeakKeyDictionary()
"""Shapes of a network's layers, keyed by the first layer; looking them up takes as long as a small kernel."""


def _shapes(layers: tuple[nn.Conv2d, ...]) -> tuple[ConvolutionShape, ...]:
    found = _SHAPES.get(layers[0])
    if found is None:
        found = tuple(
            (layer.out_channels, layer.kernel_size[0], layer.stride[0], int(layer.padding[0])) for layer in layers
        )
        _SHAPES[layers[0]] = found
    return found


_PREPARED: WeakKeyDictionary[nn.Conv2d, dict[kernels.Convolutions, kernels.PreparedConvolutions]] = WeakKeyDictionary()
"""Weights in the kernels' layout, keyed by the first layer, for each shape of picture.

The conversion takes as long as one or two pictures; it is repeated when the weights have changed."""


def _prepared(kernel: kernels.Convolutions, first: nn.Conv2d) -> kernels.PreparedConvolutions:
    of_shape = _PREPARED.setdefault(first, {})
    if kernel not in of_shape:
        of_shape[kernel] = kernels.PreparedConvolutions(kernel)
    return of_shape[kernel]


class _Convolve(torch.autograd.Function):
    """Autograd function of the kernels; the pictures get no gradient."""

    @staticmethod
    def forward(context: Any, kernel: kernels.Convolutions, observation: Tensor, *parameters: Tensor) -> Tensor:
        half = len(parameters) // 2
        hidden, features = (
            torch.empty((len(observation), count), dtype=availability.dtype)
            for count in (kernel.num_hidden, kernel.num_features)
        )
        kernel.forward(
            observation=observation,
            weights=_channels_last(parameters[:half]),
            biases=parameters[half:],
            hidden=hidden,
            features=features,
            num_threads=torch.get_num_threads(),
        )
        context.kernel = kernel
        context.save_for_backward(observation, hidden, features, *parameters)
        return features

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        observation, hidden, features, *parameters = context.saved_tensors
        half = len(parameters) // 2
        weights, biases = parameters[:half], parameters[half:]
        kernel: kernels.Convolutions = context.kernel
        found = torch.empty(kernel.num_parameters)
        kernel.backward(
            observation=observation,
            weights=_channels_last(weights),
            biases=biases,
            hidden=hidden,
            features=features,
            gradient=gradient.contiguous(),
            parameter_gradient=found,
            num_threads=torch.get_num_threads(),
        )
        return None, None, *parted_gradients(found, weights, biases)


def parted_gradients(found: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Split the flat gradient, float32 ``[num_parameters]``, into gradients of weights, then of biases."""
    counts = [tensor.numel() for pair in zip(weights, biases, strict=True) for tensor in pair]
    parts = torch.split(found, counts)
    of_weights = [
        # In channels-last order, which is the kernels' layout of weights.
        part.view(len(weight), *weight.shape[2:], weight.shape[1]).permute(0, 3, 1, 2)
        for part, weight in zip(parts[::2], weights, strict=True)
    ]
    return *of_weights, *parts[1::2]


def _channels_last(weights: Sequence[Tensor]) -> list[Tensor]:
    """Weights ``[F, C, H, W]`` in the kernels' layout; without a copy if they are channels-last."""
    return [weight.contiguous(memory_format=torch.channels_last) for weight in weights]
