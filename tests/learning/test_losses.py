"""Losses against numbers computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from newgameplus.learning.losses import (
    approximate_kl,
    clipped_surrogate,
    clipped_value_loss,
    cross_entropy,
    entropy,
    kl_divergence,
    quantile_huber,
)


def logs(*probabilities: float) -> torch.Tensor:
    return torch.tensor(probabilities).log()


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss"),
    [(1.0, 2.0, -2.0), (1.5, 2.0, -2.4), (0.5, 2.0, -1.0), (1.5, -2.0, 3.0), (0.5, -2.0, 1.6)],
)
def test_the_surrogate_takes_the_worse_of_the_ratio_and_its_clipped_self(
    ratio: float, advantage: float, loss: float
) -> None:
    found = clipped_surrogate(logs(0.4 * ratio), logs(0.4), torch.tensor([advantage]), clip=0.2)
    assert float(found) == pytest.approx(loss)


def test_the_value_loss_is_half_the_squared_error() -> None:
    assert float(clipped_value_loss(torch.tensor([3.0]), torch.tensor([0.0]), torch.tensor([1.0]), None)) == 2


def test_the_value_loss_does_not_fall_below_that_of_the_clipped_change() -> None:
    # The value went from 0 to 1 and the target is 1: with the change clipped to 0.2, an error of 0.8 stays.
    loss = clipped_value_loss(torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([1.0]), 0.2)
    assert float(loss) == pytest.approx(0.32)


def test_entropy_is_that_of_a_fair_coin_and_of_certainty() -> None:
    assert float(entropy(logs(0.5, 0.5)[None])) == pytest.approx(math.log(2))
    assert float(entropy(torch.tensor([[0.0, -1e9]]))) == 0


def test_the_divergence_of_a_policy_from_itself_is_nothing_and_else_positive() -> None:
    assert float(approximate_kl(logs(0.3), logs(0.3))) == 0
    assert float(approximate_kl(logs(0.6), logs(0.3))) == pytest.approx(1 - math.log(2))


def test_cross_entropy_weighs_the_logarithms() -> None:
    target = torch.tensor([[0.25, 0.75]])
    expected = -(0.25 * math.log(0.5) + 0.75 * math.log(0.5))
    assert float(cross_entropy(target, logs(0.5, 0.5)[None])) == pytest.approx(expected)


def test_the_quantile_loss_weighs_errors_by_the_side_they_fall_on() -> None:
    # One quantile 0 at tau 0.25; targets 2 (u = 2: 0.25 * 1.5) and -2 (u = -2: 0.75 * 1.5), averaged.
    loss = quantile_huber(torch.zeros(1, 1), torch.full((1, 1), 0.25), torch.tensor([[2.0, -2.0]]))
    assert float(loss) == pytest.approx((0.25 * 1.5 + 0.75 * 1.5) / 2)


def test_the_divergence_of_a_policy_from_itself_is_nothing_and_from_another_that_of_the_formula() -> None:
    policy, other = logs(0.5, 0.25, 0.25)[None], logs(0.25, 0.25, 0.5)[None]
    assert float(kl_divergence(policy, policy)) == 0
    assert float(kl_divergence(policy, other)) == pytest.approx(0.5 * math.log(2) + 0.25 * math.log(0.5))
