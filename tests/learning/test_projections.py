"""Projected distributions against the loop over atoms of the paper's algorithm."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from newgameplus.learning.projections import expectation, project


def by_the_paper(probabilities: list[float], shift: float, factor: float, lowest: float, highest: float) -> list[float]:
    """Algorithm 1 of Bellemare et al. (2017), atom by atom."""
    num_atoms = len(probabilities)
    gap = (highest - lowest) / (num_atoms - 1)
    result = [0.0] * num_atoms
    for number, mass in enumerate(probabilities):
        moved = min(highest, max(lowest, shift + factor * (lowest + number * gap)))
        position = (moved - lowest) / gap
        below, above = math.floor(position), math.ceil(position)
        if below == above:
            result[below] += mass
        else:
            result[below] += mass * (above - position)
            result[above] += mass * (position - below)
    return result


@settings(max_examples=50)
@given(seed=st.integers(0, 10_000), shift=st.floats(-30, 30), factor=st.floats(0, 1))
def test_a_projection_equals_the_papers_algorithm(seed: int, shift: float, factor: float) -> None:
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(11))
    atoms = torch.linspace(-10, 10, 11, dtype=torch.float64)
    found = project(
        torch.from_numpy(probabilities)[None],
        torch.tensor([shift], dtype=torch.float64),
        torch.tensor([factor], dtype=torch.float64),
        atoms,
    )
    assert np.allclose(found[0], by_the_paper(probabilities.tolist(), shift, factor, -10, 10))


def test_a_move_by_one_atom_moves_the_mass_by_one() -> None:
    found = project(
        torch.tensor([[0.2, 0.8, 0.0]]), torch.tensor([1.0]), torch.tensor([1.0]), torch.tensor([-1.0, 0, 1])
    )
    assert found.tolist()[0] == pytest.approx([0.0, 0.2, 0.8])


def test_the_expectation_of_a_distribution_is_its_mean() -> None:
    assert expectation(torch.tensor([[0.25, 0.25, 0.5]]), torch.tensor([-2.0, 0.0, 2.0])).tolist() == [0.5]
