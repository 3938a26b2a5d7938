"""The rows of the transfer experiment come from real evaluations, and its page from nothing but published results."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.chart import Line, apart, line_chart, ticks
from benchmarks.runs.transfer import ROWS
from benchmarks.transfer_page import (
    DOCS,
    NAMES,
    PAGE,
    block,
    curve,
    interval,
    outcomes,
    picture,
    picture_name,
    with_block,
)
from benchmarks.turns import RESULTS

ROOT = Path(__file__).parent.parent.parent
SPLIT = """
description = "Two levels."
scenario = "contest"
levels = ["Tumbleweed-Genesis-v0/Mesa.Act3", "Tumbleweed-Genesis-v0/Canyon.Act2"]
"""
RESULT: dict[str, Any] = {
    "row": "ppo",
    "created": "2026-01-01T00:00:00+00:00",
    "agent": {"name": "ppo", "preset": "tuned", "config": {}},
    "is_frozen": False,
    "init": None,
    "rules": {},
    "num_steps": 1000,
    "seed": 0,
    "levels": {"Mesa.Act3": {"score": 10.0, "curve": [10.0] * 40}, "Oasis.Act4": {"score": 30.0, "curve": [None] * 40}},
}


def transfer(folder: Path, *arguments: str) -> str:
    """What the script says, with everything that it writes in ``folder``."""
    command = [sys.executable, "-m", "benchmarks.runs.transfer", *arguments, "--split", str(folder / "two.toml")]
    extra = ["--", "--num-envs", "2"] if arguments[0] == "pretrain" else []
    folders = [] if extra else ["--results", str(folder / "published"), "--work", str(folder / "work")]
    return subprocess.run([*command, *folders, *extra], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "two.toml").write_text(SPLIT)
    return tmp_path


def publish(folder: Path, name: str, **changes: Any) -> None:
    path = folder / f"2026-01-01_transfer_{name}" / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(copy.deepcopy(RESULT) | changes))


def test_the_page_and_its_pictures_are_what_the_published_results_make_them() -> None:
    table = outcomes(RESULTS)
    page = PAGE.read_text(encoding="utf-8")
    assert with_block(page, block(table)) == page
    pictures = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "images").glob("transfer-*.svg")}
    assert pictures == {Path(picture_name(steps)).name: picture(rows, steps) for steps, rows in table.items()}


def test_the_first_steps_of_a_row_are_published_without_playing_them_again(folder: Path) -> None:
    for steps in (("9000",), ("4600", "--first-of", "9000")):
        transfer(folder, "row", "random", "--steps", *steps)
    results = {
        result["num_steps"]: result
        for result in (json.loads(path.read_text()) for path in (folder / "published").glob("*/result.json"))
    }
    assert results.keys() == {9000, 4600}
    for whole, first in zip(*(results[steps]["levels"].values() for steps in (9000, 4600)), strict=True):
        assert whole["num_episodes"] > first["num_episodes"] >= 1
        assert first["best"] <= whole["best"]
    assert results[4600]["created"] == results[9000]["created"]
    with pytest.raises(subprocess.CalledProcessError):
        transfer(folder, "row", "jerk", "--steps", "100", "--first-of", "9000")


def test_a_row_is_a_real_evaluation_and_is_published_once(folder: Path) -> None:
    said = [transfer(folder, "row", "random", "--steps", "300") for _ in range(2)]
    (path,) = (folder / "published").glob("*/result.json")
    result = json.loads(path.read_text())
    scores = json.loads((folder / "work" / "random-300-seed-0" / "scores.json").read_text())
    assert result["score"] == scores["score"]["mean"]
    assert [line["score"] for line in result["levels"].values()] == [
        round(line["score"], 2) for line in scores["levels"]
    ]
    assert "published before" not in said[0]
    assert "published before" in said[1]
    assert list(outcomes(folder / "published")[300]) == ["random"]


@pytest.mark.nightly
def test_a_joint_row_says_where_its_weights_come_from(folder: Path) -> None:
    run = str(folder / "run")
    for _ in range(2):  # the second finds it done
        transfer(folder, "pretrain", "ppo", "--steps", "20", "--run", run)
    transfer(folder, "row", "ppo-joint-frozen", "--steps", "40", "--init", run)
    (outcome,) = outcomes(folder / "published")[40].values()
    assert (outcome.num_steps_before, outcome.num_levels_before) == (20, 2)
    assert outcome.levels == ("Mesa.Act3", "Canyon.Act2")


def test_a_point_of_a_curve_is_the_mean_of_the_episodes_that_ended_shortly_before() -> None:
    points = curve([(100, 1.0), (50, 3.0), (10, 5.0), (800, 7.0), (40, 9.0)], 1000)  # ends: 100, 150, 160, 960, 1000
    assert points[3] == 1.0
    assert points[5] == 2.0
    assert points[6] == 3.0
    assert points[11] is None
    assert points[-1] == 8.0


def test_an_interval_resamples_zones_with_all_their_levels() -> None:
    values = np.array([0.0, 1000.0, 5000.0])
    of_zones = interval(("Mesa.Act1", "Oasis.Act1", "Mine.Act1"), values)
    twice = [f"{zone}.Act{act}" for zone in ("Mesa", "Oasis", "Mine") for act in (1, 2)]
    assert interval(twice, values.repeat(2)) == of_zones
    assert interval(("Mesa.Act1", "Mesa.Act2"), values[:2]) is None


def test_an_interval_covers_the_mean_of_other_zones_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    levels = [f"Zone{number}.Act1" for number in range(30)]
    found = [interval(levels, random.normal(size=30)) for _ in range(200)]
    covered = np.mean([ends is not None and ends[0] < 0 < ends[1] for ends in found])
    assert 0.88 < covered < 0.99


def test_more_seeds_of_one_recipe_are_taken_together_and_the_newest_counts(tmp_path: Path) -> None:
    better = {"Mesa.Act3": {"score": 20.0, "curve": [20.0] * 40}, "Oasis.Act4": {"score": 50.0, "curve": [50.0] * 40}}
    publish(tmp_path, "ppo")
    publish(tmp_path, "ppo-2", created="2026-01-02", levels=better)
    publish(tmp_path, "ppo-3", created="2026-01-03", seed=1)
    outcome = outcomes(tmp_path)[1000]["ppo"]
    assert outcome.scores.tolist() == [[20.0, 10.0], [50.0, 30.0]]
    assert outcome.mean == 27.5


def test_seeds_of_another_recipe_are_left_out(tmp_path: Path) -> None:
    publish(tmp_path, "ppo", seed=0)
    publish(tmp_path, "ppo-2", seed=1, created="2026-01-02", agent={"name": "ppo", "preset": "default", "config": {}})
    assert outcomes(tmp_path)[1000]["ppo"].scores.tolist() == [[10.0], [30.0]]


def test_the_table_says_how_much_more_than_from_nothing(tmp_path: Path) -> None:
    before = {"sha256": "a", "num_steps": 5000, "plan": {"levels": [[], []]}, "init": None}
    joint = {"Mesa.Act3": {"score": 40.0, "curve": [40.0] * 40}, "Oasis.Act4": {"score": 60.0, "curve": [60.0] * 40}}
    publish(tmp_path, "ppo")
    publish(tmp_path, "ppo-joint", row="ppo-joint", levels=joint, init=before)
    text = block(outcomes(tmp_path))
    assert "| PPO, joint | 1 | **50** | 40 to 60 | 50 | +30 | +30 to +30 | 0.500 | 5,000 steps on 2 levels |" in text
    assert "| | Mesa | Oasis |" in text
    assert "| PPO from nothing | 10 | 30 |" in text


def test_joint_rows_are_compared_with_the_same_preset_from_nothing_if_that_was_played(
    tmp_path: Path,
) -> None:
    def levels(score: float) -> dict[str, Any]:
        return {name: {"score": score, "curve": [score] * 40} for name in ("Mesa.Act3", "Oasis.Act4")}

    for number, (row, score) in enumerate((("ppo", 10.0), ("ppo-joint", 50.0), ("ppo-fine-tuned", 25.0))):
        publish(tmp_path, row, row=row, levels=levels(score))
        text = block(outcomes(tmp_path))
        assert ("| +40 |" in text, "| +25 |" in text) == ((False, False), (True, False), (False, True))[number]


def test_every_row_that_can_be_played_has_a_name_on_the_page() -> None:
    assert list(NAMES) == list(ROWS)


def test_a_chart_is_svg_with_every_line_and_round_numbers() -> None:
    lines = [Line("a < b", "#000000", "", [(0, 0), (90, 4000)]), Line("c", "#000000", "2 4", [(0, 50), (90, 3990)])]
    tree = ElementTree.fromstring(line_chart(lines, "x", "y"))
    words = [element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b", "c", "4,000", "80"} <= set(words)


@pytest.mark.parametrize(
    ("highest", "wanted"), [(4000, [0, 1000, 2000, 3000, 4000]), (9.5, [0, 2, 4, 6, 8, 10]), (0, [0, 1])]
)
def test_ticks_are_round(highest: float, wanted: list[float]) -> None:
    assert ticks(highest) == wanted


def test_names_that_would_overlap_move_apart_in_their_order() -> None:
    assert apart([100, 101, 50, 399], 17, 10, 400) == [100, 117, 50, 399]
    assert apart([399, 400], 17, 10, 400) == [383, 400]
