"""What the rewards of a rollout are worth: generalized advantages and returns over several steps.

Shapes: ``T`` time, ``B`` batch.
"""

from __future__ import annotations

import torch
from torch import Tensor


def generalized_advantages(
    reward: Tensor, value: Tensor, next_value: Tensor, done: Tensor, *, discount: float, smoothing: float
) -> Tensor:
    """Return the generalized advantage estimate of every step, ``[T, B]``.

    ``delta_t = reward_t + discount * next_value_t - value_t`` and
    ``advantage_t = delta_t + discount * smoothing * (1 - done_t) * advantage_{t+1}``
    (Schulman et al., "High-Dimensional Continuous Control Using Generalized Advantage Estimation", 2016, eq. 16).

    Args:
        reward: float ``[T, B]``.
        value: float ``[T, B]``, the value of the observation that each action was chosen for.
        next_value: float ``[T, B]``, the value of what came of it: 0 where the episode terminated, that of the final
            observation where it was truncated, so that a limit of time is not taken for an end.
        done: bool ``[T, B]``, whether the episode ended with this step for either reason.
        discount: gamma, 0 to 1.
        smoothing: lambda, 0 (one step) to 1 (the whole rest of the rollout).
    """
    delta = reward + discount * next_value - value
    keep = discount * smoothing * (~done).to(delta.dtype)
    advantage = torch.empty_like(delta)
    later = torch.zeros_like(delta[0])
    for t in range(len(delta) - 1, -1, -1):
        later = delta[t] + keep[t] * later
        advantage[t] = later
    return advantage


def explained_variance(prediction: Tensor, target: Tensor) -> float:
    """Return ``1 - Var[target - prediction] / Var[target]``: 1 foretells all, 0 nothing; NaN for a constant target."""
    variance = target.var(unbiased=False)
    return float(1 - (target - prediction).var(unbiased=False) / variance) if variance > 0 else float("nan")


def remembered_spread(advantage: Tensor, before: float, memory: float) -> float:
    """Return by what advantages are divided: their standard deviation, or what is left of that of earlier ones.

    ``max(std, memory * before)``. A stretch of play without any reward has advantages that are nothing but the errors
    of the value; divided by their own spread they would move the policy as far as any.

    Args:
        advantage: of a rollout, any shape.
        before: what this function returned for the one before, 0 at first.
        memory: the share that is kept, 0 to 1.
    """
    return max(float(advantage.std(unbiased=False)), memory * before)
