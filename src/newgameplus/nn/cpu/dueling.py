"""Return distributions on atoms from values and advantages.

Torch needs some twenty operators for each of these, for a few thousand numbers. Values and advantages are bfloat16,
sums float32.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.tensors import are_for_kernels

_MAX_ATOMS = 256


def mean_returns(value: Tensor, advantage: Tensor, atoms: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.mean_returns`; without gradients."""
    if not _applies(value):
        return None
    means = torch.empty((len(value), advantage.shape[1] // value.shape[1]))
    kernels.expect_returns(value=value.detach(), advantage=advantage.detach(), atoms=atoms, means=means)
    return means


def projected_returns(
    value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor, atoms: Tensor
) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.projected_returns`; without gradients."""
    if not _applies(value):
        return None
    target = torch.empty(value.shape)
    kernels.project_returns(
        value=value.detach(),
        advantage=advantage.detach(),
        action=action,
        reward=reward,
        factor=factor,
        atoms=atoms,
        target=target,
    )
    return target


def cross_entropies(value: Tensor, advantage: Tensor, action: Tensor, target: Tensor) -> Tensor | None:
    """See :func:`newgameplus.learning.dueling.cross_entropies`; the target gets no gradient."""
    if not _applies(value):
        return None
    errors: Tensor = _CrossEntropies.apply(value, advantage, action, target)  # type: ignore[no-untyped-call]
    return errors


def _applies(value: Tensor) -> bool:
    return are_for_kernels(value) and value.ndim == 2 and 2 <= value.shape[1] <= _MAX_ATOMS


class _CrossEntropies(torch.autograd.Function):
    """Autograd function of the kernels; forward already computes the gradients of the logits."""

    @staticmethod
    def forward(context: Any, value: Tensor, advantage: Tensor, action: Tensor, target: Tensor) -> Tensor:
        errors, change = torch.empty(len(value)), torch.empty(value.shape)
        kernels.cross_entropies(
            value=value, advantage=advantage, action=action, target=target, errors=errors, change=change
        )
        context.num_advantages = advantage.shape[1]
        context.save_for_backward(action, change)
        return errors

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        action, change = context.saved_tensors
        value = torch.empty(change.shape, dtype=torch.bfloat16)
        advantage = torch.empty((len(change), context.num_advantages), dtype=torch.bfloat16)
        kernels.cross_entropies_back(
            action=action,
            change=change,
            gradient=gradient.contiguous(),
            value_gradient=value,
            advantage_gradient=advantage,
        )
        return value, advantage, None, None
