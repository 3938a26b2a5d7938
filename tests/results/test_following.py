"""What is read of a run that goes on: all that it has logged, once, also when it is resumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from newgameplus.durable import hold
from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import Results
from newgameplus.results.following import MAX_EVENTS, FollowedEvaluation, FollowedTraining, LogTail, follow
from newgameplus.results.kinds import runs_below
from newgameplus.results.monitor import MONITOR_HEADER, CsvLog
from newgameplus.results.training_runs import TrainingFolder

LEVEL = "Airstriker-Genesis-v0/Level1"
AGENT = {"name": "ppo", "preset": "default"}


@pytest.fixture
def training(tmp_path: Path) -> TrainingFolder:
    folder = TrainingFolder(tmp_path / "run-{1}")
    folder.create({"agent": AGENT, "total_steps": 1000})
    return folder


@pytest.fixture
def evaluation(tmp_path: Path) -> Results:
    results = Results(tmp_path / "results")
    level = {"game": "Airstriker-Genesis-v0", "state": "Level1"}
    rules = {"max_timesteps": 100, "max_episodes": None, "max_wall_clock_seconds": 60.0}
    results.create({"format": 1, "agent": AGENT, "rules": rules, "levels": [level], "seeds": [0, 1]})
    for seed in (0, 1):
        results.run("Airstriker-Genesis-v0-Level1", seed).movies.mkdir(parents=True)
    return results


def write(folder: TrainingFolder, name: str, *lines: dict[str, Any]) -> None:
    with folder.log(name).open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def episode(num_steps: int, value: float) -> dict[str, Any]:
    return {"num_steps": num_steps, "level": LEVEL, "return": value, "length": 10}


def test_lines_are_read_once_they_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = LogTail(path, has_header=True)
    assert tail.read() == ([], False)
    for added, lines in (("head", []), ("er\na\n", ["a"]), ("b", []), ("c\nd\n", ["bc", "d"]), ("", [])):
        with path.open("a") as file:
            file.write(added)
        assert tail.read() == (lines, False)
    path.write_text("header\na\n")
    assert tail.read() == (["a"], True)


def test_a_training_run_is_followed_through_a_resume(training: TrainingFolder) -> None:
    run = follow(training.path)
    assert isinstance(run, FollowedTraining)
    write(training, "episodes", episode(100, 1.0), episode(200, 2.0))
    write(training, "metrics", {"num_steps": 150, "learning/loss": 0.5, "return/mean": 1.0})
    run.look()
    write(training, "episodes", episode(300, 3.0))
    run.look()
    assert run.histories[LEVEL].returns.tolist() == [1.0, 2.0, 3.0]
    assert run.histories[LEVEL].steps.tolist() == [100, 200, 300]
    assert {name: values.tolist() for name, (_, values) in run.metrics.items()} == {"loss": [0.5]}
    assert (run.parts[0].num_steps, run.parts[0].fraction, run.parts[0].num_episodes) == (300, 0.3, 3)
    training.log("episodes").write_text(json.dumps(episode(100, 1.0)) + "\n")
    run.look()
    assert run.histories[LEVEL].returns.tolist() == [1.0]
    assert len(run.last) == 1
    assert not run.is_complete()
    training.save_checkpoint(1000, {}, is_best=False)
    run.look()
    assert run.is_complete()


def test_a_watched_episode_leads_to_its_movie_and_to_nothing_else(training: TrainingFolder) -> None:
    training.movies.mkdir()
    (training.movies / "a-000000.bk2").touch()
    (training.path / "b.bk2").touch()
    for movie in ("movies/a-000000.bk2", "movies/../b.bk2", "movies/none.bk2"):
        write(training, "watched", {**episode(10, 1.0), "movie": movie})
    run = follow(training.path)
    run.look()
    assert [each.movie for each in run.last] == [(0, 0), (0, 1), (0, 2)]
    assert run.movie(0, 0) == training.movies / "a-000000.bk2"
    assert [run.movie(*place) for place in ((0, 1), (0, 2), (0, 3), (1, 0))] == [None] * 4


def test_an_evaluation_is_followed_run_by_run(evaluation: Results) -> None:
    run = follow(evaluation.path)
    assert isinstance(run, FollowedEvaluation)
    folder = evaluation.run("Airstriker-Genesis-v0-Level1", 1)
    log = CsvLog(folder.monitor, MONITOR_HEADER)
    log.append(5.0, 20, 1.5)
    run.look()
    log.append(7.0, 30, 2.5)
    (folder.movies / "Airstriker-Genesis-v0-Level1-000001.bk2").touch()
    with hold(folder.path, "--results"):
        run.look()
        assert [part.is_running for part in run.parts] == [False, True]
    name = f"{LEVEL} · seed 1"
    assert [part.name for part in run.parts] == [f"{LEVEL} · seed 0", name]
    assert run.histories[name].steps.tolist() == [20, 50]
    assert run.parts[1].fraction == 0.5
    assert [(each.num_steps, each.movie) for each in run.last] == [(20, (1, 0)), (50, (1, 1))]
    assert run.movie(1, 0) is None
    assert run.movie(1, 1) == folder.movies / "Airstriker-Genesis-v0-Level1-000001.bk2"
    log.close()
    CsvLog(folder.monitor, MONITOR_HEADER).close()
    run.look()
    assert (name in run.histories, run.parts[1].num_steps, len(run.last)) == (False, 0, 0)


def test_only_the_last_episodes_are_kept(training: TrainingFolder) -> None:
    write(training, "episodes", *(episode(step, float(step)) for step in range(200)))
    run = follow(training.path)
    run.look()
    assert [each.num_steps for each in run.last] == list(range(200))[-MAX_EVENTS:]


def test_what_is_corrupt_is_named(training: TrainingFolder, evaluation: Results) -> None:
    write(training, "episodes", {"num_steps": 5, "level": LEVEL})
    with pytest.raises(ResultsError, match=r"run-\{1\}/.*episodes\.jsonl is corrupt"):
        follow(training.path).look()
    manifest = json.loads(evaluation.manifest_path.read_text())
    manifest["levels"][0]["state"] = "../../elsewhere"
    evaluation.manifest_path.write_text(json.dumps(manifest))
    with pytest.raises(ResultsError, match="is no level"):
        follow(evaluation.path)


def test_runs_are_found_where_they_are_named_and_below(
    tmp_path: Path, training: TrainingFolder, evaluation: Results
) -> None:
    assert runs_below(tmp_path) == [evaluation.path, training.path]
    assert runs_below(training.path) == [training.path]
    assert runs_below(tmp_path / "none") == []
