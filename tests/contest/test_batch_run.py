"""Runs that are the rows of one batch: each is played, judged and saved as if it were alone."""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.contest import run as run_module
from newgameplus.contest.batch_run import play_batch
from newgameplus.contest.evaluation import evaluate, manifest_of, plan_of, rows_together
from newgameplus.contest.judged_world import Progress
from newgameplus.contest.plan import Job, Plan
from newgameplus.contest.rules import CONTEST, CONTEST_2018, Rules, with_budget
from newgameplus.contest.run import play_run
from newgameplus.contest.workers import Advanced, Failed, Finished, Started
from newgameplus.emulator.cores import stable_retro_folder
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.movies.verify import verify_movie
from newgameplus.results.checkpoints import load_state, save_state
from newgameplus.results.evaluations import Results
from newgameplus.results.monitor import read_monitor
from newgameplus.results.runs import RunFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan, with_actions
from newgameplus.types import WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
SMALL = {"ppo": {"num_hidden": "16", "rollout_steps": "8"}, "rainbow": {"num_hidden": "32", "capacity": "50"}}
FROZEN = sorted(SMALL)
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["newgameplus.contest.batch_run", "newgameplus.agents.ppo.agent"])
NUM_RUNS = 3

MakeJobs = Callable[..., list[Job]]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A checkpoint of each learner with a small network, by its name."""
    folder, saved = tmp_path_factory.mktemp("weights"), {}
    for name in FROZEN:
        agent_class = find_agent(name)
        config = configure(agent_class, "default", SMALL[name])
        agent = agent_class(config, WorldSpec(1, (), (84, 84, 4), (), 7), 5)
        save_state(folder / f"{name}.safetensors", {"agent": agent.state()})
        saved[name] = str(folder / f"{name}.safetensors")
    return saved


@pytest.fixture
def make_jobs(weights: dict[str, str]) -> MakeJobs:
    def make(
        folder: Path, agent: str, *, rules: Rules = CONTEST, max_episode_steps: int = 60, **budget: Any
    ) -> list[Job]:
        config = configure(find_agent(agent), "default", SMALL.get(agent, {}))
        init = weights.get(agent)
        agent_plan = AgentPlan(agent, "default", config, init, is_frozen=init is not None)
        world = WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=max_episode_steps))
        world = with_actions(world, agent_plan.specs()[1])
        plan = Plan(agent_plan, world, with_budget(rules, **budget), tuple(range(NUM_RUNS)), rows_together=NUM_RUNS)
        return [Job(plan, LEVEL, seed, folder / str(seed)) for seed in plan.seeds]

    return make


class Interruption(Exception):
    pass


def ignore(number: int, progress: Progress) -> None:
    pass


def interrupt_after(num_steps: int, number: int, progress: Progress) -> None:
    """A report that gives up on a batch once its last run has come so far."""
    if number == NUM_RUNS - 1 and progress.num_steps >= num_steps:
        raise Interruption


@pytest.fixture
def _seldom_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint at the first episode's end and then one in 150 steps, whatever the time; a report every step."""
    monkeypatch.setattr(run_module, "REPORT_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(run_module, "CHECKPOINT_SECONDS", 1e9)
    monkeypatch.setattr(run_module, "CHECKPOINT_SHARE", 1e-12)
    monkeypatch.setattr(run_module, "CHECKPOINT_STEPS", 150)


def flat(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: flat(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [flat(inner) for inner in node]
    return (node.dtype.str, node.shape, node.tobytes()) if isinstance(node, np.ndarray) else node


def outcome(job: Job) -> dict[str, Any]:
    """What a run leaves behind, without times."""
    folder = RunFolder(job.folder)
    summary = folder.read(drops_last_episode=True).summary
    assert summary is not None
    saved = load_state(folder.checkpoint)
    return {
        "episodes": [(episode.episode_return, episode.num_steps) for episode in read_monitor(folder.monitor)],
        "movies": {path.name: path.read_bytes() for path in folder.movies.iterdir()},
        "counts": (summary.num_timesteps, summary.num_frames, saved["progress"]["num_resets"]),
        "random": saved["world"],
        "agent": flat(saved["agent"]),
    }


@pytest.mark.parametrize(
    ("agent", "budget"),
    [
        ("random", {"timesteps": 150}),
        ("random", {"rules": CONTEST_2018, "timesteps": 150}),
        ("jerk", {"timesteps": 140}),
        ("jerk", {"episodes": 2, "max_episode_steps": 200}),
    ],
)
def test_without_networks_every_run_ends_to_the_bit_as_in_a_process_of_its_own(
    tmp_path: Path, make_jobs: MakeJobs, agent: str, budget: dict[str, Any]
) -> None:
    alone, together = (make_jobs(tmp_path / name, agent, **budget) for name in ("alone", "together"))
    for job in alone:
        play_run(job, lambda progress: None)
    play_batch(together, ignore)
    assert [*map(outcome, together)] == [*map(outcome, alone)]


@pytest.mark.parametrize("agent", FROZEN)
def test_movies_of_a_frozen_batch_play_back_as_they_were_judged(
    tmp_path: Path, make_jobs: MakeJobs, agent: str
) -> None:
    jobs = make_jobs(tmp_path, agent, timesteps=90)
    play_batch(jobs, ignore)
    seen = [outcome(job) for job in jobs]
    assert len({json.dumps(each["episodes"]) + str(each["movies"]) for each in seen}) == NUM_RUNS
    for job in jobs:
        assert [episode.num_steps for episode in read_monitor(RunFolder(job.folder).monitor)] == [60, 30]
        for movie in RunFolder(job.folder).movies.iterdir():
            assert verify_movie(movie).outcome == "same"


@pytest.mark.usefixtures("_seldom_checkpoints")
@pytest.mark.parametrize("agent", ["random", *FROZEN])
def test_an_interrupted_batch_ends_like_one_that_was_not(tmp_path: Path, make_jobs: MakeJobs, agent: str) -> None:
    whole, pieces = (make_jobs(tmp_path / name, agent, timesteps=180) for name in ("whole", "pieces"))
    play_batch(whole, ignore)
    for num_steps in (70, 130):
        with pytest.raises(Interruption):
            play_batch(pieces, partial(interrupt_after, num_steps))
    shutil.rmtree(pieces[1].folder)  # one begins anew, so that the rows end at different times
    play_batch(pieces, ignore)
    assert [*map(outcome, pieces)] == [*map(outcome, whole)]


def play_killed(jobs: list[Job]) -> None:
    """What the process does that is killed."""
    torch.set_num_threads(1)
    play_batch(jobs, ignore)


@pytest.mark.nightly  # an interrupted batch shows the same at one moment
def test_a_batch_that_is_killed_at_random_moments_ends_as_if_it_had_never_stopped(
    tmp_path: Path, make_jobs: MakeJobs
) -> None:
    whole, killed = (make_jobs(tmp_path / name, "ppo", timesteps=600) for name in ("whole", "killed"))
    started = time.monotonic()
    play_killed(whole)
    seconds = time.monotonic() - started
    rng = random.Random(time.time_ns())
    exit_codes = []
    for _ in range(2):
        process = FORKS.Process(target=play_killed, args=(killed,))
        process.start()
        process.join(rng.uniform(0.1, 0.6) * seconds)
        process.kill()
        process.join()
        exit_codes.append(process.exitcode)
    assert -signal.SIGKILL in exit_codes
    play_killed(killed)
    assert [*map(outcome, killed)] == [*map(outcome, whole)]


def test_a_complete_run_is_not_played_again_and_keeps_its_row(tmp_path: Path, make_jobs: MakeJobs) -> None:
    jobs = make_jobs(tmp_path, "random", timesteps=60)
    play_run(jobs[1], lambda progress: None)
    before = jobs[1].folder.joinpath("monitor.csv").read_bytes()
    told = []
    play_batch(jobs, lambda number, progress: told.append((number, progress.is_complete)))
    assert {number for number, is_complete in told if is_complete} == {0, 2}
    assert jobs[1].folder.joinpath("monitor.csv").read_bytes() == before


def test_a_row_that_fails_fails_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path / "games"))
    odd = tmp_path / "games" / "Odd-Genesis-v0"
    shutil.copytree(stable_retro_folder() / "data/stable/Airstriker-Genesis-v0", odd)
    (odd / "script.lua").write_text("count = 0\nfunction reward() count = count + 1 return count > 99 and 0/0 or 1 end")
    (odd / "scenario.json").write_text(
        json.dumps({"reward": {"script": "lua:reward"}, "done": {}, "scripts": ["script.lua"]})
    )
    levels = (find_level("Odd-Genesis-v0/Level1"), LEVEL)
    agent = AgentPlan("random", "default", configure(find_agent("random"), "default"))
    plan = Plan(agent, WorldPlan(levels), with_budget(CONTEST, timesteps=80), (0,), rows_together=2)
    results = Results(tmp_path / "results")
    results.create(manifest_of(plan, []))
    events = list(evaluate(results, plan, num_workers=1))
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert "Odd-Genesis-v0/Level1 pays a reward of nan" in failed.reason
    assert failed.is_bad_input
    assert [event.job.level for event in events if isinstance(event, Finished)] == [LEVEL]
    assert "go on one by one" in RunFolder(failed.job.folder).worker_log.read_text()


def test_an_evaluation_plays_its_batches_side_by_side_and_goes_on_in_the_same(tmp_path: Path) -> None:
    agent = AgentPlan("random", "default", configure(find_agent("random"), "default"))
    plan = Plan(agent, WorldPlan((LEVEL,)), with_budget(CONTEST, timesteps=100), (0, 1, 2), rows_together=2)
    results = Results(tmp_path / "results")
    results.create(manifest_of(plan, []))
    assert plan_of(results.manifest()) == plan
    events = list(evaluate(results, plan, num_workers=2))
    assert [sum(isinstance(event, kind) for event in events) for kind in (Started, Finished, Failed)] == [3, 3, 0]
    assert len({event.job.seed for event in events if isinstance(event, Advanced)}) == 3
    assert results.scores()["is_complete"]
    results.run(LEVEL.folder_name, 1).summary.unlink()
    events = list(evaluate(results, plan, num_workers=2))
    assert [event.job.seed for event in events if isinstance(event, Started | Finished)] == [1, 1]


def test_what_plays_in_batches_is_found_out_or_refused(make_jobs: MakeJobs, tmp_path: Path) -> None:
    (frozen, *_) = make_jobs(tmp_path, "ppo", timesteps=100)
    (timed, *_) = make_jobs(tmp_path, "random", wall_clock_seconds=5)
    learning = Plan(AgentPlan("ppo", "default", frozen.plan.agent.config), frozen.plan.world, CONTEST, (0, 1, 2))
    assert [rows_together(frozen.plan, num_workers, None) for num_workers in (1, 2, 3)] == [3, 2, 1]
    assert rows_together(frozen.plan, 1, is_batched=False) == 1
    assert (rows_together(timed.plan, 1, None), rows_together(timed.plan, 1, is_batched=True)) == (1, 3)
    assert rows_together(learning, 1, None) == 1
    with pytest.raises(UsageError, match="ppo learns and does not act so: leave out --batch"):
        rows_together(learning, 1, is_batched=True)
