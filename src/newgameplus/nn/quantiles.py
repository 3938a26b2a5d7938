"""Quantiles of returns from values and advantages at fractions, by compiled kernels.

What they compute is small; it is the number of torch's operators that takes time. Sums are float32.

Shapes: ``B`` batch, ``A`` actions, ``N`` fractions. ``parts`` are the values ``[B, N, 1]`` and the advantages
``[B, N, A]``, bfloat16; a quantile is ``value + advantage - mean advantage``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

Parts = tuple[Tensor, Tensor]
"""Values and advantages."""


def has_quantile_kernels(parts: Parts) -> bool:
    """Whether the kernels compute it: for bfloat16, on the CPU."""
    value = parts[0]
    return KERNELS is not None and value.device.type == "cpu" and value.dtype == torch.bfloat16


def mean_quantiles(parts: Parts) -> Tensor:
    """Return the mean of each action's quantiles, float32 ``[B, A]``; without gradients."""
    assert KERNELS is not None
    value, advantage = (part.detach() for part in parts)
    means = torch.empty((len(advantage), advantage.shape[2]))
    KERNELS.average_quantiles(value, advantage, means)
    return means


def moved_quantiles(parts: Parts, action: Tensor, reward: Tensor, factor: Tensor) -> Tensor:
    """Return ``reward + factor * quantile`` of each row's action, int64 ``[B]``; float32 ``[B, N]``, no gradients."""
    assert KERNELS is not None
    value, advantage = (part.detach() for part in parts)
    target = torch.empty(advantage.shape[:2])
    KERNELS.move_quantiles(value, advantage, action, reward, factor, target)
    return target


def quantile_errors(parts: Parts, action: Tensor, fraction: Tensor, target: Tensor) -> Tensor:
    """Return each row's loss, float32 ``[B]``; see :func:`newgameplus.learning.losses.quantile_huber`.

    Args:
        parts: get gradients.
        action: int64 ``[B]``, whose quantiles are compared.
        fraction: float32 ``[B, N]``, where these are.
        target: float32 ``[B, M]``; it gets no gradient.
    """
    errors: Tensor = _QuantileErrors.apply(*parts, action, fraction, target)  # type: ignore[no-untyped-call]
    return errors


class _QuantileErrors(torch.autograd.Function):
    """The kernels in torch's graph; forward already finds how the errors change with the quantiles."""

    @staticmethod
    def forward(
        context: Any, value: Tensor, advantage: Tensor, action: Tensor, fraction: Tensor, target: Tensor
    ) -> Tensor:
        assert KERNELS is not None
        errors, change = torch.empty(len(advantage)), torch.empty(advantage.shape[:2])
        KERNELS.quantile_errors(value, advantage, action, fraction, target, errors, change)
        context.num_actions = advantage.shape[2]
        context.save_for_backward(action, change)
        return errors

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert KERNELS is not None
        action, change = context.saved_tensors
        value, advantage = (
            torch.empty((*change.shape, count), dtype=torch.bfloat16) for count in (1, context.num_actions)
        )
        KERNELS.quantile_errors_back(action, change, gradient.contiguous(), value, advantage)
        return value, advantage, None, None, None
