"""Features of pictures times embeddings of fractions, as in implicit quantile networks.

The kernels multiply while the sums are in registers: embeddings are never stored in float32, and the backward pass
reads the gradients only once, for both features and weights.

Shapes: ``B`` batch, ``N`` fractions, ``C`` cosines, ``F`` features.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.tensors import are_for_kernels

_STEP = 32
"""The kernels need numbers of features and of cosines that are multiples of this."""


def multiply_by_fractions(features: Tensor, fraction: Tensor, layer: nn.Linear) -> Tensor | None:
    """See :func:`newgameplus.nn.fractions.multiply_by_fractions`; for the kernels' precision, fractions in any."""
    if not are_for_kernels(features, layer.weight) or layer.in_features % _STEP or layer.out_features % _STEP:
        return None
    shape = fraction.shape
    has_gradient = torch.is_grad_enabled() and layer.weight.requires_grad
    if fraction.stride(0) == 0 and not has_gradient:
        fraction = fraction[:1]  # the same for all rows: computed only once
    given = (features.contiguous(), fraction.float().contiguous(), layer.weight, layer.bias)
    if has_gradient:
        outputs: Tensor = _Multiply.apply(*given)  # type: ignore[no-untyped-call]
    else:
        outputs, _ = _forward(*given, None)
    return outputs.view(*shape, -1)


class _Multiply(torch.autograd.Function):
    """Autograd function of the kernels."""

    @staticmethod
    def forward(context: Any, features: Tensor, fraction: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        embedding = torch.empty((fraction.numel(), len(weight)), dtype=features.dtype)
        outputs, cosines = _forward(features, fraction, weight, bias, embedding)
        context.save_for_backward(features, weight, bias, cosines, embedding)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        features, weight, bias, cosines, embedding = context.saved_tensors
        gradients = [torch.empty_like(given) for given in (features, weight, bias)]
        kernels.embed_backward(
            features=features,
            weight=weight,
            bias=bias,
            cosines=cosines,
            embedding=embedding,
            gradient=gradient.contiguous(),
            features_gradient=gradients[0],
            weight_gradient=gradients[1],
            bias_gradient=gradients[2],
            num_threads=torch.get_num_threads(),
        )
        return gradients[0], None, gradients[1], gradients[2]


def _forward(
    features: Tensor, fraction: Tensor, weight: Tensor, bias: Tensor, embedding: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return the outputs ``[B * N, F]`` and the cosines ``[B * N, C]``; for fractions ``[1, N]``, ``[N, C]``."""
    cosines = torch.empty((fraction.numel(), weight.shape[1]), dtype=features.dtype)
    outputs = torch.empty((len(features) * fraction.shape[1], len(weight)), dtype=features.dtype)
    kernels.embed_forward(
        features=features.detach(),
        fractions=fraction,
        weight=weight.detach(),
        bias=bias.detach(),
        cosines=cosines,
        embedding=embedding,
        output=outputs,
        num_threads=torch.get_num_threads(),
    )
    return outputs, cosines
