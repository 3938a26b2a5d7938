"""Learners learn: within seconds, on the first screen of a level of Tumbleweed, at least half as well as usual."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import WorldRules
from newgameplus.games.levels import find_level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
PPO = {
    "actions": "sonic-10",
    "rollout_steps": "32",
    "batch_size": "64",
    "num_epochs": "3",
    "num_hidden": "64",
    "learning_rate": "5e-4",
    "final_learning_rate": "none",
    "clip": "0.2",
    "device": "cpu",
}
RAINBOW = {
    "actions": "sonic-10",
    "encoder": "dqn-2013",
    "num_hidden": "128",
    "distribution": "implicit-quantiles",
    "capacity": "20_000",
    "min_transitions": "500",
    "random_steps": "2_000",
    "train_interval": "8",
    "target_interval": "500",
    "n_step": "10",
    "learning_rate": "5e-4",
    "adam_epsilon": "1e-6",
    "reward_scale": "0.02",
    "device": "cpu",
}


def returns(agent: str, fields: dict[str, str], num_steps: int, folder: Path) -> list[float]:
    """The returns of episodes of 100 steps: how far it got on each."""
    config = configure(find_agent(agent), "default", fields)
    world = WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=100))
    plan = TrainingPlan(AgentPlan(agent, "default", config), world, 8, num_steps, checkpoint_steps=10**9)
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return [json.loads(line)["return"] for line in (folder / "episodes.jsonl").read_text().splitlines()]


def test_ppo_gets_half_as_far_as_usual_within_5000_steps(tmp_path: Path) -> None:
    learning = returns("ppo", PPO, 5000, tmp_path / "ppo")
    # Four seeds reached 710 to 940 in their last 16 episodes, from 100 to 230 in their first eight; chance reaches 80.
    # Computed by torch alone it was 1,249.
    assert np.mean(learning[-16:]) > 400
    assert np.mean(learning[-16:]) > 1.3 * np.mean(learning[:8])


@pytest.mark.nightly
def test_rainbow_gets_half_as_far_as_usual_within_5000_steps(tmp_path: Path) -> None:
    learning = returns("rainbow", RAINBOW, 5000, tmp_path / "rainbow")
    # Five seeds reached 650 to 1,280 in their last 16 episodes, from 170 to 290 in their first eighth; chance 110.
    # Computed by torch alone it was 773.
    assert np.mean(learning[-16:]) > 450
    assert np.mean(learning[-16:]) > 1.3 * np.mean(learning[:8])
