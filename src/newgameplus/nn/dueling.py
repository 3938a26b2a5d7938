"""Distributions of returns on atoms from values and advantages, by compiled kernels.

Torch takes some twenty operators for each of these, for a few thousand numbers. Sums are float32.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms. ``parts`` are the values ``[B, N]`` and the advantages ``[B, A * N]``,
bfloat16; the logits of an action are ``value + advantage - mean advantage``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

_MAX_ATOMS = 256

Parts = tuple[Tensor, Tensor]
"""Values and advantages."""


def has_dueling_kernels(parts: Parts) -> bool:
    """Whether the kernels compute it: for bfloat16, on the CPU."""
    value = parts[0]
    return (
        KERNELS is not None
        and value.device.type == "cpu"
        and value.dtype == torch.bfloat16
        and value.ndim == 2
        and 2 <= value.shape[1] <= _MAX_ATOMS
    )


def expected_returns(parts: Parts, atoms: Tensor) -> Tensor:
    """Return the mean of each action's distribution on ``atoms`` ``[N]``, float32 ``[B, A]``; without gradients."""
    assert KERNELS is not None
    value, advantage = (part.detach() for part in parts)
    means = torch.empty((len(value), advantage.shape[1] // value.shape[1]))
    KERNELS.expect_returns(value, advantage, atoms, means)
    return means


def projected_returns(parts: Parts, action: Tensor, reward: Tensor, factor: Tensor, atoms: Tensor) -> Tensor:
    """Return the distribution of ``reward + factor * Z`` on ``atoms``, float32 ``[B, N]``; without gradients.

    Z is that of ``action``, int64 ``[B]``; see :func:`newgameplus.learning.projections.project`.
    """
    assert KERNELS is not None
    value, advantage = (part.detach() for part in parts)
    target = torch.empty(value.shape)
    KERNELS.project_returns(value, advantage, action, reward, factor, atoms, target)
    return target


def cross_entropies(parts: Parts, action: Tensor, target: Tensor) -> Tensor:
    """Return ``-sum_i target_i log p_i`` of each row, float32 ``[B]``, p being the distribution of its action.

    Args:
        parts: get gradients.
        action: int64 ``[B]``.
        target: float32 ``[B, N]``; it gets no gradient.
    """
    errors: Tensor = _CrossEntropies.apply(*parts, action, target)  # type: ignore[no-untyped-call]
    return errors


class _CrossEntropies(torch.autograd.Function):
    """The kernels in torch's graph; forward already finds how the errors change with the logits."""

    @staticmethod
    def forward(context: Any, value: Tensor, advantage: Tensor, action: Tensor, target: Tensor) -> Tensor:
        assert KERNELS is not None
        errors, change = torch.empty(len(value)), torch.empty(value.shape)
        KERNELS.cross_entropies(value, advantage, action, target, errors, change)
        context.num_advantages = advantage.shape[1]
        context.save_for_backward(action, change)
        return errors

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert KERNELS is not None
        action, change = context.saved_tensors
        value = torch.empty(change.shape, dtype=torch.bfloat16)
        advantage = torch.empty((len(change), context.num_advantages), dtype=torch.bfloat16)
        KERNELS.cross_entropies_back(action, change, gradient.contiguous(), value, advantage)
        return value, advantage, None, None
