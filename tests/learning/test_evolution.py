"""Shaped fitness, and Adam against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from newgameplus.learning.evolution import AdamMoments, adam_step, centred_ranks


def test_ranks_are_centred_and_know_only_the_order():
    assert centred_ranks(np.array([3.0, 1.0, 2.0, 1e9])).tolist() == pytest.approx([1 / 6, -0.5, -1 / 6, 0.5])


@pytest.mark.parametrize("number", [1, 2, 7])
def test_equal_fitness_has_no_rank(number):
    assert centred_ranks(np.full(number, 5.0)).tolist() == [0.0] * number


def test_ties_share_their_mean_rank():
    assert centred_ranks(np.array([1.0, 1.0, 0.0])).tolist() == [0.25, 0.25, -0.5]
    ranks = centred_ranks(np.random.default_rng(0).integers(0, 4, 50))
    assert abs(ranks.sum()) < 1e-5


def test_adam_is_torchs():
    rng = np.random.default_rng(0)
    weights, moments = rng.standard_normal(20, np.float32), AdamMoments.zeros(20)
    parameter = torch.nn.Parameter(torch.from_numpy(weights.copy()))
    optimizer = torch.optim.Adam([parameter], lr=0.01, maximize=True)
    for _ in range(30):
        gradient = rng.standard_normal(20, np.float32)
        parameter.grad = torch.from_numpy(gradient)
        optimizer.step()
        step, moments = adam_step(gradient, moments, 0.01)
        weights = weights + step
    assert weights == pytest.approx(parameter.detach().numpy(), abs=1e-5)
