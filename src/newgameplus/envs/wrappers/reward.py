"""Reward wrappers: scaling, reward for maximum progress only, and own weights over the game's variables."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.wrappers import TransformReward

from newgameplus.envs.inline import EnvInline
from newgameplus.errors import NotFoundError, did_you_mean
from newgameplus.types import Array

BASELINE_REWARD_SCALE = 0.01
"""Reward scale of the 2018 PPO baseline (retro-baselines, ``RewardScaler``)."""


def scale_reward(env: gym.Env[Array, Any], factor: float = BASELINE_REWARD_SCALE) -> gym.Env[Array, Any]:
    """Multiply every reward by ``factor``."""
    return TransformReward(env, partial(operator.mul, factor))


class AllowBacktracking(EnvInline, gym.Wrapper[Array, Any, Array, Any]):
    """Rewards only progress beyond the best point of the episode, so that going back costs nothing.

    With R_t the sum of the rewards up to step t, the reward is max(0, R_t - max(0, R_1, …, R_{t-1})).

    Source: ``AllowBacktracking`` of the 2018 baselines.
    """

    def __init__(self, env: gym.Env[Array, Any]) -> None:
        super().__init__(env)
        self._return = 0.0
        self._best_return = 0.0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode and reset the best point."""
        self._return = self._best_return = 0.0
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step; its reward is the progress beyond the best point."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._return += float(reward)
        progress = max(0.0, self._return - self._best_return)
        self._best_return = max(self._best_return, self._return)
        return observation, progress, terminated, truncated, info


class VariableReward(EnvInline, gym.Wrapper[Array, Any, Array, Any]):
    """Rewards changes of the game's variables instead of, or in addition to, the scenario's reward.

    With v_t the value of a variable after step t, the reward is scenario_weight * reward + Σ weight * (v_t - v_{t-1}).
    ``{"rings": 1.0, "x": 0.1}`` rewards each ring and each pixel to the right, and penalises rings lost and steps to
    the left.

    Args:
        env: its ``info`` holds the variables.
        weights: reward per unit of change, by name of the variable.
        scenario_weight: factor of the scenario's reward; 0 replaces it.

    Raises:
        NotFoundError: the game has no such variable; raised by ``reset`` if the environment does not declare its
            variables.
    """

    def __init__(self, env: gym.Env[Array, Any], weights: Mapping[str, float], scenario_weight: float = 0.0) -> None:
        super().__init__(env)
        self._weights = dict(weights)
        self._scenario_weight = scenario_weight
        self._values: dict[str, float] = {}
        check_variables(env, self._weights)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Begin an episode and read the variables."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._values = {name: variable(info, name) for name in self._weights}
        return observation, info

    def step(self, action: Any) -> tuple[Array, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step; its reward is the weighted change of the variables."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        total = self._scenario_weight * float(reward)
        for name, weight in self._weights.items():
            value = variable(info, name)
            total += weight * (value - self._values[name])
            self._values[name] = value
        return observation, total, terminated, truncated, info


def check_variables(env: gym.Env[Array, Any], names: Iterable[str]) -> None:
    """Raise NotFoundError if the game of ``env`` lacks a variable; pass if ``env`` does not declare its variables."""
    scenario = getattr(env.unwrapped, "scenario", None)
    if scenario is not None:
        known = scenario.variables()
        for name in names:
            variable(known, name)


def variable(info: Mapping[str, Any], name: str) -> float:
    """Return the variable ``name`` of ``info``.

    Raises:
        NotFoundError: there is no such variable.
    """
    if name not in info:
        known = ", ".join(sorted(info)) or "none"
        raise NotFoundError(f"The game has no variable {name!r}; it has: {known}.{did_you_mean(name, info)}")
    return float(info[name])
