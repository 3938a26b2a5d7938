"""Policy and value heads on a hidden layer, and actions sampled from the policy.

They compute little; the number of torch's operators dominates the time. Sums are float32.

Shapes: ``B`` batch, ``A`` actions, ``F`` features, ``H`` hidden units.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from newgameplus.nn.cpu.compiled import kernels
from newgameplus.nn.cpu.tensors import are_for_kernels

_STEP = 16
"""The kernels need a number of hidden units that is a multiple of this."""
_FEW, _PAIRS = 8, 32
"""Number of rows up to which reading the weights dominates; and the multiple of inputs that this kernel needs."""


def linear(inputs: Tensor, layer: nn.Linear) -> Tensor | None:
    """See :func:`newgameplus.nn.policy.linear`; for few rows in the precision of the kernels, without gradients."""
    if torch.is_grad_enabled() or len(inputs) > _FEW or layer.in_features % _PAIRS:
        return None
    if not are_for_kernels(inputs, layer.weight):
        return None
    outputs = torch.empty((len(inputs), layer.out_features), dtype=inputs.dtype)
    kernels.multiply_few_rows(
        input=inputs.contiguous(),
        weight=layer.weight.detach(),
        bias=layer.bias.detach(),
        output=outputs,
        num_threads=torch.get_num_threads(),
    )
    return outputs


def policy_and_value(hidden: Tensor, policy: nn.Linear, value: nn.Linear) -> tuple[Tensor, Tensor] | None:
    """See :func:`newgameplus.nn.policy.policy_and_value`; for the precision of the kernels."""
    if not are_for_kernels(hidden, policy.weight) or policy.in_features % _STEP:
        return None
    given = (hidden.contiguous(), policy.weight, policy.bias, value.weight, value.bias)
    if torch.is_grad_enabled() and (hidden.requires_grad or policy.weight.requires_grad):
        found: tuple[Tensor, Tensor] = _FindPolicy.apply(*given)  # type: ignore[no-untyped-call]
        return found
    return _find(*(tensor.detach() for tensor in given))


def draw_actions(log_probabilities: Tensor, race: Tensor) -> tuple[Tensor, Tensor] | None:
    """See :func:`newgameplus.nn.policy.draw_actions`; for float32."""
    if log_probabilities.device.type != "cpu" or log_probabilities.dtype != torch.float32:
        return None
    action = torch.empty(len(log_probabilities), dtype=torch.int64)
    chosen = torch.empty(len(log_probabilities))
    kernels.draw_actions(log_probabilities=log_probabilities, race=race, action=action, chosen=chosen)
    return action, chosen


class _FindPolicy(torch.autograd.Function):
    """Autograd function of the kernels."""

    @staticmethod
    def forward(
        context: Any, hidden: Tensor, policy: Tensor, policy_bias: Tensor, value: Tensor, value_bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        log_probabilities, values = _find(hidden, policy, policy_bias, value, value_bias)
        context.save_for_backward(hidden, log_probabilities, policy, policy_bias, value, value_bias)
        return log_probabilities, values

    @staticmethod
    @once_differentiable
    def backward(context: Any, log_gradient: Tensor, value_gradient: Tensor) -> tuple[Tensor, ...]:
        hidden, log_probabilities, *weights = context.saved_tensors
        policy, policy_bias, value, value_bias = weights
        gradients = tuple(torch.empty_like(tensor) for tensor in (hidden, *weights))
        kernels.find_policy_back(
            hidden=hidden,
            policy=policy,
            policy_bias=policy_bias,
            value=value,
            value_bias=value_bias,
            log_probabilities=log_probabilities,
            log_gradient=log_gradient.contiguous(),
            value_gradient=value_gradient.contiguous(),
            hidden_gradient=gradients[0],
            policy_to=gradients[1],
            policy_bias_to=gradients[2],
            value_to=gradients[3],
            value_bias_to=gradients[4],
        )
        return gradients


def _find(
    hidden: Tensor, policy: Tensor, policy_bias: Tensor, value: Tensor, value_bias: Tensor
) -> tuple[Tensor, Tensor]:
    log_probabilities, values = torch.empty((len(hidden), len(policy))), torch.empty(len(hidden))
    kernels.find_policy(
        hidden=hidden,
        policy=policy,
        policy_bias=policy_bias,
        value=value,
        value_bias=value_bias,
        log_probabilities=log_probabilities,
        values=values,
    )
    return log_probabilities, values
