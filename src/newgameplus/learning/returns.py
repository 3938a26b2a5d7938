"""Advantages and returns of a rollout.

Shapes: ``T`` time, ``B`` batch.
"""

from __future__ import annotations

import torch
from torch import Tensor


def generalized_advantages(
    reward: Tensor, value: Tensor, next_value: Tensor, done: Tensor, *, discount: float, gae_lambda: float
) -> Tensor:
    """Return the generalized advantage estimate (GAE) of every step, ``[T, B]``.

    ``delta_t = reward_t + discount * next_value_t - value_t`` and
    ``advantage_t = delta_t + discount * gae_lambda * (1 - done_t) * advantage_{t+1}``
    (Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage Estimation", 2016, eq. 16).

    Args:
        reward: float ``[T, B]``.
        value: float ``[T, B]``, value estimate of the observation before each step.
        next_value: float ``[T, B]``, value estimate after each step: 0 if the episode terminated, that of the final
            observation if it was truncated, so that a time limit does not count as an end.
        done: bool ``[T, B]``, whether the episode ended with this step for either reason.
        discount: gamma, 0 to 1.
        gae_lambda: GAE lambda, 0 (one step) to 1 (the rest of the rollout).
    """
    delta = reward + discount * next_value - value
    keep = discount * gae_lambda * (~done).to(delta.dtype)
    advantage = torch.empty_like(delta)
    later = torch.zeros_like(delta[0])
    for t in range(len(delta) - 1, -1, -1):
        later = delta[t] + keep[t] * later
        advantage[t] = later
    return advantage


def explained_variance(prediction: Tensor, target: Tensor) -> float:
    """Return ``1 - Var[target - prediction] / Var[target]``: 1 is perfect, 0 a constant; NaN for a constant target."""
    variance = target.var(unbiased=False)
    return float(1 - (target - prediction).var(unbiased=False) / variance) if variance > 0 else float("nan")


def remembered_spread(advantage: Tensor, before: float, memory: float) -> float:
    """Return the divisor of advantages: their standard deviation, or a decayed earlier one if larger.

    ``max(std, memory * before)``. The advantages of a rollout without any reward are only errors of the value estimate;
    normalised by their own standard deviation they would move the policy as far as any others.

    Args:
        advantage: advantages of a rollout, any shape.
        before: result of this function for the previous rollout, 0 at first.
        memory: decay factor of the previous result, 0 to 1.
    """
    return max(float(advantage.std(unbiased=False)), memory * before)
