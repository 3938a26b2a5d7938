"""What version 0.1 wrote is still read: its results, movies and training runs, whole and interrupted.

``fixtures/v0_1.tar.xz`` was written by 0.1.0: ``results`` (random, two seeds), ``results-interrupted`` and what the
same command came to where nobody interrupted it (``results-whole``), ``ppo-interrupted`` (64 of 128 steps,
``smoothing=0.9``) and ``rainbow-interrupted`` (200 of 300 steps).
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.plan import read_plan

pytestmark = pytest.mark.usefixtures("one_thread")

ARCHIVE = Path(__file__).parent / "fixtures" / "v0_1.tar.xz"
RUN = Path("levels/Airstriker-Genesis-v0-Level1/seed-0")


@pytest.fixture(autouse=True)
def _unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)


def _returns_and_lengths(results: str) -> list[str]:
    lines = (Path(results) / RUN / "monitor.csv").read_text().splitlines()
    return [line.rpartition(",")[0] for line in lines]


def test_finished_results_are_complete_and_keep_their_score(capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads(Path("results/scores.json").read_text())
    assert run(["evaluate", "--resume", "--results", "results", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["is_complete"]
    assert after["score"]["mean"] == before["score"]["mean"]


def test_results_are_reported() -> None:
    assert run(["report", "results", "--output", "page.html"]) == 0
    assert "Airstriker" in Path("page.html").read_text()


def test_finished_results_whose_monitor_was_cut_short_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Path("results") / RUN / "monitor.csv"
    monitor.write_text("".join(monitor.read_text().splitlines(keepends=True)[:-1]))
    assert run(["evaluate", "--resume", "--results", "results"]) == 2
    assert "monitor.csv is not what the run wrote" in capsys.readouterr().err.replace("\n", " ")
    assert run(["report", "results", "--output", "page.html"]) == 2
    assert not Path("page.html").exists()


def test_interrupted_results_go_on_to_what_they_would_have_been() -> None:
    assert len(_returns_and_lengths("results-interrupted")) < len(_returns_and_lengths("results-whole"))
    assert run(["evaluate", "--resume", "--results", "results-interrupted"]) == 0
    assert _returns_and_lengths("results-interrupted") == _returns_and_lengths("results-whole")


def test_movies_are_verified() -> None:
    movies = sorted(map(str, (Path("results") / RUN / "bk2").glob("*.bk2")))
    assert len(movies) >= 2
    for movie in movies:
        assert run(["movie", "verify", movie]) == 0


@pytest.mark.parametrize(("folder", "num_steps"), [("ppo-interrupted", 128), ("rainbow-interrupted", 300)])
def test_an_interrupted_training_run_goes_on_to_its_end(folder: str, num_steps: int) -> None:
    assert run(["train", "--resume", "--run", folder]) == 0
    assert (Path(folder) / f"checkpoints/{num_steps:012d}.safetensors").is_file()
    last = (Path(folder) / "metrics.jsonl").read_text().splitlines()[-1:]
    assert all(json.loads(line)["num_steps"] <= num_steps for line in last)


@pytest.mark.parametrize("agent", ["ppo", "rainbow"])
def test_weights_of_a_training_run_are_judged(agent: str) -> None:
    arguments = ["--init", f"{agent}-interrupted", "--frozen", "--split", "airstriker", "--timesteps", "40"]
    assert run(["evaluate", agent, *arguments, "--results", "judged"]) == 0
    assert json.loads(Path("judged/manifest.json").read_text())["is_frozen"]


def test_a_training_run_is_reported() -> None:
    assert run(["report", "ppo-interrupted", "--output", "page.html"]) == 0
    assert "Airstriker" in Path("page.html").read_text()


def test_renamed_fields_are_read_under_their_new_names() -> None:
    assert read_plan(Path("ppo-interrupted")).agent.config.gae_lambda == 0.9
    assert read_plan(Path("rainbow-interrupted")).total_steps == 300


def test_renamed_metrics_are_read_under_their_new_names() -> None:
    folder = TrainingFolder(Path("ppo-interrupted"))
    folder.log("metrics").write_text('{"num_steps": 64, "learning/divergence": 0.5, "learning/entropy": 1.5}\n')
    assert folder.lines("metrics") == [{"num_steps": 64, "learning/approx_kl": 0.5, "learning/entropy": 1.5}]
