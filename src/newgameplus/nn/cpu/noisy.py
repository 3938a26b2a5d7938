"""Noisy layers.

Weights and noise are added once, a few rows at a time, and multiplied while they are in the CPU's cache. In the
backward pass the gradient of sigma is that of the plain weights times the noise, and needs no matrix product of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import availability, kernels
from newgameplus.nn.cpu.tensors import are_for_kernels
from newgameplus.nn.weights import NoisyWeights

_STEP = 32
"""The kernels need a number of inputs that is a multiple of this."""


def noisy_linear(inputs: Tensor, weights: NoisyWeights, is_rectified: bool = False) -> Tensor | None:
    """See :func:`newgameplus.nn.noisy.noisy_linear`; in the kernels' precision, with noise in that or float32."""
    if not are_for_kernels(inputs, weights.weight) or inputs.shape[-1] % _STEP:
        return None
    rows = inputs.flatten(0, -2).contiguous()
    if torch.is_grad_enabled() and (inputs.requires_grad or weights.weight.requires_grad):
        outputs: Tensor = _NoisyLinear.apply(rows, is_rectified, *weights)  # type: ignore[no-untyped-call]
    else:
        outputs = _forward(rows, is_rectified, weights, None)
    return outputs.view(*inputs.shape[:-1], outputs.shape[1])


class _NoisyLinear(torch.autograd.Function):
    """Autograd function of the kernels; noise gets no gradient."""

    @staticmethod
    def forward(context: Any, rows: Tensor, is_rectified: bool, *tensors: Tensor) -> Tensor:
        weights = NoisyWeights(*tensors)
        num_outputs, num_inputs = weights.weight.shape
        strips = torch.empty(kernels.count_strip_packs(num_inputs, num_outputs), dtype=torch.int32)
        outputs = _forward(rows, is_rectified, weights, strips)
        context.is_rectified = is_rectified
        context.save_for_backward(rows, strips, outputs, *weights)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, strips, outputs, *tensors = context.saved_tensors
        weights = NoisyWeights(*tensors)
        input_gradient = torch.empty_like(rows) if context.needs_input_grad[0] else None
        mean, sigma, mean_bias, sigma_bias = (torch.empty_like(parameter) for parameter in weights[:4])
        kernels.noisy_backward(
            input=rows,
            mean=weights.weight,
            sigma=weights.weight_sigma,
            mean_bias=weights.bias,
            sigma_bias=weights.bias_sigma,
            noise_in=weights.noise_in,
            noise_out=weights.noise_out,
            strips=strips,
            output=outputs if context.is_rectified else None,
            gradient=gradient.contiguous(),
            input_gradient=input_gradient,
            mean_gradient=mean,
            sigma_gradient=sigma,
            mean_bias_gradient=mean_bias,
            sigma_bias_gradient=sigma_bias,
            num_threads=torch.get_num_threads(),
        )
        return input_gradient, None, mean, sigma, mean_bias, sigma_bias, None, None


def noisy_heads(inputs: Tensor, hidden: NoisyWeights, heads: tuple[NoisyWeights, ...]) -> tuple[Tensor, ...] | None:
    """See :func:`newgameplus.nn.noisy.noisy_heads`; as ``noisy_linear``, of one call for all layers."""
    if not are_for_kernels(inputs, hidden.weight) or inputs.shape[-1] % _STEP or len(hidden.weight) % _STEP:
        return None
    rows = inputs.flatten(0, -2).contiguous()
    if torch.is_grad_enabled() and (inputs.requires_grad or hidden.weight.requires_grad):
        outputs = _NoisyHeads.apply(rows, *hidden, *(tensor for head in heads for tensor in head))  # type: ignore[no-untyped-call]
    else:
        outputs = _forward_all(rows, (hidden, *heads), ())[1:]
    return tuple(output.view(*inputs.shape[:-1], -1) for output in outputs)


def shape_noise(drawn: Tensor, buffers: Sequence[Tensor]) -> bool | None:
    """See :func:`newgameplus.nn.noisy.shape_noise`; for buffers in the kernels' precision or float32."""
    if drawn.device.type != "cpu" or buffers[0].device.type != "cpu":
        return None
    if buffers[0].dtype not in (torch.float32, availability.dtype):
        return None
    kernels.shape_noise(drawn=drawn, noise=buffers)
    return True


class _NoisyHeads(torch.autograd.Function):
    """Autograd function of the kernels; noise gets no gradient."""

    @staticmethod
    def forward(context: Any, rows: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        layers = _layers(tensors)
        strips = [
            torch.empty(kernels.count_strip_packs(*reversed(layer.weight.shape)), dtype=torch.int32) for layer in layers
        ]
        hidden, *outputs = _forward_all(rows, layers, strips)
        context.save_for_backward(rows, hidden, *strips, *tensors)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        rows, hidden, *rest = context.saved_tensors
        num_layers = len(gradients) + 1
        strips, layers = rest[:num_layers], _layers(rest[num_layers:])
        input_gradient = torch.empty_like(rows) if context.needs_input_grad[0] else None
        found = [torch.empty_like(parameter) for layer in layers for parameter in layer[:4]]
        kernels.stacked_backward(
            input=rows,
            hidden=layers[0],
            heads=layers[1:],
            strips=strips,
            output=hidden,
            gradients=[gradient.contiguous() for gradient in gradients],
            input_gradient=input_gradient,
            to=found,
            num_threads=torch.get_num_threads(),
        )
        return input_gradient, *(
            gradient for at in range(0, len(found), 4) for gradient in (*found[at : at + 4], None, None)
        )


def _layers(tensors: Sequence[Tensor]) -> list[NoisyWeights]:
    """Weights of consecutive layers."""
    size = len(NoisyWeights._fields)
    return [NoisyWeights(*tensors[at : at + size]) for at in range(0, len(tensors), size)]


def _forward_all(rows: Tensor, layers: Sequence[NoisyWeights], strips: Sequence[Tensor]) -> list[Tensor]:
    """Return the outputs of all layers."""
    outputs = [torch.empty((len(rows), len(layer.weight)), dtype=rows.dtype) for layer in layers]
    kernels.stacked_forward(
        input=rows.detach(),
        hidden=layers[0],
        heads=layers[1:],
        strips=strips,
        outputs=outputs,
        num_threads=torch.get_num_threads(),
    )
    return outputs


def _forward(rows: Tensor, is_rectified: bool, weights: NoisyWeights, strips: Tensor | None) -> Tensor:
    outputs = torch.empty((len(rows), len(weights.weight)), dtype=rows.dtype)
    kernels.noisy_forward(
        input=rows.detach(),
        mean=weights.weight,
        sigma=weights.weight_sigma,
        mean_bias=weights.bias,
        sigma_bias=weights.bias_sigma,
        noise_in=weights.noise_in,
        noise_out=weights.noise_out,
        is_rectified=is_rectified,
        strips=strips,
        output=outputs,
        num_threads=torch.get_num_threads(),
    )
    return outputs
