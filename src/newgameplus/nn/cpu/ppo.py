"""PPO's loss; forward already computes its gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from newgameplus.learning.losses import PpoSteps, PpoWeights
from newgameplus.nn.cpu.compiled import kernels


def ppo_loss(
    log_probabilities: Tensor, value: Tensor, steps: PpoSteps, weights: PpoWeights
) -> tuple[Tensor, Tensor] | None:
    """See :func:`newgameplus.learning.losses.ppo_loss`; for float32."""
    if log_probabilities.device.type != "cpu" or log_probabilities.dtype != torch.float32:
        return None
    found: tuple[Tensor, Tensor] = _PpoLoss.apply(log_probabilities, value, steps, weights)  # type: ignore[no-untyped-call]
    return found


class _PpoLoss(torch.autograd.Function):
    """Autograd function of the kernel."""

    @staticmethod
    def forward(
        context: Any, log_probabilities: Tensor, value: Tensor, steps: PpoSteps, weights: PpoWeights
    ) -> tuple[Tensor, Tensor]:
        log_gradient, value_gradient = torch.empty_like(log_probabilities), torch.empty_like(value)
        figures = kernels.surrogate(
            log_probabilities=log_probabilities,
            values=value,
            action=steps.action,
            log_probability=steps.log_probability,
            value=steps.value,
            advantage=steps.advantage.contiguous(),
            target=steps.target,
            reference=steps.reference,
            clip=weights.clip,
            value_clip=-1.0 if weights.value_clip is None else weights.value_clip,
            value_weight=weights.value,
            entropy_weight=weights.entropy,
            reference_weight=weights.reference,
            log_gradient=log_gradient,
            value_gradient=value_gradient,
        )
        policy_loss, value_loss, entropy, _, drift, _ = figures
        loss = policy_loss + weights.value * value_loss - weights.entropy * entropy + weights.reference * drift
        told = torch.tensor(figures)
        context.save_for_backward(log_gradient, value_gradient)
        context.mark_non_differentiable(told)
        return torch.tensor(loss), told

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        log_gradient, value_gradient = context.saved_tensors
        return gradient * log_gradient, gradient * value_gradient, None, None
