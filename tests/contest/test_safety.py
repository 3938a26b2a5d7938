"""What a level pays, where an agent comes from and how long it thinks cannot harm an evaluation."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.cli.main import run
from newgameplus.contest.evaluation import evaluate, manifest_of, plan_of
from newgameplus.contest.judged_world import open_judged_world
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.workers import Failed, Finished, play_runs, tasks_here
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.errors import IntegrationError, ResultsError
from newgameplus.executor.local import LocalExecutor
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level, find_level
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import read_plan
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import BUTTONS, ObservationSpec

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
STRANGER = """
import pathlib
pathlib.Path(__file__).with_name("imported").touch()
from newgameplus.agents.random.agent import Random

class Stranger(Random):
    pass

class Sleeper(Random):
    def act(self, observation):
        while True:
            pass
"""

MakeLevel = Callable[[str], Level]


@pytest.fixture
def make_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeLevel:
    """Make Airstriker with the reward of a Lua expression."""
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path / "games"))

    def make(expression: str) -> Level:
        folder = tmp_path / "games" / "Odd-Genesis-v0"
        shutil.copytree(stable_retro_folder() / "data/stable/Airstriker-Genesis-v0", folder)
        (folder / "script.lua").write_text(f"function reward() return {expression} end")
        scenario = {"reward": {"script": "lua:reward"}, "done": {}, "scripts": ["script.lua"]}
        (folder / "scenario.json").write_text(json.dumps(scenario))
        return find_level("Odd-Genesis-v0/Level1")

    return make


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with agents, which says in a file that it was imported."""
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "stranger.py").write_text(STRANGER)
    monkeypatch.delitem(sys.modules, "stranger", raising=False)
    return tmp_path / "code" / "imported"


def plan(*levels: Level, agent: str = "random", **budget: float) -> Plan:
    config = configure(find_agent(agent), "default")
    return Plan(AgentPlan(agent, "default", config), WorldPlan(levels), with_budget(CONTEST, **budget), (0,))  # type: ignore[arg-type]


@pytest.mark.parametrize("expression", ["0/0", "1e300", "-1e300"])
def test_a_reward_that_no_score_can_hold_is_refused_by_the_level_s_name(
    tmp_path: Path, make_level: MakeLevel, expression: str
) -> None:
    level, folder = make_level(expression), RunFolder(tmp_path)
    specs = (ObservationSpec(kind="ram"), BUTTONS)
    with closing(open_judged_world(WorldPlan((level,)), level, specs, CONTEST, folder, seed=0)) as world:
        world.reset()
        with pytest.raises(IntegrationError, match="Odd-Genesis-v0/Level1 pays a reward of"):
            world.step(np.zeros(world.action_space.shape, np.int8))
    assert read_monitor(folder.monitor) == []


def test_a_level_that_pays_nan_fails_and_the_others_are_scored(tmp_path: Path, make_level: MakeLevel) -> None:
    of_plan = plan(make_level("0/0"), LEVEL, timesteps=20)
    results = Results(tmp_path / "results")
    results.create(manifest_of(of_plan, []))
    events = list(evaluate(results, of_plan, num_workers=2))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert "Odd-Genesis-v0/Level1 pays a reward of nan" in failed.reason
    assert failed.is_bad_input
    assert [event.job.level for event in events if isinstance(event, Finished)] == [LEVEL]
    assert results.scores()["score"]["mean"] is not None


@pytest.mark.usefixtures("stranger")
def test_a_run_that_hangs_is_ended_when_its_wall_clock_is_spent(tmp_path: Path) -> None:
    job = Job(plan(LEVEL, agent="stranger:Sleeper", wall_clock_seconds=0.2), LEVEL, 0, tmp_path / "run")
    with closing(LocalExecutor[Job](1)) as executor:
        events = list(play_runs(tasks_here([job]), executor, grace_seconds=0.2))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert "hung and was ended, as its wall clock of 0.2 s was spent" in failed.reason


def test_results_of_a_stranger_s_agent_do_not_run_its_code(
    tmp_path: Path, stranger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Results(tmp_path / "results")
    manifest = manifest_of(plan(LEVEL, timesteps=20), [])
    manifest["agent"]["name"] = "stranger:Stranger"
    results.create(manifest)
    assert run(["evaluate", "--resume", "--results", str(results.path)]) == 2
    assert "if you trust it, name the agent" in capsys.readouterr().err
    assert not stranger.exists()
    with pytest.raises(ResultsError, match="stranger:Stranger"):
        plan_of(manifest, trusted="stranger:Another")
    assert not stranger.exists()
    assert plan_of(manifest, trusted="stranger:Stranger").agent.name == "stranger:Stranger"


def test_a_training_run_of_a_stranger_s_agent_does_not_run_its_code(
    tmp_path: Path, stranger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "training.json").write_text(json.dumps({"format": 1, "agent": {"name": "stranger:Stranger"}}))
    assert run(["train", "--resume", "--run", str(tmp_path)]) == 2
    assert "if you trust it, name the agent" in capsys.readouterr().err
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "000000000001.safetensors").touch()
    assert run(["evaluate", "ppo", "--init", str(tmp_path)]) == 2
    with pytest.raises(ResultsError):
        read_plan(tmp_path)
    assert not stranger.exists()
