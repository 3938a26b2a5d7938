"""A step of Adam with all that goes with it: clipping before it, and afterwards new weights for the copy.

On the CPU one kernel does it in one pass over memory, which is what takes the time; the state stays that of
``torch.optim.Adam``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from newgameplus.nn.device import limit_gradient
from newgameplus.nn.graphs import optimizer_tensors, step_if_finite
from newgameplus.nn.kernels import KERNELS
from newgameplus.nn.precision import hand_over_gradients, refresh


class Improver:
    """Changes a network's weights by the gradients of its copy, and gives the copy the new ones.

    Args:
        optimizer: Adam of all parameters of ``network``, in one group, without weight decay (graphs.py, ``adam``).
        network: keeps the weights, float32.
        copied: has the gradients; it may be ``network`` itself.
        max_norm: to which the gradients are scaled down where they have more.
    """

    def __init__(
        self, optimizer: torch.optim.Optimizer, network: nn.Module, copied: nn.Module, max_norm: float
    ) -> None:
        self._optimizer, self._network, self._copied, self._max_norm = optimizer, network, copied, max_norm
        # Kept, since to look through a network for its parameters takes as long as a small kernel.
        self._pairs = list(zip(network.parameters(), copied.parameters(), strict=True))
        self._buffers = (list(network.buffers()), list(copied.buffers()))

    def __call__(self) -> Tensor:
        """Take a step, after which the gradients are gone.

        Returns:
            The norm that the gradients had, on the weights' device; where it is not finite, nothing has changed.
        """
        return self._step_by_kernel() if self._has_kernel() else self._step_by_torch()

    def tensors(self) -> list[Tensor]:
        """Return all that a step changes."""
        networks = {id(network): network for network in (self._network, self._copied)}.values()
        own = [tensor for network in networks for tensor in (*network.parameters(), *network.buffers())]
        return [*own, *optimizer_tensors(self._optimizer)]

    def _step_by_torch(self) -> Tensor:
        hand_over_gradients(self._copied, self._network)
        norm = limit_gradient(self._network.parameters(), self._max_norm)
        step_if_finite(self._optimizer, norm)
        self._tell_of_change([weight for weight, _ in self._pairs])
        refresh(self._copied, self._network)
        self._optimizer.zero_grad()
        return norm

    @staticmethod
    def _tell_of_change(weights: list[nn.Parameter]) -> None:
        """Tell torch that memory has changed, so that no gradient is computed from what was there.

        Neither our kernel nor torch's fused Adam on the CPU does.
        """
        torch.autograd.graph.increment_version(weights)

    def _has_kernel(self) -> bool:
        first, low = self._pairs[0]
        is_copy_low = low is first or low.dtype == torch.bfloat16
        return KERNELS is not None and first.device.type == "cpu" and first.dtype == torch.float32 and is_copy_low

    def _step_by_kernel(self) -> Tensor:
        assert KERNELS is not None
        pairs = [(weight, low) for weight, low in self._pairs if low.grad is not None]
        if not pairs:
            return torch.tensor(0.0)
        weights, lows = [weight for weight, _ in pairs], [low for _, low in pairs]
        has_copy = self._copied is not self._network
        states = [_state(self._optimizer, weight) for weight in weights]
        steps = [state["step"] for state in states]
        group = self._optimizer.param_groups[0]
        beta1, beta2 = group["betas"]
        norm: float = KERNELS.step_adam(
            weights,
            [_alike(low.grad, weight) for weight, low in pairs],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            lows if has_copy else [],
            group["lr"],
            beta1,
            beta2,
            group["eps"],
            steps,
            self._max_norm,
            torch.get_num_threads(),
        )
        for low in lows:
            low.grad = None
        if math.isfinite(norm):
            self._tell_of_change([*weights, *lows] if has_copy else weights)
        kept, found = self._buffers
        if has_copy and found:
            torch._foreach_copy_(kept, found)
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
