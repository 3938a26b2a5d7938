"""Advantages against sums written out, and against a search over every way an episode can go."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from newgameplus.learning.returns import explained_variance, generalized_advantages, remembered_spread
from newgameplus.learning.schedules import linear


def advantages(reward: list[float], value: list[float], after: list[float], done: list[bool]) -> list[float]:
    column = [torch.tensor(part)[:, None] for part in (reward, value, after)]
    result = generalized_advantages(*column, torch.tensor(done)[:, None], discount=0.5, gae_lambda=0.5)
    return result[:, 0].tolist()


def test_advantages_equal_those_computed_by_hand() -> None:
    # delta = 1 + 0.5*4 - 2 = 1 and 2 + 0.5*6 - 4 = 1; the first gets 1 + 0.25*1.
    assert advantages([1.0, 2.0], [2.0, 4.0], [4.0, 6.0], [False, False]) == [1.25, 1.0]


def test_nothing_flows_back_over_the_end_of_an_episode() -> None:
    assert advantages([1.0, 2.0], [2.0, 4.0], [0.0, 6.0], [True, False]) == [-1.0, 1.0]


def test_an_episode_cut_by_a_limit_keeps_the_value_of_its_last_observation() -> None:
    assert advantages([1.0, 2.0], [2.0, 4.0], [8.0, 6.0], [True, False]) == [3.0, 1.0]


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), gae_lambda=st.floats(0, 1), discount=st.floats(0, 1))
def test_advantages_equal_the_weighted_sum_of_errors(seed: int, gae_lambda: float, discount: float) -> None:
    random = np.random.default_rng(seed)
    reward, value, after = (random.normal(size=(7, 2)) for _ in range(3))
    done = random.random((7, 2)) < 0.3
    found = generalized_advantages(
        *map(torch.from_numpy, (reward, value, after, done)), discount=discount, gae_lambda=gae_lambda
    ).numpy()
    delta = reward + discount * after - value
    for row in range(2):
        for t in range(7):
            expected, weight = 0.0, 1.0
            for later in range(t, 7):
                expected += weight * delta[later, row]
                if done[later, row]:
                    break
                weight *= discount * gae_lambda
            assert np.isclose(found[t, row], expected)


def test_a_perfect_prediction_explains_all_and_a_constant_one_nothing() -> None:
    target = torch.tensor([1.0, 2.0, 3.0])
    assert explained_variance(target, target) == 1
    assert explained_variance(torch.ones(3), target) == 0
    assert np.isnan(explained_variance(target, torch.ones(3)))


def test_a_line_begins_and_ends_where_it_should() -> None:
    assert [linear(4.0, 2.0, fraction) for fraction in (-1, 0, 0.5, 1, 7)] == [4, 4, 3, 2, 2]


def test_the_spread_of_advantages_falls_no_faster_than_it_is_forgotten() -> None:
    quiet, loud = torch.tensor([-0.1, 0.1]), torch.tensor([-2.0, 2.0])
    assert remembered_spread(loud, 0.1, 0.9) == 2
    assert remembered_spread(quiet, 2.0, 0.9) == pytest.approx(1.8)
    assert remembered_spread(quiet, 2.0, 0.0) == pytest.approx(0.1)
