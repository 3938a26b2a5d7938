"""Evolution strategies as pure functions: shaped fitness, and the step that it leads to.

Shapes: ``N`` individuals, ``D`` parameters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from newgameplus.types import Array


def centred_ranks(fitness: Array) -> Array:
    """Return the rank of each fitness, scaled to [-0.5, 0.5], float32 ``[N]``; equal ones share their mean rank.

    Args:
        fitness: ``[N]``.
    """
    values = np.asarray(fitness, np.float64)
    below = (values[None, :] < values[:, None]).sum(1)
    equal = (values[None, :] == values[:, None]).sum(1)
    num_others = len(values) - 1
    ranks: Array = below + (equal - 1) / 2 - num_others / 2
    return (ranks / max(1, num_others)).astype(np.float32)


class AdamMoments(NamedTuple):
    """What Adam remembers of the gradients so far."""

    first: Array
    """Mean, float32 ``[D]``."""
    second: Array
    """Mean of the squares, float32 ``[D]``."""
    num_steps: int

    @classmethod
    def zeros(cls, num_parameters: int) -> AdamMoments:
        """Nothing, before the first step."""
        return cls(np.zeros(num_parameters, np.float32), np.zeros(num_parameters, np.float32), 0)


def adam_step(
    gradient: Array, moments: AdamMoments, learning_rate: float, decay: tuple[float, float] = (0.9, 0.999)
) -> tuple[Array, AdamMoments]:
    """Return what Adam adds to the parameters, float32 ``[D]``, to go *up* a gradient, and the new moments.

    Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), algorithm 1, with epsilon 1e-8.

    Args:
        gradient: float32 ``[D]``.
        moments: those of the steps before.
        learning_rate: alpha.
        decay: decay rates of the first and the second moments.
    """
    first_decay, second_decay = np.float32(decay[0]), np.float32(decay[1])
    first = first_decay * moments.first + (1 - first_decay) * gradient
    second = second_decay * moments.second + (1 - second_decay) * gradient * gradient
    num_steps = moments.num_steps + 1
    rate = learning_rate * (1 - decay[1] ** num_steps) ** 0.5 / (1 - decay[0] ** num_steps)
    step = np.float32(rate) * first / (np.sqrt(second) + np.float32(1e-8))
    return step, AdamMoments(first, second, num_steps)
