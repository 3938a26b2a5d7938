"""Gymnasium's own checker is content, with warnings as errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.passive_env_checker import env_render_passive_checker

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.action import Discretizer
from newgameplus.envs.wrappers.frame_skip import StochasticFrameSkip
from newgameplus.envs.wrappers.limits import StallLimit
from newgameplus.envs.wrappers.reward import AllowBacktracking, VariableReward, scale_reward
from newgameplus.games.levels import Level
from newgameplus.types import SONIC_7, SONIC_10, WARPED, ActionSpec, ObservationSpec

STACKS: dict[str, Callable[[Level], Any]] = {
    "contest": make_contest,
    "one frame per step": RetroEnv,
    "warped": lambda level: make_contest(level, observation_spec=WARPED, action_spec=SONIC_7),
    "edges": lambda level: make_contest(level, observation_spec=ObservationSpec(size=(84, 120), edges=(100, 200))),
    "memory": lambda level: make_contest(level, observation_spec=ObservationSpec(kind="ram")),
    "discrete": lambda level: make_contest(level, action_spec=ActionSpec("discrete")),
    "multi_discrete": lambda level: make_contest(level, action_spec=ActionSpec("multi_discrete")),
    "discretizer": lambda level: Discretizer(make_contest(level), SONIC_10),
    "wrapped": lambda level: StallLimit(
        scale_reward(AllowBacktracking(VariableReward(StochasticFrameSkip(RetroEnv(level)), {"score": 1.0}))), 600
    ),
}


class Whole(gym.Env[Any, Any]):
    """A stack that passes for one environment, because the checker warns of every wrapper that it is given."""

    def __init__(self, stack: gym.Env[Any, Any]) -> None:
        self.stack = stack
        self.metadata = stack.metadata
        self.render_mode = stack.render_mode
        self.observation_space = stack.observation_space
        self.action_space = stack.action_space
        self.step = stack.step
        self.render = stack.render
        self.close = stack.close

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return self.stack.reset(seed=seed, options=options)


@pytest.mark.parametrize("name", STACKS)
def test_gymnasiums_checker_accepts(name: str, level: Level, opened: Callable[[Any], Any]) -> None:
    # The render check would make a second emulator, which one process cannot hold.
    check_env(Whole(opened(STACKS[name](level))), skip_render_check=True)


def test_gymnasiums_checker_accepts_the_picture(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(make_contest(level, render_mode="rgb_array"))
    env.reset()
    env_render_passive_checker(env)
