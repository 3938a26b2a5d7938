"""Adam with gradient clipping, and the update of the bfloat16 copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from newgameplus.nn.cpu import table
from newgameplus.nn.weights import CopiedWeights


def adam(parameters: Iterable[nn.Parameter], learning_rate: float, epsilon: float, device: torch.device) -> Any:
    """Return fused Adam; on CUDA its steps can be captured in a graph, and its moments exist from the start.

    On CUDA the learning rate is a tensor, since a captured step cannot take another number: see ``set_learning_rate``.
    """
    if device.type != "cuda":
        return torch.optim.Adam(parameters, learning_rate, eps=epsilon, fused=True)
    rate = torch.tensor(learning_rate, device=device)
    optimizer = torch.optim.Adam(parameters, rate, eps=epsilon, fused=True, capturable=True)
    # Otherwise the steps before a capture warn that they are not captured.
    optimizer._warned_capturable_if_run_uncaptured = True
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            optimizer.state[parameter] = {
                "step": torch.zeros((), device=device),
                "exp_avg": torch.zeros_like(parameter, requires_grad=False),
                "exp_avg_sq": torch.zeros_like(parameter, requires_grad=False),
            }
    return optimizer


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of an optimizer of ``adam``."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def step_if_finite(optimizer: torch.optim.Optimizer, norm: Tensor) -> None:
    """Take the step unless the gradient's norm is NaN or infinite; on CUDA decided without synchronisation."""
    if norm.is_cuda:
        # A fused optimizer reads this from gradient scalers: if it is 1, weights and moments are not changed.
        optimizer.found_inf = (~norm.isfinite()).float()  # type: ignore[attr-defined]
    elif not bool(norm.isfinite()):
        return
    optimizer.step()


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """Return all state tensors of an optimizer of ``adam``."""
    return [value for slot in optimizer.state.values() for value in slot.values()]


def limit_gradient(parameters: Iterable[nn.Parameter], max_norm: float) -> Tensor:
    """Clip the gradients to a norm of ``max_norm``; return the norm before clipping."""
    own = list(parameters)
    if own[0].is_cuda:
        # Always scaled, by 1 if no clipping is needed: a branch would synchronise with the device.
        return nn.utils.clip_grad_norm_(own, max_norm)
    norm = nn.utils.get_total_norm([parameter.grad for parameter in own if parameter.grad is not None])
    if norm > max_norm:
        nn.utils.clip_grads_with_norm_(own, max_norm, norm)
    return norm


@table.adam_step
def adam_step(optimizer: torch.optim.Optimizer, weights: CopiedWeights, max_norm: float) -> Tensor:
    """Take a step with the gradients of the copy; then the gradients are cleared and the copy has the new weights.

    Args:
        optimizer: Adam of all the network's parameters, in one group, without weight decay.
        weights: those of the network and of the copy.
        max_norm: norm at which the gradients are clipped.

    Returns:
        Norm of the gradients before clipping, on the weights' device; if it is NaN or infinite, no weight has changed.
    """
    own = [full for full, _ in weights.parameters]
    if weights.has_copy:
        for full, low in weights.parameters:
            full.grad = None if low.grad is None else low.grad.to(full.dtype)
            low.grad = None
        _copy([(found, kept) for kept, found in weights.buffers])
    norm = limit_gradient(own, max_norm)
    step_if_finite(optimizer, norm)
    # Torch's fused Adam on the CPU does not report the change of memory, so autograd would use stale tensors.
    torch.autograd.graph.increment_version(own)
    if weights.has_copy:
        _copy(weights.parameters)
    optimizer.zero_grad()
    return norm


@torch.no_grad()
def _copy(pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
    for source, target in pairs:
        target.copy_(source)


class Improver:
    """Updates a network's weights with the gradients of its copy, and copies the new weights to it.

    Args:
        optimizer: Adam of all parameters of ``network`` (``adam``).
        network: keeps the weights, float32.
        copied: has the gradients; it may be ``network`` itself.
        max_norm: norm at which the gradients are clipped.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, network: nn.Module, copied: nn.Module, max_norm: float
    ) -> None:
        self._optimizer, self._max_norm = optimizer, max_norm
        # Kept, since collecting a network's parameters takes as long as a small kernel.
        self._weights = CopiedWeights(
            list(zip(network.parameters(), copied.parameters(), strict=True)),
            list(zip(network.buffers(), copied.buffers(), strict=True)),
            copied is not network,
        )

    def __call__(self) -> Tensor:
        """Take a step; see :func:`adam_step`."""
        return adam_step(self._optimizer, self._weights, self._max_norm)

    def tensors(self) -> list[Tensor]:
        """Return all tensors that a step changes."""
        pairs = [*self._weights.parameters, *self._weights.buffers]
        own = list({id(tensor): tensor for pair in pairs for tensor in pair}.values())
        return [*own, *optimizer_tensors(self._optimizer)]
