"""Noisy layers by compiled kernels, in bfloat16, on processors that multiply it.

The weights and their noise are added up once, a few rows at a time, and multiplied while they are in the processor's
cache. On the way back the gradient of the noisy weights is that of the plain ones times the noise, and needs no product
of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

_STEP = 32
"""Of how many inputs the kernels want a multiple."""


def has_noisy_product(inputs: Tensor, weight: Tensor) -> bool:
    """Whether the kernels compute a layer of this weight ``[N, K]``: for bfloat16, on the CPU."""
    return (
        KERNELS is not None
        and inputs.device.type == "cpu"
        and inputs.dtype == torch.bfloat16
        and is_weight_for_kernels(weight)
    )


def is_weight_for_kernels(weight: Tensor) -> bool:
    """Whether the kernels multiply by this weight ``[N, K]``."""
    return weight.dtype == torch.bfloat16 and weight.shape[1] % _STEP == 0


def noisy_product(
    inputs: Tensor, parameters: tuple[Tensor, ...], noise: tuple[Tensor, Tensor], is_rectified: bool = False
) -> Tensor:
    """Return bfloat16 ``[..., N]`` of ``[..., K]``.

    Args:
        inputs: bfloat16.
        parameters: weight and sigma of the weight ``[N, K]``, bias and sigma of the bias ``[N]``; bfloat16.
        noise: of the inputs ``[K]`` and of the outputs ``[N]``; float32 or bfloat16.
        is_rectified: whether outputs below 0 become 0.
    """
    rows = inputs.flatten(0, -2).contiguous()
    if torch.is_grad_enabled() and (inputs.requires_grad or parameters[0].requires_grad):
        outputs: Tensor = _NoisyProduct.apply(rows, is_rectified, *parameters, *noise)  # type: ignore[no-untyped-call]
    else:
        outputs = _forward(rows, is_rectified, (*parameters, *noise), None)
    return outputs.view(*inputs.shape[:-1], outputs.shape[1])


class _NoisyProduct(torch.autograd.Function):
    """The kernels in torch's graph; noise gets no gradient."""

    @staticmethod
    def forward(context: Any, rows: Tensor, is_rectified: bool, *others: Tensor) -> Tensor:
        num_outputs, num_inputs = others[0].shape
        strips = torch.empty(-(-num_outputs // 2) * num_inputs, dtype=torch.int32)
        outputs = _forward(rows, is_rectified, others, strips)
        context.is_rectified = is_rectified
        context.save_for_backward(rows, strips, outputs, *others)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert KERNELS is not None
        rows, strips, outputs, *others = context.saved_tensors
        gate = outputs if context.is_rectified else None
        given = torch.empty_like(rows) if context.needs_input_grad[0] else None
        gradients = [torch.empty_like(parameter) for parameter in others[:4]]
        gradient = gradient.contiguous()
        KERNELS.noisy_backward(rows, *others, strips, gate, gradient, given, *gradients, torch.get_num_threads())
        return given, None, *gradients, None, None


def _forward(rows: Tensor, is_rectified: bool, others: tuple[Tensor, ...], strips: Tensor | None) -> Tensor:
    assert KERNELS is not None
    outputs = torch.empty((len(rows), len(others[0])), dtype=torch.bfloat16)
    KERNELS.noisy_forward(rows.detach(), *others, is_rectified, strips, outputs, torch.get_num_threads())
    return outputs
