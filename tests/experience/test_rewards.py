"""Rewards before learning: those of retro-baselines' wrappers, for each row."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.experience.rewards import RewardShaper
from newgameplus.types import Array

NUM_ROWS, NUM_STEPS, SCALE = 3, 60, 0.01


def played(seed: int = 0) -> tuple[Array, Array]:
    """Rewards float64 ``[T, B]``, as many below 0 as above, and ends bool ``[T, B]``."""
    random = np.random.default_rng(seed)
    return random.normal(0, 5, (NUM_STEPS, NUM_ROWS)), random.random((NUM_STEPS, NUM_ROWS)) < 0.1


def allow_backtracking(reward: list[float], done: list[bool]) -> list[float]:
    """The wrapper ``AllowBacktracking`` of retro-baselines, over the episodes of one row."""
    shaped, current, highest = [], 0.0, 0.0
    for value, is_over in zip(reward, done, strict=True):
        current += value
        shaped.append(max(0.0, current - highest))
        highest = max(highest, current)
        if is_over:
            current = highest = 0.0
    return shaped


def test_rewards_are_scaled_and_losses_count_where_backtracking_costs() -> None:
    shaper = RewardShaper(NUM_ROWS, SCALE)
    reward, done = played()
    shaped = np.stack([shaper(*step) for step in zip(reward, done, strict=True)])
    assert shaped == pytest.approx(SCALE * reward, rel=1e-6)
    assert shaped.dtype == np.float32


def test_only_new_maxima_of_an_episode_are_rewarded_as_in_retro_baselines() -> None:
    shaper = RewardShaper(NUM_ROWS, SCALE, allows_backtracking=True)
    reward, done = played()
    shaped = np.stack([shaper(*step) for step in zip(reward, done, strict=True)])
    for row in range(NUM_ROWS):
        expected = allow_backtracking(reward[:, row].tolist(), done[:, row].tolist())
        assert shaped[:, row] == pytest.approx(SCALE * np.array(expected), rel=1e-5, abs=1e-7)


def test_the_maximum_of_one_episode_is_forgotten_in_the_next_of_its_row_alone() -> None:
    shaper = RewardShaper(2, allows_backtracking=True)
    never, first = np.zeros(2, np.bool_), np.array([True, False])
    assert shaper(np.array([5.0, 5.0]), never).tolist() == [5, 5]
    assert shaper(np.array([-3.0, -3.0]), first).tolist() == [0, 0]
    assert shaper(np.array([4.0, 4.0]), never).tolist() == [4, 1]


def test_it_goes_on_exactly_where_it_was_saved() -> None:
    reward, done = played()
    straight, resumed = (RewardShaper(NUM_ROWS, SCALE, allows_backtracking=True) for _ in range(2))
    for step in zip(reward[:30], done[:30], strict=True):
        straight(*step)
    saved = straight.state()
    rest = [straight(*step) for step in zip(reward[30:], done[30:], strict=True)]
    resumed.restore(saved)
    again = [resumed(*step) for step in zip(reward[30:], done[30:], strict=True)]
    assert np.array_equal(rest, again)
