"""Projection of a return distribution onto a fixed set of atoms (C51).

Shapes: ``B`` batch, ``N`` atoms.
"""

from __future__ import annotations

import torch
from torch import Tensor


def project(probabilities: Tensor, shift: Tensor, factor: Tensor, atoms: Tensor) -> Tensor:
    """Return the distribution of ``shift + factor * Z`` on ``atoms``, ``[B, N]``, for Z distributed on them.

    Each shifted atom is clipped to the range and its mass split between its two neighbours in proportion to closeness
    (Bellemare, Dabney and Munos, "A Distributional Perspective on Reinforcement Learning", 2017, algorithm 1).

    Args:
        probabilities: ``[B, N]``, rows that sum to 1.
        shift: ``[B]``, such as an n-step return.
        factor: ``[B]``, such as ``discount ** n``; 0 after a termination.
        atoms: ``[N]``, ascending and evenly spaced.
    """
    lowest, highest, num_atoms = atoms[0], atoms[-1], len(atoms)
    moved = (shift[:, None] + factor[:, None] * atoms).clamp(lowest, highest)
    position = (moved - lowest) * ((num_atoms - 1) / (highest - lowest))
    lower = position.floor().clamp(0, num_atoms - 2)
    share = position - lower
    index = lower.long()
    projected = torch.zeros_like(probabilities)
    projected.scatter_add_(1, index, probabilities * (1 - share))
    projected.scatter_add_(1, index + 1, probabilities * share)
    return projected


def expectation(probabilities: Tensor, atoms: Tensor) -> Tensor:
    """Return the mean of distributions ``[..., N]`` on ``atoms`` ``[N]``, as ``[...]``."""
    return probabilities @ atoms
