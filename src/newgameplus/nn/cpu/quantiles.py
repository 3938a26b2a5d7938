"""Quantiles of returns from values and advantages.

They compute little; the number of torch's operators dominates the time. Values and advantages are bfloat16, sums
float32.

Shapes: ``B`` batch, ``A`` actions, ``N`` fractions.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.tensors import are_for_kernels


def mean_quantiles(value: Tensor, advantage: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.mean_quantiles`; without gradients."""
    if not are_for_kernels(value):
        return None
    means = torch.empty((len(advantage), advantage.shape[2]))
    kernels.average_quantiles(value=value.detach(), advantage=advantage.detach(), means=means)
    return means


def moved_quantiles(value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.moved_quantiles`; without gradients."""
    if not are_for_kernels(value):
        return None
    target = torch.empty(advantage.shape[:2])
    kernels.move_quantiles(
        value=value.detach(), advantage=advantage.detach(), action=action, reward=reward, factor=factor, target=target
    )
    return target


def quantile_errors(
    value: Tensor, advantage: Tensor, action: Tensor, fraction: Tensor, target: Tensor
) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.quantile_errors`; the target gets no gradient."""
    if not are_for_kernels(value):
        return None
    errors: Tensor = _QuantileErrors.apply(value, advantage, action, fraction, target)  # type: ignore[no-untyped-call]
    return errors


class _QuantileErrors(torch.autograd.Function):
    """Autograd function of the kernels; forward already computes the gradients of the quantiles."""

    @staticmethod
    def forward(
        context: Any, value: Tensor, advantage: Tensor, action: Tensor, fraction: Tensor, target: Tensor
    ) -> Tensor:
        errors, change = torch.empty(len(advantage)), torch.empty(advantage.shape[:2])
        kernels.quantile_errors(
            value=value,
            advantage=advantage,
            action=action,
            fraction=fraction,
            target=target,
            errors=errors,
            change=change,
        )
        context.num_actions = advantage.shape[2]
        context.save_for_backward(action, change)
        return errors

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        action, change = context.saved_tensors
        value, advantage = (
            torch.empty((*change.shape, count), dtype=torch.bfloat16) for count in (1, context.num_actions)
        )
        kernels.quantile_errors_back(
            action=action,
            change=change,
            gradient=gradient.contiguous(),
            value_gradient=value,
            advantage_gradient=advantage,
        )
        return value, advantage, None, None, None
