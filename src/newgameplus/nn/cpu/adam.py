"""Adam with gradient clipping and the update of the bfloat16 copy, in one pass over memory, which dominates the time.

The state is that of ``torch.optim.Adam``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from newgameplus.nn.cpu.compiled import availability, kernels
from newgameplus.nn.weights import CopiedWeights


def adam_step(optimizer: torch.optim.Optimizer, weights: CopiedWeights, max_norm: float) -> Tensor | None:
    """See :func:`newgameplus.nn.optimizer.adam_step`; for weights of float32, copies of the kernels' precision."""
    if not _applies(weights):
        return None
    pairs = [(full, low) for full, low in weights.parameters if low.grad is not None]
    if not pairs:
        return torch.tensor(0.0)
    own, copies = [full for full, _ in pairs], [low for _, low in pairs]
    moments = [_moments(optimizer, weight) for weight in own]
    group = optimizer.param_groups[0]
    beta1, beta2 = group["betas"]
    norm = kernels.step_adam(
        weights=own,
        gradients=[_alike(low.grad, weight) for weight, low in pairs],
        means=[moment["exp_avg"] for moment in moments],
        squares=[moment["exp_avg_sq"] for moment in moments],
        copies=copies if weights.has_copy else [],
        learning_rate=group["lr"],
        beta1=beta1,
        beta2=beta2,
        epsilon=group["eps"],
        steps=[moment["step"] for moment in moments],
        max_norm=max_norm,
        num_threads=torch.get_num_threads(),
    )
    for low in copies:
        low.grad = None
    if math.isfinite(norm):
        # Report the change of memory to torch, so that autograd detects stale tensors.
        torch.autograd.graph.increment_version([*own, *copies] if weights.has_copy else own)
    if weights.has_copy and weights.buffers:
        torch._foreach_copy_([kept for kept, _ in weights.buffers], [found for _, found in weights.buffers])
    return torch.tensor(norm)


def _applies(weights: CopiedWeights) -> bool:
    first, low = weights.parameters[0]
    is_copy_low = low is first or low.dtype == availability.dtype
    return first.device.type == "cpu" and first.dtype == torch.float32 and is_copy_low


def _moments(optimizer: torch.optim.Optimizer, weight: nn.Parameter) -> dict[str, Tensor]:
    """Optimizer state of a weight, initialised as torch does."""
    found: dict[str, Tensor] = optimizer.state[weight]
    if not found:
        found["step"] = torch.zeros(())
        found["exp_avg"], found["exp_avg_sq"] = (
            torch.zeros_like(weight, memory_format=torch.preserve_format, requires_grad=False) for _ in range(2)
        )
    return found


def _alike(gradient: Tensor | None, weight: Tensor) -> Tensor:
    """Gradient in the memory format of its weight."""
    assert gradient is not None
    if gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight, dtype=gradient.dtype, requires_grad=False).copy_(gradient)
