"""Policy and value heads on a hidden layer, and actions sampled from the policy.

Shapes: ``B`` batch, ``A`` actions, ``F`` features, ``H`` hidden units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.nn.cpu import table


@table.linear
def linear(inputs: Tensor, layer: nn.Linear) -> Tensor:
    """Return the outputs ``[B, H]`` of ``layer`` for ``[B, F]``."""
    outputs: Tensor = layer(inputs)
    return outputs


@table.policy_and_value
def policy_and_value(hidden: Tensor, policy: nn.Linear, value: nn.Linear) -> tuple[Tensor, Tensor]:
    """Return log-probabilities ``[B, A]`` and value estimates ``[B]``, float32.

    Args:
        hidden: ``[B, H]``, outputs of the hidden layer before its ReLU.
        policy: layer with A outputs.
        value: layer with one output.
    """
    features = torch.relu(hidden)
    return torch.log_softmax(policy(features).float(), -1), value(features).float().squeeze(-1)


@table.draw_actions
def draw_actions(log_probabilities: Tensor, race: Tensor) -> tuple[Tensor, Tensor]:
    """Return sampled actions, int64 ``[B]``, and their log-probabilities, float32 ``[B]``, NaN if any is NaN.

    The action with the smallest ``race / probability`` is chosen, which samples from the distribution;
    ``torch.multinomial`` does the same for one sample, but also checks the probabilities for NaN.

    Args:
        log_probabilities: float32 ``[B, A]``, without gradients.
        race: float32 ``[B, A]``, exponentially distributed random times of each action.
    """
    action = (log_probabilities.exp() / race).argmax(-1)
    chosen = log_probabilities.gather(1, action[:, None]).squeeze(1)
    return action, chosen.masked_fill(~log_probabilities.isfinite().all(-1), torch.nan)
