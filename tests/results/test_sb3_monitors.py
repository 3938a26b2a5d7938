"""Monitor files of an evaluation are those that Stable-Baselines3 writes, and its own reader takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.cli.main import run as ngp
from newgameplus.errors import ResultsError
from newgameplus.results.evaluations import Results
from newgameplus.results.json_files import write_json
from newgameplus.results.monitor import MONITOR_HEADER, CsvLog
from newgameplus.results.sb3_monitors import write_monitor_files

EPISODES = [(1.5, 1000, 2.0), (0.1 + 0.2, 500, 3.25)]


def evaluation(folder: Path, num_seeds: int = 2) -> Path:
    """A results directory with the logs of one level."""
    results = Results(folder)
    folder.mkdir()
    write_json(results.manifest_path, {"format": 1})
    for seed in range(num_seeds):
        run = results.run("Airstriker-Genesis-v0-Level1", seed)
        run.path.mkdir(parents=True)
        log = CsvLog(run.monitor, MONITOR_HEADER)
        for episode in EPISODES:
            log.append(*episode)
        log.close()
    return folder


def test_each_run_gets_a_file_with_a_head_and_its_episodes(tmp_path: Path) -> None:
    assert write_monitor_files([evaluation(tmp_path / "jerk")], tmp_path / "sb3") == 2
    names = sorted(path.name for path in (tmp_path / "sb3").iterdir())
    assert names == [f"Airstriker-Genesis-v0-Level1.seed-{seed}.monitor.csv" for seed in (0, 1)]
    head, header, *rows = (tmp_path / "sb3" / names[0]).read_text().splitlines()
    assert json.loads(head.removeprefix("#")) == {"t_start": 0.0, "env_id": "Airstriker-Genesis-v0-Level1"}
    assert header == "r,l,t"
    assert [tuple(map(float, row.split(","))) for row in rows] == EPISODES


def test_several_results_are_kept_apart_by_the_command(tmp_path: Path) -> None:
    folders = [str(evaluation(tmp_path / name, 1)) for name in ("jerk", "ppo")]
    assert ngp(["report", *folders, "--monitors", str(tmp_path / "sb3")]) == 0
    assert sorted(path.parent.name for path in tmp_path.glob("sb3/*/*monitor.csv")) == ["jerk", "ppo"]


def test_what_cannot_be_converted_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    good, taken = evaluation(tmp_path / "jerk"), tmp_path / "taken"
    taken.mkdir()
    (taken / "own.monitor.csv").write_text("")
    empty = evaluation(tmp_path / "empty", 0)
    for results, folder, words in [
        ([good], taken, "has files already"),
        ([good, empty], tmp_path / "new", "no episodes yet"),
        ([good, good], tmp_path / "new", "same name"),
        ([tmp_path], tmp_path / "new", "not a results directory"),
    ]:
        with pytest.raises(ResultsError, match=words):
            write_monitor_files(results, folder)
    assert not (tmp_path / "new").exists()
    assert [path.name for path in taken.iterdir()] == ["own.monitor.csv"]


def test_stable_baselines_reads_them(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="needs: pip install pandas")
    monitor = pytest.importorskip("stable_baselines3.common.monitor", reason="needs: pip install stable-baselines3")
    write_monitor_files([evaluation(tmp_path / "jerk")], tmp_path / "sb3")
    table = monitor.load_results(str(tmp_path / "sb3"))
    assert sorted(table["r"]) == sorted(2 * [episode[0] for episode in EPISODES])
