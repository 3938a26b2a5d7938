"""The keeper: what an episode is for, what it follows, what it expects, and how it is saved."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from newgameplus.agents.keeper.agent import Keeper
from newgameplus.agents.keeper.config import KeeperConfig
from newgameplus.agents.keeper.prospects import Prospects
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.testing import check_agent
from newgameplus.training.loop import play
from newgameplus.types import Array, Step, WorldSpec

BUTTONS = ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
QUICK = KeeperConfig(max_return=50.0, return_steps=10, vary_steps=5, horizon_steps=8, patience=10)
"""Reaches what it takes for the goal, varies and stalls within a few steps of made-up rewards."""


@pytest.mark.parametrize("config", [KeeperConfig(), QUICK], ids=["default", "quick"])
def test_it_keeps_every_promise_of_an_agent(config: KeeperConfig) -> None:
    check_agent(Keeper, config, num_envs=3, num_steps=300)


class Corridor:
    """A made-up level: each step forward earns 10; whoever does not jump at the pit, step 30 to 32, dies.

    A picture is the same gray as the place. With ``slips``, a step in four is one that nobody takes.
    """

    def __init__(self, slips: float = 0.25, seed: int = 0) -> None:
        self._slips, self._random = slips, np.random.default_rng(seed)
        self.returns: list[float] = []
        self._place = 0

    def picture(self) -> Array:
        return np.full((1, 14, 20, 1), 4 * self._place, np.uint8)

    def step(self, action: Array) -> Step:
        forward, jump = bool(action[0, 7]) and not action[0, 6], bool(action[0, 0])
        moves = forward and self._random.random() >= self._slips
        self._place += moves
        is_dead = 30 <= self._place <= 32 and not jump
        is_done = is_dead or self._place >= 40
        if is_done:
            self.returns.append(10.0 * self._place)
            self._place = 0
        return Step(self.picture(), np.array([10.0 * moves]), np.array([is_done]), np.array([False]))


def test_it_learns_to_jump_where_others_died_and_keeps_doing_so() -> None:
    world = WorldSpec(1, BUTTONS, (14, 20, 1), (12,), num_timesteps=6000)
    agent, corridor = Keeper(KeeperConfig(max_return=400.0), world, 0), Corridor()
    observation = corridor.picture()
    for _ in range(6000):
        step = corridor.step(agent.act(observation))
        agent.observe(step)
        observation = step.observation
    returns = corridor.returns
    assert np.mean(returns[:10]) < 350
    assert np.mean(returns[-60:]) > 350


def test_a_real_level_is_played_the_same_from_the_same_seed() -> None:
    def presses() -> list[Array]:
        levels = [find_level("Tumbleweed-Genesis-v0/Mesa.Act1")] * 2
        spec, actions = Keeper.specs(KeeperConfig())
        with closing(RetroVecEnv(levels, observation_spec=spec, action_spec=actions)) as env:
            agent = Keeper(KeeperConfig(), WorldSpec(2, BUTTONS, (14, 20, 1), (12,), num_timesteps=300), 5)
            return [turn.action for turn, _ in zip(play(agent, env, seed=1), range(300), strict=False)]

    first = presses()
    assert np.array_equal(first, presses())
    assert not np.array_equal(np.array(first)[:, 0], np.array(first)[:, 1])


def test_a_place_is_worth_what_episodes_earned_that_came_there() -> None:
    prospects = Prospects(200.0)
    assert prospects.at(np.array([0.0, 50.0])).tolist() == [0.0, 50.0]
    prospects.add(total=30.0, furthest=40.0)
    prospects.add(total=90.0, furthest=90.0)
    assert prospects.at(np.array([10.0, 60.0, 120.0])).tolist() == [60.0, 90.0, 120.0]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"horizon_steps": 0}, "horizon_steps is a number of steps, 1 or more, not 0"),
        ({"vary_share": 1.5}, "vary_share lies between 0 and 1, not at 1.5"),
        ({"doubt": 0.0}, "doubt is more than 0, not 0.0"),
        ({"picture_size": (0, 20)}, "picture_size is a height and a width of 1 or more"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(fields: dict[str, float], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        KeeperConfig(**fields)  # type: ignore[arg-type]  # that is the test


def test_a_damaged_state_is_refused_and_nothing_has_changed() -> None:
    world = WorldSpec(2, BUTTONS, (14, 20, 1), (12,), num_timesteps=100)
    agent = Keeper(QUICK, world, 0)
    seen = np.zeros((2, 14, 20, 1), np.uint8)
    agent.act(seen)
    before = agent.state()["rows"][0]["episode"][0]["progress"]
    for key, value in (("best", {}), ("num_timesteps", -1), ("episode", [{"plan": "sleep"}])):
        damaged = agent.state()
        damaged["rows"][1][key] = value
        with pytest.raises(StateError, match="begin a new run"):
            agent.restore(damaged)
    assert np.array_equal(agent.state()["rows"][0]["episode"][0]["progress"], before)
