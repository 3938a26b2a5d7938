"""Real, short runs that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.evaluation import evaluate, manifest_of
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.envs.rules import WorldRules
from newgameplus.games.levels import find_level
from newgameplus.results.evaluations import Results
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan


def evaluated(path: Path, agent: str) -> Path:
    """Play episodes of at most 60 steps of Airstriker, 200 steps with each of two seeds, and return ``path``."""
    levels = (find_level("Airstriker-Genesis-v0/Level1"),)
    plan = Plan(
        agent=AgentPlan(agent, "default", configure(find_agent(agent), "default")),
        world=WorldPlan(levels, rules=WorldRules(max_episode_steps=60)),
        rules=with_budget(CONTEST, timesteps=200),
        seeds=(0, 1),
        split="airstriker",
    )
    results = Results(path)
    results.create(manifest_of(plan, ["ngp", "evaluate", agent, "--seeds", "2"]))
    for _ in evaluate(results, plan):
        pass
    return path


@pytest.fixture(scope="session")
def jerk_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What JERK came to in two short runs; look, do not touch."""
    return evaluated(tmp_path_factory.mktemp("evaluations") / "jerk", "jerk")


@pytest.fixture(scope="session")
def training_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PPO that learned for 120 steps on two levels and was watched three times; look, do not touch."""
    import torch

    from newgameplus.training.plan import TrainingPlan, begin
    from newgameplus.training.run import train

    fields = {"encoder": "dqn-2013", "rollout_steps": "16", "batch_size": "32", "num_epochs": "1", "num_hidden": "16"}
    levels = ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Canyon.Act1")
    plan = TrainingPlan(
        agent=AgentPlan("ppo", "default", configure(find_agent("ppo"), "default", fields)),
        world=WorldPlan(tuple(map(find_level, levels)), rules=WorldRules(max_episode_steps=25)),
        num_envs=2,
        total_steps=120,
        log_steps=20,
        watch_steps=40,
        num_threads=1,
    )
    folder = tmp_path_factory.mktemp("training") / "run"
    before = torch.get_num_threads()
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    torch.set_num_threads(before)
    return folder


@pytest.fixture(scope="session")
def random_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the random agent came to in two short runs; look, do not touch."""
    return evaluated(tmp_path_factory.mktemp("evaluations") / "random", "random")
