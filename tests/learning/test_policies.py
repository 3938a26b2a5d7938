"""Policies of values, and the reward for having one, against numbers computed by hand."""

from __future__ import annotations

import math

import pytest
import torch

from newgameplus.learning.policies import munchausen_bonus, soft_policy


def test_a_policy_weighs_values_by_their_exponentials_over_the_temperature() -> None:
    # exp(2 / 2) to exp(0 / 2): e to 1.
    found = soft_policy(torch.tensor([[2.0, 0.0]]), temperature=2.0).exp()
    assert found[0].tolist() == pytest.approx([math.e / (math.e + 1), 1 / (math.e + 1)])


def test_the_bonus_is_the_scaled_logarithm_of_the_taken_actions_probability() -> None:
    value = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    found = munchausen_bonus(value, torch.tensor([0, 1]), temperature=2.0, floor=-10.0)
    assert found.tolist() == pytest.approx([2 - 2 * math.log(math.e + 1), -2 * math.log(math.e + 1)])


def test_the_bonus_of_an_action_that_is_hardly_likely_stays_at_its_floor() -> None:
    found = munchausen_bonus(torch.tensor([[5.0, 0.0]]), torch.tensor([1]), temperature=0.03, floor=-1.0)
    assert found.tolist() == [-1.0]
    assert munchausen_bonus(torch.tensor([[5.0, 0.0]]), torch.tensor([0]), 0.03, -1.0).tolist() == [0.0]
