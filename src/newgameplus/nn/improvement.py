"""A step of Adam with all that goes with it: clipping before it, and afterwards new weights for the copy.

On the CPU one kernel does it in one pass over memory, which is what takes the time; the state stays that of
``torch.optim.Adam``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from newgameplus.nn.device import limit_gradient
from newgameplus.nn.graphs import step_if_finite
from newgameplus.nn.kernels import KERNELS
from newgameplus.nn.precision import hand_over_gradients, refresh


def improve(optimizer: torch.optim.Optimizer, network: nn.Module, copied: nn.Module, max_norm: float) -> Tensor:
    """Change a network's weights by the gradients of its copy, which are then gone, and give the copy the new ones.

    Args:
        optimizer: Adam of all parameters of ``network``, in one group, without weight decay (graphs.py, ``adam``).
        network: keeps the weights, float32.
        copied: has the gradients; it may be ``network`` itself.
        max_norm: to which the gradients are scaled down where they have more.

    Returns:
        The norm that the gradients had, on the weights' device; where it is not finite, nothing has changed.
    """
    step = _improve_by_kernel if _has_kernel(network, copied) else _improve_by_torch
    return step(optimizer, network, copied, max_norm)


def _improve_by_torch(
    optimizer: torch.optim.Optimizer, network: nn.Module, copied: nn.Module, max_norm: float
) -> Tensor:
    hand_over_gradients(copied, network)
    norm = limit_gradient(network.parameters(), max_norm)
    step_if_finite(optimizer, norm)
    refresh(copied, network)
    optimizer.zero_grad()
    return norm


def _has_kernel(network: nn.Module, copied: nn.Module) -> bool:
    first, low = next(network.parameters()), next(copied.parameters())
    is_copy_low = copied is network or low.dtype == torch.bfloat16
    return KERNELS is not None and first.device.type == "cpu" and first.dtype == torch.float32 and is_copy_low


def _improve_by_kernel(
    optimizer: torch.optim.Optimizer, network: nn.Module, copied: nn.Module, max_norm: float
) -> Tensor:
    assert KERNELS is not None
    pairs = [
        (weight, low)
        for weight, low in zip(network.parameters(), copied.parameters(), strict=True)
        if low.grad is not None
    ]
    if not pairs:
        return torch.tensor(0.0)
    weights = [weight for weight, _ in pairs]
    states = [_state(optimizer, weight) for weight in weights]
    steps = [state["step"] for state in states]
    group = optimizer.param_groups[0]
    num_steps = float(steps[0]) + 1
    beta1, beta2 = group["betas"]
    norm: float = KERNELS.step_adam(
        weights,
        [_alike(low.grad, weight) for weight, low in pairs],
        [state["exp_avg"] for state in states],
        [state["exp_avg_sq"] for state in states],
        [] if copied is network else [low for _, low in pairs],
        group["lr"],
        beta1,
        beta2,
        group["eps"],
        num_steps,
        max_norm,
        torch.get_num_threads(),
    )
    for _, low in pairs:
        low.grad = None
    if math.isfinite(norm):
        torch._foreach_add_(steps, 1)
        _note_changes([*weights, *(low for _, low in pairs)])
    if copied is not network:
        _share_buffers(copied, network)
    return torch.tensor(norm)


def _state(optimizer: torch.optim.Optimizer, weight: nn.Parameter) -> dict[str, Tensor]:
    """What the optimizer remembers of a weight, begun as torch begins it."""
    state: dict[str, Tensor] = optimizer.state[weight]
    if not state:
        state["step"] = torch.zeros(())
        state["exp_avg"], state["exp_avg_sq"] = (
            torch.zeros_like(weight, memory_format=torch.preserve_format, requires_grad=False) for _ in range(2)
        )
    return state


def _alike(gradient: Tensor | None, weight: Tensor) -> Tensor:
    """The gradient in the memory order of its weight."""
    assert gradient is not None
    if gradient.stride() == weight.stride():
        return gradient
    return torch.empty_like(weight, dtype=gradient.dtype, requires_grad=False).copy_(gradient)


def _share_buffers(copied: nn.Module, network: nn.Module) -> None:
    found, kept = list(copied.buffers()), list(network.buffers())
    if found:
        torch._foreach_copy_(kept, found)


def _note_changes(tensors: Sequence[Tensor]) -> None:
    """Let torch know that memory has changed, so that no gradient is computed from what was there."""
    for tensor in tensors:
        torch.autograd.graph.increment_version(tensor)
