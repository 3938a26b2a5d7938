"""A run of an agent that evolves: generations in a log and on the screen, movies of the best, the winner in a file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents.neat.config import NeatConfig
from newgameplus.agents.neat.settings import NeatFile
from newgameplus.cli.main import run
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.movies.verify import verify_movie
from newgameplus.results.monitor import read_monitor
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at
from newgameplus.testing.promises import first_difference
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan
from tests.agents.neat.conftest import small

pytestmark = pytest.mark.usefixtures("one_thread")
LEVELS = ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Canyon.Act1")


def plan_of(config: NeatConfig, **changes: Any) -> TrainingPlan:
    plan = TrainingPlan(
        agent=AgentPlan("neat", "default", config),
        world=WorldPlan(tuple(map(find_level, LEVELS)), rules=WorldRules(max_episode_steps=12)),
        num_envs=4,
        total_steps=640,
        checkpoint_steps=200,
        log_steps=200,
    )
    return replace(plan, **changes)


def played(plan: TrainingPlan, folder: Path, stops: tuple[int, ...] = ()) -> TrainingFolder:
    """Play a plan to its end, leaving it after some numbers of steps and resuming."""
    begin(plan, folder)
    for stop in (*stops, plan.total_steps):
        done: list[int] = [0]
        for report in train(read_plan(folder), folder, partial(_reached, done, stop - plan.num_envs)):
            done.append(report.num_steps)
    return TrainingFolder(folder)


def _reached(done: list[int], stop: int) -> bool:
    return done[-1] >= stop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    return played(plan_of(small()), tmp_path_factory.mktemp("evolving") / "run")


def test_every_generation_is_a_line(folder: TrainingFolder) -> None:
    lines = folder.lines("generations")
    assert [line["generation"] for line in lines] == list(range(len(lines)))
    assert len(lines) >= 3
    assert all(sum(species["size"] for species in line["species"]) == 6 for line in lines)
    metrics = folder.lines("metrics")[-1]
    assert metrics["learning/generation"] == lines[-1]["generation"]


def test_each_new_best_has_a_movie_that_plays_back(folder: TrainingFolder) -> None:
    bests = [line["best"] for line in folder.lines("generations")]
    changes = 1 + sum(before != after for before, after in pairwise(bests))
    watched = folder.lines("watched")
    assert len(watched) == changes
    for line in watched:
        verdict = verify_movie(folder.path / line["movie"])
        assert (verdict.outcome, verdict.episode_return) == ("same", line["return"])
        assert set(line["actions"]) >= {"LEFT", "RIGHT", "B"}


def test_left_in_mid_generation_and_resumed_it_evolves_as_if_never_left(folder: TrainingFolder, tmp_path: Path) -> None:
    again = played(plan_of(small()), tmp_path / "again", (212, 440, 444))
    states = [one.last_checkpoint() for one in (folder, again)]
    assert states[0] is not None
    assert states[1] is not None
    assert first_difference(states[0]["agent"], states[1]["agent"]) is None
    for name in ("episodes", "watched"):
        assert again.log(name).read_bytes() == folder.log(name).read_bytes()
    assert again.winner.read_bytes() == folder.winner.read_bytes()


def test_the_winner_is_json_and_what_a_frozen_evaluation_plays(folder: TrainingFolder, tmp_path: Path) -> None:
    lines = folder.lines("generations")
    fittest = max(lines, key=lambda line: line["fitness"])
    winner = json.loads(folder.winner.read_text())["agent"]["winner"]
    assert (winner["number"], winner["fitness"]) == (fittest["best"], fittest["fitness"])
    assert checkpoint_at(folder.path) == folder.winner
    options = ["--init", str(folder.path), "--frozen", "--level", LEVELS[0], "--timesteps", "60", "--results"]
    assert run(["evaluate", "neat", *options, str(tmp_path / "results")]) == 0
    monitor = next((tmp_path / "results").rglob("monitor.csv"))
    assert isinstance(read_monitor(monitor), list)


def test_it_ends_when_the_threshold_is_reached(tmp_path: Path) -> None:
    config = small()
    text = config.file.text.replace("fitness_threshold = 1e9", "fitness_threshold = -1e9")
    solved = replace(config, file=NeatFile("solved.cfg", hashlib.sha256(text.encode()).hexdigest(), text))
    folder = played(plan_of(solved), tmp_path / "run")
    (line,) = folder.lines("generations")
    assert line["is_solved"]
    assert line["num_steps"] < 640
    assert not list(train(read_plan(folder.path), folder.path))


def test_watching_is_not_for_agents_that_evolve() -> None:
    with pytest.raises(UsageError, match="leave out --watch-every"):
        check(plan_of(small(), watch_steps=100))


def test_ngp_train_tells_the_table_of_species(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("neat.cfg").write_text(small().file.text)
    options = ["--set", "file=neat.cfg", "--level", LEVELS[0], "--episode-steps", "12", "--steps", "400"]
    assert run(["train", "neat", *options, "--num-envs", "4", "--run", "run"]) == 0
    told = capsys.readouterr().err
    assert "   ID   age  size   fitness   adj fit  stag\n  ====  ===  ====" in told
    assert "Population's average fitness" in told
    manifest = TrainingFolder(Path("run")).manifest()
    assert manifest["agent"]["config"]["file"]["path"] == "neat.cfg"
