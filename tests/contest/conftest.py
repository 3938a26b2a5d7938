"""Real, short evaluations that several tests look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.evaluation import Plan, evaluate
from newgameplus.contest.results import Results
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.games.levels import find_level


def evaluated(path: Path, agent: str) -> Path:
    """Play episodes of at most 100 steps of Airstriker, 320 steps with each of two seeds, and return ``path``."""
    rules = replace(with_budget(CONTEST, timesteps=320), max_episode_steps=100)
    plan = Plan(
        agent=agent,
        preset="default",
        config=configure(find_agent(agent), "default"),
        rules=rules,
        levels=(find_level("Airstriker-Genesis-v0/Level1"),),
        seeds=(0, 1),
        split="airstriker",
    )
    results = Results(path)
    results.create(plan.manifest(["ngp", "evaluate", agent, "--seeds", "2"]))
    for _ in evaluate(results, plan):
        pass
    return path


@pytest.fixture(scope="session")
def jerk_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What JERK came to in two short runs; look, do not touch."""
    return evaluated(tmp_path_factory.mktemp("evaluations") / "jerk", "jerk")


@pytest.fixture(scope="session")
def random_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the random agent came to in two short runs; look, do not touch."""
    return evaluated(tmp_path_factory.mktemp("evaluations") / "random", "random")
