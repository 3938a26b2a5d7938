"""A policy and a value on a hidden layer, and PPO's losses, by compiled kernels.

What they compute is small; it is the number of torch's operators that takes time. Sums are float32.

Shapes: ``B`` batch, ``A`` actions, ``H`` hidden units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.kernels import KERNELS

_STEP = 16
"""Of how many hidden units the kernels want a multiple."""
_FEW, _PAIRS = 8, 32
"""Up to how many rows it is the weights that take time; of how many inputs that kernel wants a multiple."""


def hidden_layer(features: Tensor, layer: nn.Linear) -> Tensor:
    """Return what ``layer`` does, ``[B, H]`` of ``[B, F]``; by a kernel where few rows are played, in bfloat16."""
    if torch.is_grad_enabled() or len(features) > _FEW or not _is_for_kernels(features, layer, _PAIRS):
        outputs: Tensor = layer(features)
        return outputs
    assert KERNELS is not None
    outputs = torch.empty((len(features), layer.out_features), dtype=torch.bfloat16)
    KERNELS.multiply_few_rows(
        features.contiguous(), layer.weight.detach(), layer.bias.detach(), outputs, torch.get_num_threads()
    )
    return outputs


def has_policy_kernels(hidden: Tensor, policy: nn.Linear) -> bool:
    """Whether the kernels compute it: for bfloat16, on the CPU."""
    return _is_for_kernels(hidden, policy, _STEP)


def _is_for_kernels(inputs: Tensor, layer: nn.Linear, step: int) -> bool:
    return (
        KERNELS is not None
        and inputs.device.type == "cpu"
        and inputs.dtype == layer.weight.dtype == torch.bfloat16
        and layer.in_features % step == 0
    )


def policy_and_value(hidden: Tensor, policy: nn.Linear, value: nn.Linear) -> tuple[Tensor, Tensor]:
    """Return log-probabilities ``[B, A]`` and values ``[B]``, float32.

    Args:
        hidden: bfloat16 ``[B, H]``, what the hidden layer says before its rectifier.
        policy: of A outputs, bfloat16.
        value: of one output, bfloat16.
    """
    given = (hidden.contiguous(), policy.weight, policy.bias, value.weight, value.bias)
    if torch.is_grad_enabled() and (hidden.requires_grad or policy.weight.requires_grad):
        found: tuple[Tensor, Tensor] = _FindPolicy.apply(*given)  # type: ignore[no-untyped-call]
        return found
    return _find(*(tensor.detach() for tensor in given))


class _FindPolicy(torch.autograd.Function):
    """The kernels in torch's graph."""

    @staticmethod
    def forward(context: Any, hidden: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        log_probabilities, values = _find(hidden, *weights)
        context.save_for_backward(hidden, log_probabilities, *weights)
        return log_probabilities, values

    @staticmethod
    @once_differentiable
    def backward(context: Any, log_gradient: Tensor, value_gradient: Tensor) -> tuple[Tensor, ...]:
        assert KERNELS is not None
        hidden, log_probabilities, *weights = context.saved_tensors
        found = [torch.empty_like(tensor) for tensor in (hidden, *weights)]
        given = (log_gradient.contiguous(), value_gradient.contiguous())
        KERNELS.find_policy_back(hidden, *weights, log_probabilities, *given, *found)
        return tuple(found)


def _find(hidden: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
    assert KERNELS is not None
    log_probabilities, values = torch.empty((len(hidden), len(weights[0]))), torch.empty(len(hidden))
    KERNELS.find_policy(hidden, *weights, log_probabilities, values)
    return log_probabilities, values


def has_draw_kernel(device: torch.device) -> bool:
    """Whether a kernel draws actions: on the CPU."""
    return KERNELS is not None and device.type == "cpu"


def draw_actions(log_probabilities: Tensor, race: Tensor) -> tuple[Tensor, Tensor]:
    """Return drawn actions, int64 ``[B]``, and their log-probabilities, float32 ``[B]``, NaN where any is no number.

    Args:
        log_probabilities: float32 ``[B, A]``, without gradients.
        race: float32 ``[B, A]``, random times; the action whose time over its probability is the shortest wins.
    """
    assert KERNELS is not None
    action = torch.empty(len(log_probabilities), dtype=torch.int64)
    chosen = torch.empty(len(log_probabilities))
    KERNELS.draw_actions(log_probabilities, race, action, chosen)
    return action, chosen


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What PPO's losses count, and where they are clipped."""

    clip: float
    value_clip: float | None
    value: float
    entropy: float
    reference: float


def has_surrogate_kernel(log_probabilities: Tensor) -> bool:
    """Whether the kernel computes it: for float32, on the CPU."""
    return KERNELS is not None and log_probabilities.device.type == "cpu" and log_probabilities.dtype == torch.float32


def surrogate_gradients(
    log_probabilities: Tensor,
    value: Tensor,
    action: Tensor,
    log_probability: Tensor,
    old_value: Tensor,
    advantage: Tensor,
    target: Tensor,
    reference: Tensor,
    weights: LossWeights,
) -> tuple[tuple[float, ...], tuple[Tensor, Tensor]]:
    """Return PPO's figures, and the gradients of its loss for log-probabilities ``[B, A]`` and values ``[B]``.

    The figures are the losses of the policy and of the value, entropy, divergence from the policy that played,
    divergence from the reference, and the share of clipped ratios (newgameplus.learning.losses).

    Args:
        log_probabilities: float32 ``[B, A]``, of the policy now.
        value: float32 ``[B]``, as it is thought now.
        action: int64 ``[B]``.
        log_probability: float32 ``[B]``, of the action when it was chosen.
        old_value: float32 ``[B]``, as it was thought then.
        advantage: float32 ``[B]``, normalised.
        target: float32 ``[B]``, what the value should be.
        reference: float32 ``[B, A]``, log-probabilities of the policy to stay near; ``[B, 0]`` where there is none.
        weights: see there.
    """
    assert KERNELS is not None
    gradients = (torch.empty_like(log_probabilities), torch.empty_like(value))
    value_clip = -1.0 if weights.value_clip is None else weights.value_clip
    figures: tuple[float, ...] = KERNELS.surrogate(
        log_probabilities.detach(),
        value.detach(),
        action,
        log_probability,
        old_value,
        advantage.contiguous(),
        target,
        reference,
        weights.clip,
        value_clip,
        weights.value,
        weights.entropy,
        weights.reference,
        *gradients,
    )
    return figures, gradients
