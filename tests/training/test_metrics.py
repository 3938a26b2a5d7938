"""Weights & Biases is asked for by name, works without a network, and goes on as the same run."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan

HAS_WANDB = importlib.util.find_spec("wandb") is not None
PLAN = TrainingPlan(
    agent=AgentPlan("random", "default", configure(find_agent("random"), "default", {})),
    world=WorldPlan((find_level("Airstriker-Genesis-v0/Level1"),), rules=WorldRules(max_episode_steps=10)),
    num_envs=2,
    total_steps=80,
    checkpoint_steps=40,
    log_steps=20,
    wandb="newgameplus-tests",
)


@pytest.fixture(autouse=True)
def _threads_as_they_were() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(HAS_WANDB, reason="wandb is installed")
def test_without_the_package_the_plan_is_refused_with_the_command_that_installs_it() -> None:
    with pytest.raises(UsageError, match=r"pip install .*\[wandb\]'"):
        check(PLAN)


@pytest.mark.skipif(not HAS_WANDB, reason="wandb is not installed")
def test_offline_its_files_lie_in_the_run_and_a_resumed_run_is_the_same_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    check(PLAN)
    begin(PLAN, tmp_path / "run")
    reports = train(PLAN, tmp_path / "run")
    next(reports)
    reports.close()
    name = (tmp_path / "run" / "wandb.txt").read_text()
    for _ in train(read_plan(tmp_path / "run"), tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "wandb.txt").read_text() == name
    sent = list((tmp_path / "run" / "wandb").glob(f"offline-run-*/run-{name}.wandb"))
    assert sent
    assert any(b"return/mean" in path.read_bytes() for path in sent)


def test_a_run_computes_in_as_many_threads_as_it_was_begun_with(tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, wandb=None, num_threads=3)
    begin(plan, tmp_path / "run")
    torch.set_num_threads(1)
    for _ in train(read_plan(tmp_path / "run"), tmp_path / "run"):
        assert torch.get_num_threads() == 3
