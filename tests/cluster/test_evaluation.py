"""Runs of an evaluation on workers that share no disk with who asked for them."""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.cluster.connect import executor_on
from newgameplus.contest.elsewhere import check_travels, tasks_of
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.workers import Advanced, Failed, Finished, Interrupted, play_runs, tasks_here
from newgameplus.envs.rules import CONTEST_WORLD
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.results.runs import RunFolder
from newgameplus.training.agent_plan import AgentPlan, Prefill
from newgameplus.training.worlds import WorldPlan, with_actions
from tests.conftest import cluster_of

LEVEL = find_level("Airstriker-Genesis-v0/Level1")


def jobs(folder: Path, timesteps: int, seeds: int = 2) -> list[Job]:
    agent = AgentPlan("jerk", "default", JerkConfig())
    world = with_actions(
        WorldPlan((LEVEL,), None, replace(CONTEST_WORLD, max_episode_steps=100), None), agent.specs()[1]
    )
    plan = Plan(agent, world, with_budget(CONTEST, timesteps=timesteps), tuple(range(seeds)))
    return [Job(plan, LEVEL, seed, folder / f"seed-{seed}") for seed in plan.seeds]


def what_happened(job: Job) -> tuple[list[list[str]], dict[str, bytes]]:
    """Returns and lengths of a run's episodes, and its movies."""
    run = RunFolder(job.folder)
    assert run.read().summary is not None
    rows = [row[:2] for row in csv.reader(run.monitor.read_text().splitlines()[1:])]
    return rows, {path.name: path.read_bytes() for path in run.movies.glob("*.bk2")}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Runs of 600 steps with two seeds, played on this machine; look, do not touch."""
    made = jobs(tmp_path_factory.mktemp("runs") / "here", 600)
    with closing(executor_on("local", 1)) as executor:
        assert sum(isinstance(event, Finished) for event in play_runs(tasks_here(made), executor)) == 2
    return made


def test_runs_on_a_cluster_leave_what_runs_here_leave(cluster, here, tmp_path):
    there = jobs(tmp_path / "there", 600)
    with closing(executor_on(cluster.address, games=[LEVEL.game])) as executor:
        events = list(play_runs(tasks_of(there), executor))
    assert sum(isinstance(event, Finished) for event in events) == 2
    assert any(isinstance(event, Advanced) for event in events)
    assert [*map(what_happened, there)] == [*map(what_happened, here)]
    names = [{path.name for path in job.folder.iterdir()} - {".lock", "worker.log"} for job in (*here, *there)]
    assert all(each == names[0] for each in names)


def test_a_run_whose_worker_is_killed_goes_on_from_its_checkpoint(here, tmp_path):
    there = jobs(tmp_path / "there", 600, 1)
    interrupted_at, resumed_at = 0, None
    with cluster_of(1, tmp_path / "logs") as frail, closing(executor_on(frail.address)) as executor:
        for event in play_runs(tasks_of(there, send_seconds=0.0), executor):
            assert not isinstance(event, Failed), event
            if isinstance(event, Advanced) and interrupted_at and resumed_at is None:
                resumed_at = event.progress.num_steps
            if isinstance(event, Advanced) and event.progress.num_episodes >= 2 and not interrupted_at:
                interrupted_at = event.progress.num_steps
                frail.kill("here-1")
            if isinstance(event, Interrupted):
                resumed_at = None
    assert resumed_at
    assert what_happened(there[0]) == what_happened(here[0])


def test_interrupted_results_can_be_continued_here(cluster, here, tmp_path):
    there = jobs(tmp_path / "there", 600, 1)
    with closing(executor_on(cluster.address)) as executor:
        playing = play_runs(tasks_of(there, send_seconds=0.0), executor)
        for event in playing:
            if isinstance(event, Advanced) and event.progress.num_episodes >= 2:
                break
        playing.close()
    assert not RunFolder(there[0].folder).is_complete()
    assert RunFolder(there[0].folder).checkpoint.is_file()
    with closing(executor_on("local", 1)) as executor:
        list(play_runs(tasks_here(there), executor))
    assert what_happened(there[0]) == what_happened(here[0])


def test_a_level_that_is_another_one_there_is_a_failure_in_one_sentence(cluster, tmp_path):
    (job,) = jobs(tmp_path, 500, 1)
    tasks = tasks_of([job])
    for task in tasks:
        task.content.level["rom_sha1"] = "12ab"
    with closing(executor_on(cluster.address)) as executor:
        failed = [event for event in play_runs(tasks, executor) if isinstance(event, Failed)]
    assert len(failed) == 1
    assert failed[0].is_bad_input
    assert "its rom was 12ab and is" in failed[0].reason


def test_a_prefill_on_this_disk_does_not_travel(tmp_path):
    (job,) = jobs(tmp_path, 500, 1)
    agent = AgentPlan("rainbow", "default", job.plan.agent.config, prefill=Prefill(str(tmp_path)))
    with pytest.raises(UsageError, match="lies on this machine and does not travel"):
        check_travels(Plan(agent, job.plan.world, job.plan.rules, (0,)))
