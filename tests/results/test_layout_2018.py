"""Results in the layout of 2018, for scripts that read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.cli.main import run as ngp
from newgameplus.results.evaluations import Results
from newgameplus.results.json_files import write_json
from newgameplus.results.monitor import read_monitor

TEXTS = {f"{side}-{stream}.txt" for side in ("agent", "remote") for stream in ("stdout", "stderr")}


def evaluation(folder: Path, num_seeds: int = 1, *, is_session: bool = True) -> Path:
    """A results directory with runs of one level."""
    results = Results(folder)
    folder.mkdir()
    write_json(results.manifest_path, {"format": 1})
    for seed in range(num_seeds):
        run = results.run("SonicTheHedgehog-Genesis-v0-GreenHillZone.Act1", seed)
        run.movies.mkdir(parents=True)
        run.monitor.write_text("r,l,t\n9857.22,643,2.316\n")
        run.log.write_text("l,t\n")
        run.worker_log.write_text("the world\n")
        for index in (0, 12_345):
            (run.movies / f"SonicTheHedgehog-Genesis-v0-GreenHillZone.Act1-{index:06d}.bk2").write_bytes(b"movie")
        (run.movies / "notes.bk2").write_bytes(b"")
        if is_session:
            run.entry_log.write_text("the agent\n")
            run.end.write_text('{"reason": "timesteps"}\n')
    return folder


def test_a_run_is_laid_out_as_the_results_folder_of_2018(tmp_path: Path) -> None:
    there = tmp_path / "there"
    assert ngp(["report", str(evaluation(tmp_path / "jerk")), "--layout", "2018", "--output", str(there)]) == 0
    assert {path.name for path in there.iterdir()} == {"monitor.csv", "log.csv", "bk2", *TEXTS}
    assert [episode.num_steps for episode in read_monitor(there / "monitor.csv")] == [643]
    level = "SonicTheHedgehog-Genesis-GreenHillZone.Act1"
    assert sorted(path.name for path in (there / "bk2").iterdir()) == [f"{level}-0000.bk2", f"{level}-12345.bk2"]
    assert (there / "agent-stdout.txt").read_text() == "the agent\n"
    assert (there / "remote-stdout.txt").read_text() == "the world\n"
    assert json.loads((there / "remote-stderr.txt").read_text()) == {"reason": "timesteps"}
    assert not (there / "agent-stderr.txt").read_text()


def test_an_agent_in_the_process_of_its_world_prints_as_the_agent(tmp_path: Path) -> None:
    results = [evaluation(tmp_path / "jerk", 2, is_session=False)]
    assert ngp(["report", *map(str, results), "--layout", "2018", "--output", str(tmp_path / "there")]) == 0
    for seed in (0, 1):
        run = tmp_path / "there" / f"SonicTheHedgehog-Genesis-v0-GreenHillZone.Act1.seed-{seed}"
        assert (run / "agent-stdout.txt").read_text() == "the world\n"
        assert not (run / "remote-stdout.txt").read_text()


def test_what_cannot_be_laid_out_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, empty = evaluation(tmp_path / "good"), evaluation(tmp_path / "empty", 0)
    before = sorted(tmp_path.iterdir())
    for arguments, why in [
        ([good], "name it with --output"),
        ([good, "--output", good], "exists already and is left as it is"),
        ([empty, "--output", tmp_path / "new"], "has no episodes yet"),
        ([good, good, "--output", tmp_path / "new"], "Two of the results have a run"),
        ([tmp_path, "--output", tmp_path / "new"], "is not a results directory"),
        ([good, "--output", good / "manifest.json" / "new"], "Cannot write results"),
    ]:
        assert ngp(["report", *map(str, arguments), "--layout", "2018"]) == 2
        assert why in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
