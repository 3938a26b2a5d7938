"""Return distributions from values and advantages, and their losses.

For a few thousand numbers, torch takes some twenty operators for each of these; their number dominates the time. The
forward pass of a loss already computes how it changes with the logits or quantiles.

Shapes: as in :mod:`newgameplus.learning.dueling`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.tensors import are_for_kernels


def mean_returns(value: Tensor, advantage: Tensor, atoms: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.mean_returns`; without gradients."""
    if not _applies_without_gradient(value, advantage):
        return None
    means = torch.empty((len(value), advantage.shape[1] // value.shape[1]))
    kernels.expect_returns(value=value, advantage=advantage, atoms=atoms, means=means)
    return means


def projected_returns(
    value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor, atoms: Tensor
) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.projected_returns`; without gradients."""
    if not _applies_without_gradient(value, advantage):
        return None
    target = torch.empty(value.shape)
    kernels.project_returns(
        value=value, advantage=advantage, action=action, reward=reward, factor=factor, atoms=atoms, target=target
    )
    return target


def cross_entropies(value: Tensor, advantage: Tensor, action: Tensor, target: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.cross_entropies`; the target gets no gradient."""
    if not are_for_kernels(value, advantage):
        return None
    errors: Tensor = _Errors.apply(value, advantage, action, target, None)  # type: ignore[no-untyped-call]
    return errors


def mean_quantiles(value: Tensor, advantage: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.mean_quantiles`; without gradients."""
    if not _applies_without_gradient(value, advantage):
        return None
    means = torch.empty((len(value), advantage.shape[2]))
    kernels.average_quantiles(value=value, advantage=advantage, means=means)
    return means


def moved_quantiles(value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.moved_quantiles`; without gradients."""
    if not _applies_without_gradient(value, advantage):
        return None
    target = torch.empty(value.shape[:2])
    kernels.move_quantiles(value=value, advantage=advantage, action=action, reward=reward, factor=factor, target=target)
    return target


def quantile_errors(
    value: Tensor, advantage: Tensor, action: Tensor, fraction: Tensor, target: Tensor
) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.quantile_errors`; fractions and target get no gradient."""
    if not are_for_kernels(value, advantage):
        return None
    errors: Tensor = _Errors.apply(value, advantage, action, target, fraction)  # type: ignore[no-untyped-call]
    return errors


def _applies_without_gradient(value: Tensor, advantage: Tensor) -> bool:
    return are_for_kernels(value, advantage) and not (
        torch.is_grad_enabled() and (value.requires_grad or advantage.requires_grad)
    )


class _Errors(torch.autograd.Function):
    """Autograd function of both losses: of quantiles if there are fractions, else of atoms."""

    @staticmethod
    def forward(
        context: Any, value: Tensor, advantage: Tensor, action: Tensor, target: Tensor, fraction: Tensor | None
    ) -> Tensor:
        errors, change = torch.empty(len(value)), torch.empty(value.shape[:2])
        if fraction is None:
            kernels.cross_entropies(
                value=value, advantage=advantage, action=action, target=target, errors=errors, change=change
            )
        else:
            kernels.quantile_errors(
                value=value,
                advantage=advantage,
                action=action,
                fraction=fraction,
                target=target,
                errors=errors,
                change=change,
            )
        context.save_for_backward(value, advantage, action, change)
        return errors

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        value, advantage, action, change = context.saved_tensors
        value_gradient, advantage_gradient = torch.empty_like(value), torch.empty_like(advantage)
        kernels.dueling_backward(
            action=action,
            change=change,
            gradient=gradient.contiguous(),
            value_gradient=value_gradient,
            advantage_gradient=advantage_gradient,
        )
        return value_gradient, advantage_gradient, None, None, None
