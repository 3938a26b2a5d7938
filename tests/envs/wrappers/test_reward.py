"""Rewards through the wrappers equal what their originals paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.reward import AllowBacktracking, VariableReward, scale_reward
from newgameplus.errors import NotFoundError
from newgameplus.games.levels import Level
from newgameplus.types import Array

EPISODES = st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=20), min_size=1, max_size=4)
NOTHING = np.empty(0, np.uint8)


class Payments(gym.Env[Array, Any]):
    """Pays given rewards, episode by episode; ``info["x"]`` is ten times the number of the step."""

    def __init__(self, episodes: list[list[float]]) -> None:
        self.episodes = iter(episodes)
        self.observation_space = spaces.Box(0, 255, (0,), np.uint8)
        self.action_space = spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        self.rewards = list(next(self.episodes))
        return NOTHING, {"x": 0}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        return NOTHING, self.rewards.pop(0), not self.rewards, False, {"x": 10}


def paid(env: gym.Env[Any, Any], episodes: list[list[float]]) -> list[list[float]]:
    paid = []
    for episode in episodes:
        env.reset()
        paid.append([float(env.step(0)[1]) for _ in episode])
    return paid


@given(EPISODES)
def test_backtracking_is_free_as_in_the_baselines(episodes: list[list[float]]) -> None:
    """The running sum against its own greatest value so far, which begins at zero, as in 2018."""
    expected = []
    for episode in episodes:
        current, greatest, rewards = 0.0, 0.0, []
        for reward in episode:
            current += reward
            rewards.append(max(0.0, current - greatest))
            greatest = max(greatest, current)
        expected.append(rewards)
    assert paid(AllowBacktracking(Payments(episodes)), episodes) == expected


@given(EPISODES)
def test_progress_paid_for_sums_to_the_best_point(episodes: list[list[float]]) -> None:
    for episode, rewards in zip(episodes, paid(AllowBacktracking(Payments(episodes)), episodes), strict=True):
        assert sum(rewards) == pytest.approx(max(0.0, *np.cumsum(episode)), abs=1e-9)
        assert min(rewards) >= 0.0


@given(EPISODES)
def test_the_baselines_scale_is_a_hundredth(episodes: list[list[float]]) -> None:
    expected = [[reward * 0.01 for reward in episode] for episode in episodes]
    assert paid(scale_reward(Payments(episodes)), episodes) == expected


def test_weights_over_variables_pay_their_changes() -> None:
    env = VariableReward(Payments([[5.0, 7.0]]), {"x": 0.5}, scenario_weight=2.0)
    assert paid(env, [[5.0, 7.0]]) == [[2 * 5.0 + 0.5 * 10, 2 * 7.0]]


def test_the_weight_of_score_pays_what_airstrikers_scenario_pays(level: Level, opened: Callable[[Any], Any]) -> None:
    """Airstriker's scenario is one point per point of score, so both must agree on a whole episode."""
    env = opened(VariableReward(RetroEnv(level, kind="none"), {"score": 1.0}, scenario_weight=-1.0))
    actions = np.random.default_rng(3).integers(0, 2, (800, 12))
    actions[:, 0] = np.arange(800) % 2
    env.reset()
    returns, info = 0.0, {}
    for action in actions:
        _, reward, is_over, _, info = env.step(action)
        assert reward == 0.0
        returns += reward
        if is_over:
            break
    assert info["score"] > 0


def test_an_unknown_variable_suggests_a_near_one(retro: RetroEnv) -> None:
    with pytest.raises(NotFoundError, match="Did you mean score"):
        VariableReward(retro, {"scroe": 1.0})


def test_an_environment_that_names_no_variables_is_asked_at_its_reset() -> None:
    env = VariableReward(Payments([[1.0]]), {"y": 1.0})
    with pytest.raises(NotFoundError, match="no variable 'y'"):
        env.reset()
