"""A policy and a value on a hidden layer, and actions drawn from the policy.

Shapes: ``B`` batch, ``A`` actions, ``F`` features, ``H`` hidden units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.nn.cpu import table


@table.linear
def linear(inputs: Tensor, layer: nn.Linear) -> Tensor:
    """Return what ``layer`` makes of ``[B, F]``, ``[B, H]``."""
    outputs: Tensor = layer(inputs)
    return outputs


@table.policy_and_value
def policy_and_value(hidden: Tensor, policy: nn.Linear, value: nn.Linear) -> tuple[Tensor, Tensor]:
    """Return log-probabilities ``[B, A]`` and value estimates ``[B]``, float32.

    Args:
        hidden: ``[B, H]``, the outputs of the hidden layer before its rectifier.
        policy: of A outputs.
        value: of one output.
    """
    features = torch.relu(hidden)
    return torch.log_softmax(policy(features).float(), -1), value(features).float().squeeze(-1)


@table.draw_actions
def draw_actions(log_probabilities: Tensor, race: Tensor) -> tuple[Tensor, Tensor]:
    """Return drawn actions, int64 ``[B]``, and their log-probabilities, float32 ``[B]``, NaN where any is NaN.

    The action whose random time, over its probability, is the shortest wins with just this probability; that is how
    ``torch.multinomial`` draws one of several, but without asking whether the probabilities are numbers.

    Args:
        log_probabilities: float32 ``[B, A]``, without gradients.
        race: float32 ``[B, A]``, a random time for each action, exponentially distributed.
    """
    action = (log_probabilities.exp() / race).argmax(-1)
    chosen = log_probabilities.gather(1, action[:, None]).squeeze(1)
    return action, chosen.masked_fill(~log_probabilities.isfinite().all(-1), torch.nan)
