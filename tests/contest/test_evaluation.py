"""The whole evaluation: runs side by side, crashes, power cuts and what the manifest says."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest.evaluation import check, evaluate, manifest_of, plan_of, write_scores
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.workers import Advanced, Failed, Finished, Started
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import ResultsError, UsageError
from newgameplus.games.levels import Level, find_level
from newgameplus.report.evaluations import read_evaluations
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
CRASHER = '''
"""An agent that crashes its worker as a faulty core would."""
import os, signal
from newgameplus.agents.random.agent import Random

class Crasher(Random):
    def act(self, observation):
        os.kill(os.getpid(), signal.SIGSEGV)

class Raiser(Random):
    def act(self, observation):
        raise ArithmeticError("the mind went blank")
'''


def plan(agent="random", seeds=(0, 1), **budget):
    return Plan(
        AgentPlan(agent, "default", configure(find_agent(agent), "default")),
        WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=100)),
        with_budget(CONTEST, **budget),
        tuple(seeds),
        "airstriker",
    )


def created(folder, of_plan):
    results = Results(folder)
    results.create(manifest_of(of_plan, ["ngp", "evaluate"]))
    return results


def returns_and_lengths(folder):
    return [(episode.episode_return, episode.num_steps) for episode in read_monitor(folder / "monitor.csv")]


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory):
    """Two runs that two workers have played, and what was told of them meanwhile."""
    of_plan = plan(timesteps=250)
    results = created(tmp_path_factory.mktemp("side_by_side") / "results", of_plan)
    return results, list(evaluate(results, of_plan, num_workers=2))


def test_runs_are_played_side_by_side_and_scored(side_by_side):
    results, events = side_by_side
    assert sum(isinstance(event, Started) for event in events) == 2
    assert sum(isinstance(event, Finished) for event in events) == 2
    assert any(isinstance(event, Advanced) for event in events)
    scores = results.scores()
    assert scores["is_complete"] is True
    (level,) = scores["levels"]
    returns = [
        np.mean([value for value, _ in returns_and_lengths(results.run(LEVEL.folder_name, seed).path)])
        for seed in (0, 1)
    ]
    assert [run["score"] for run in level["runs"]] == pytest.approx(returns)
    assert scores["score"]["mean"] == pytest.approx(np.mean(returns))
    for seed in (0, 1):
        folder = results.run(LEVEL.folder_name, seed).path
        assert len(list((folder / "bk2").glob("*.bk2"))) == level["runs"][seed]["num_episodes"]
        assert "random plays Airstriker-Genesis-v0/Level1" in (folder / "worker.log").read_text()


def test_a_finished_run_whose_monitor_was_cut_short_is_refused_before_anything_is_played(tmp_path):
    of_plan = plan(seeds=(0,), episodes=3)
    results = created(tmp_path / "results", of_plan)
    list(evaluate(results, of_plan, num_workers=1))
    before = results.scores_path.read_bytes()
    monitor = results.run(LEVEL.folder_name, 0).monitor
    whole = monitor.read_bytes()
    monitor.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])
    with pytest.raises(
        ResultsError, match=r"monitor\.csv is not what the run wrote: it has 2 episodes, the run finish"
    ):
        list(evaluate(results, of_plan, num_workers=1))
    assert results.scores_path.read_bytes() == before
    with pytest.raises(ResultsError, match="it has 2 episodes, the run finished 3"):
        read_evaluations([results.path])
    monitor.write_bytes(whole)
    assert list(evaluate(results, of_plan, num_workers=1)) == []


def test_two_workers_play_as_one_worker_alone_does(side_by_side, tmp_path):
    of_plan = plan(timesteps=250)
    alone = created(tmp_path / "alone", of_plan)
    list(evaluate(alone, of_plan, num_workers=1))
    for seed in (0, 1):
        one, two = (results.run(LEVEL.folder_name, seed).path for results in (alone, side_by_side[0]))
        assert returns_and_lengths(one) == returns_and_lengths(two)


def test_the_manifest_brings_back_the_plan(tmp_path):
    of_plan = plan("jerk", timesteps=200)
    manifest = created(tmp_path, of_plan).manifest()
    assert plan_of(json.loads(json.dumps(manifest))) == of_plan
    assert manifest["levels"][0]["rom_sha1"] == LEVEL.integration.rom_sha1s[0]
    assert {"newgameplus", "python", "stable-retro"} <= set(manifest["versions"])


@pytest.mark.parametrize("part", ["rom_sha1", "state_sha256"])
def test_results_of_another_rom_or_state_are_not_gone_on_with(part):
    manifest = manifest_of(plan(timesteps=200), [])
    manifest["levels"][0][part] = "0" * 40
    with pytest.raises(ResultsError, match="is not what it was"):
        plan_of(manifest)


@pytest.mark.parametrize("part", ["agent", "rules", "levels", "seeds"])
def test_a_manifest_that_lacks_a_part_is_corrupt(part):
    manifest = manifest_of(plan(timesteps=200), [])
    del manifest[part]
    with pytest.raises(ResultsError, match="manifest is corrupt"):
        plan_of(manifest)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("levels", 0, "state"), None),
        (("levels", 0, "game"), 7),
        (("levels", 0), "Airstriker-Genesis-v0/Level1"),
        (("seeds", 0), 0.5),
        (("rules", "frames_per_step"), "4"),
        (("agent", "name"), ["random"]),
    ],
)
def test_a_manifest_with_a_part_of_another_type_is_corrupt(place, value):
    manifest = manifest_of(plan(timesteps=200), [])
    *way, last = place
    part = manifest
    for step in way:
        part = part[step]
    part[last] = value
    with pytest.raises(ResultsError, match="manifest is corrupt"):
        plan_of(manifest)


def test_a_plan_needs_levels_and_seeds():
    with pytest.raises(UsageError, match="without a level"):
        WorldPlan(())
    with pytest.raises(UsageError, match="Seeds"):
        plan(seeds=(-1,))


def test_a_missing_state_is_found_before_anything_is_written():
    level = Level("Airstriker-Genesis-v0", "Level9", "scenario")
    with pytest.raises(LookupError, match="Level9"):
        check(replace(plan(), world=WorldPlan((level,))))


@pytest.fixture
def own_agents(tmp_path, monkeypatch):
    (tmp_path / "own_agents.py").write_text(CRASHER)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("own_agents", None)


@pytest.mark.usefixtures("own_agents")
@pytest.mark.parametrize(
    ("agent", "reason"), [("Crasher", "SIGSEGV"), ("Raiser", "ArithmeticError: the mind went blank")]
)
def test_a_crash_is_reported_with_its_level_and_the_others_go_on(tmp_path, agent, reason):
    crashing, sound = plan(f"own_agents:{agent}", seeds=(0,), timesteps=100), plan(seeds=(0,), timesteps=100)
    results = created(tmp_path / "results", crashing)
    (failure,) = [event for event in evaluate(results, crashing, num_workers=1) if isinstance(event, Failed)]
    assert reason in failure.reason
    assert "Airstriker-Genesis-v0/Level1 seed 0" in failure.reason
    assert "worker.log" in failure.reason
    assert results.scores()["is_complete"] is False
    if agent == "Raiser":
        assert "the mind went blank" in (results.run(LEVEL.folder_name, 0).path / "worker.log").read_text()
    other = created(tmp_path / "other", sound)
    assert any(isinstance(event, Finished) for event in evaluate(other, sound, num_workers=1))


def start_ngp(*arguments, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "newgameplus", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_episodes(process, monitor: Path, num_episodes):
    """Wait until the run has logged so many episodes."""
    while not monitor.is_file() or monitor.read_text().count("\n") <= num_episodes:
        try:
            code = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"ngp ended with {code} before the run had {num_episodes} episodes: {process.stdout.read()}")


@pytest.mark.parametrize("blow", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.nightly)])
def test_an_evaluation_that_is_struck_down_goes_on_as_if_nothing_had_happened(tmp_path, blow):
    for name in ("whole", "struck"):
        created(tmp_path / name, plan("jerk", seeds=(0,), timesteps=2400))
    arguments = ("evaluate", "--resume", "--results")
    whole = start_ngp(*arguments, "whole", folder=tmp_path)
    struck = start_ngp(*arguments, "struck", folder=tmp_path)
    folder = Results(tmp_path / "struck").run(LEVEL.folder_name, 0).path
    wait_for_episodes(struck, folder / "monitor.csv", 2)
    os.killpg(struck.pid, blow)
    output, _ = struck.communicate(timeout=60)
    assert struck.returncode == (130 if blow is signal.SIGINT else -signal.SIGKILL)
    if blow is signal.SIGINT:
        assert "ngp evaluate --resume --results struck" in output
    resumed = start_ngp(*arguments, "struck", folder=tmp_path)
    output, _ = resumed.communicate()
    assert resumed.returncode == 0, output
    whole.communicate()
    assert whole.returncode == 0
    expected = returns_and_lengths(Results(tmp_path / "whole").run(LEVEL.folder_name, 0).path)
    assert returns_and_lengths(folder) == expected
    assert len(list((folder / "bk2").glob("*.bk2"))) == len(expected)
    ours, theirs = (json.loads((tmp_path / name / "scores.json").read_text()) for name in ("struck", "whole"))
    assert ours["score"] == theirs["score"]


def test_scores_can_be_gathered_while_runs_are_missing(tmp_path):
    of_plan = plan(timesteps=100)
    results = created(tmp_path, of_plan)
    scores = write_scores(results, of_plan)
    assert scores["score"]["mean"] is None
    assert scores["is_complete"] is False
