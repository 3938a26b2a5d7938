"""Features of pictures times what fractions mean to them, as implicit quantile networks have it.

The compiled kernels multiply while the sums are in registers: what a fraction means is nowhere stored in float32, and
on the way back one pass over the gradients serves the features and the weights.

Shapes: ``B`` batch, ``N`` fractions, ``C`` cosines, ``F`` features.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

_STEP = 32
"""Of how many features, and of how many cosines, the kernels want a multiple."""


def has_fraction_kernel(features: Tensor, layer: nn.Linear) -> bool:
    """Whether the kernels compute it: for bfloat16, on the CPU."""
    return (
        KERNELS is not None
        and features.device.type == "cpu"
        and features.dtype == layer.weight.dtype == torch.bfloat16
        and layer.in_features % _STEP == 0
        and layer.out_features % _STEP == 0
    )


def multiply_by_fractions(features: Tensor, fraction: Tensor, layer: nn.Linear) -> Tensor:
    """Return ``features * relu(layer(cos(pi i fraction)))``, bfloat16 ``[B, N, F]``.

    Args:
        features: bfloat16 ``[B, F]``.
        fraction: ``[B, N]``; it gets no gradient.
        layer: of C inputs and F outputs, bfloat16.
    """
    shape = fraction.shape
    has_gradient = torch.is_grad_enabled() and layer.weight.requires_grad
    if fraction.stride(0) == 0 and not has_gradient:
        fraction = fraction[:1]  # the same for all rows: what they mean is found once
    given = (features.contiguous(), fraction.float().contiguous(), layer.weight, layer.bias)
    if has_gradient:
        outputs: Tensor = _Multiply.apply(*given)  # type: ignore[no-untyped-call]
    else:
        outputs, _ = _forward(*given, None)
    return outputs.view(*shape, -1)


class _Multiply(torch.autograd.Function):
    """The kernels in torch's graph."""

    @staticmethod
    def forward(context: Any, features: Tensor, fraction: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        embedding = torch.empty((fraction.numel(), len(weight)), dtype=torch.bfloat16)
        outputs, cosines = _forward(features, fraction, weight, bias, embedding)
        context.save_for_backward(features, weight, bias, cosines, embedding)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert KERNELS is not None
        features, weight, bias, cosines, embedding = context.saved_tensors
        found = [torch.empty_like(tensor) for tensor in (features, weight, bias)]
        KERNELS.embed_backward(
            features, weight, bias, cosines, embedding, gradient.contiguous(), *found, torch.get_num_threads()
        )
        return found[0], None, found[1], found[2]


def _forward(
    features: Tensor, fraction: Tensor, weight: Tensor, bias: Tensor, embedding: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return the outputs ``[B * N, F]`` and the cosines ``[B * N, C]``; for fractions ``[1, N]``, ``[N, C]``."""
    assert KERNELS is not None
    cosines = torch.empty((fraction.numel(), weight.shape[1]), dtype=torch.bfloat16)
    outputs = torch.empty((len(features) * fraction.shape[1], len(weight)), dtype=torch.bfloat16)
    threads = torch.get_num_threads()
    KERNELS.embed_forward(
        features.detach(), fraction, weight.detach(), bias.detach(), cosines, embedding, outputs, threads
    )
    return outputs, cosines
