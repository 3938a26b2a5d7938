"""Return distributions from values and advantages: on atoms, or as quantiles.

They are combined as in a dueling network (Wang et al., "Dueling Network Architectures", 2016, eq. 9): the logits, or
the quantile, of an action are ``value + advantage - mean advantage``.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms or fractions. For atoms, values are ``[B, N]`` and advantages
``[B, A * N]``; for quantiles, ``[B, N, 1]`` and ``[B, N, A]``. Results, and all sums, are float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

from newgameplus.learning.losses import cross_entropy, quantile_huber
from newgameplus.learning.projections import expectation, project


def atom_log_probabilities(value: Tensor, advantage: Tensor) -> Tensor:
    """Return the log-probabilities of the atoms of each action, ``[B, A, N]``."""
    num_rows, num_atoms = value.shape
    advantage = advantage.view(num_rows, -1, num_atoms).float()
    return torch.log_softmax(value.float().unsqueeze(1) + advantage - advantage.mean(1, keepdim=True), -1)


def action_quantiles(value: Tensor, advantage: Tensor) -> Tensor:
    """Return the quantiles of each action, ``[B, A, N]``."""
    advantage = advantage.float()
    return (value.float() + advantage - advantage.mean(2, keepdim=True)).transpose(1, 2)


def mean_returns(value: Tensor, advantage: Tensor, atoms: Tensor) -> Tensor:
    """Return the mean of each action's distribution on ``atoms`` ``[N]``, ``[B, A]``."""
    return expectation(atom_log_probabilities(value, advantage).exp(), atoms)


def projected_returns(
    value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor, atoms: Tensor
) -> Tensor:
    """Return the distribution of ``reward + factor * Z`` on ``atoms``, ``[B, N]``.

    Z is the return of ``action``, int64 ``[B]``; see :func:`newgameplus.learning.projections.project`.
    """
    return project(of_action(atom_log_probabilities(value, advantage).exp(), action), reward, factor, atoms)


def cross_entropies(value: Tensor, advantage: Tensor, action: Tensor, target: Tensor) -> Tensor:
    """Return ``-sum_i target_i log p_i`` of each row, ``[B]``, with p the distribution of its action, int64 ``[B]``.

    The target is ``[B, N]``.
    """
    return cross_entropy(target, of_action(atom_log_probabilities(value, advantage), action))


def mean_quantiles(value: Tensor, advantage: Tensor) -> Tensor:
    """Return the mean of each action's quantiles, ``[B, A]``."""
    return action_quantiles(value, advantage).mean(-1)


def moved_quantiles(value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor) -> Tensor:
    """Return ``reward + factor * quantile`` of each row's action, int64 ``[B]``, as ``[B, N]``."""
    return reward.unsqueeze(1) + factor.unsqueeze(1) * of_action(action_quantiles(value, advantage), action)


def quantile_errors(value: Tensor, advantage: Tensor, action: Tensor, fraction: Tensor, target: Tensor) -> Tensor:
    """Return each row's quantile Huber loss, ``[B]``; see :func:`newgameplus.learning.losses.quantile_huber`.

    Args:
        value: ``[B, N, 1]``.
        advantage: ``[B, N, A]``.
        action: int64 ``[B]``, action of each row.
        fraction: ``[B, N]``, tau of each quantile.
        target: ``[B, M]``, samples of the target distribution.
    """
    return quantile_huber(of_action(action_quantiles(value, advantage), action), fraction, target)


def of_action(distribution: Tensor, action: Tensor) -> Tensor:
    """Select the distributions ``[B, N]`` of the actions int64 ``[B]`` from ``[B, A, N]``."""
    index = action[:, None, None].expand(-1, 1, distribution.shape[-1])
    return distribution.gather(1, index).squeeze(1)
