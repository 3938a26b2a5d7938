"""Soft policies derived from action values, and the Munchausen bonus.

Shapes: ``B`` batch, ``A`` actions.
"""

from __future__ import annotations

import torch
from torch import Tensor


def soft_policy(value: Tensor, temperature: float) -> Tensor:
    """Return log-probabilities ``[B, A]``, ``log softmax(q / temperature)`` of values ``[B, A]``."""
    return torch.log_softmax(value / temperature, -1)


def munchausen_bonus(value: Tensor, action: Tensor, temperature: float, floor: float) -> Tensor:
    """Return the Munchausen bonus ``clip(temperature * log pi(a), floor, 0)`` of the actions taken, ``[B]``.

    ``pi`` is the soft policy of the values (Vieillard, Pietquin and Geist, "Munchausen Reinforcement Learning", 2020,
    eq. 1 and section 4).

    Args:
        value: ``[B, A]``.
        action: int64 ``[B]``.
        temperature: tau.
        floor: lower bound, below 0, since the logarithm of a small probability is unbounded.
    """
    chosen = soft_policy(value, temperature).gather(1, action.unsqueeze(1)).squeeze(1)
    return (temperature * chosen).clamp(floor, 0)
