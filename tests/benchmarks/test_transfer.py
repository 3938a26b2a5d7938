"""The rows of the transfer experiment come from real evaluations, and its page from nothing but published results."""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chart import Line, apart, line_chart, ticks
from benchmarks.runs.transfer import judge, results_of
from benchmarks.transfer_page import (
    DOCS,
    PAGE,
    block,
    frozen_lines,
    outcomes,
    pictures,
    with_block,
)
from benchmarks.transfer_rows import BEST_JERK, COMPARED, ROWS
from benchmarks.turns import RESULTS
from newgameplus.agents import find_agent
from newgameplus.contest.evaluation import manifest_of
from newgameplus.contest.plan import Plan
from newgameplus.contest.rules import CONTEST, with_budget
from newgameplus.contest.sitting import sit_down
from newgameplus.games.levels import find_level
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.session.commands import Request
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan

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
    "git_commit": "0123456789ab",
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
    drawn = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "images").glob("transfer-*.svg")}
    assert drawn == {Path(name).name: text for name, text in pictures(table).items()}


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
    joint = {
        "Mesa.Act3": {"score": 40.0, "best": 90.0, "curve": [40.0] * 40},
        "Oasis.Act4": {"score": 60.0, "best": 110.0, "curve": [60.0] * 40},
    }
    publish(tmp_path, "ppo")
    publish(
        tmp_path, "ppo-joint", row="ppo-joint", levels=joint, init=before, created="2026-01-02", git_commit="a" * 40
    )
    text = block(outcomes(tmp_path))
    assert "| PPO, joint | 1 | **50** | 40 to 60 | 50 | 100 | 0.50 | +30 | +30 to +30 | 0.500 | 5,000 steps" in text
    assert "5,000 steps on 2 levels | `aaaaaaaaa` |" in text
    assert r"|  | `012345678`\* |" in text
    assert r"\* played with other code than the newest row of this table." in text
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


def test_what_rows_name_is_there() -> None:
    assert {other for row in ROWS.values() for other in row.scratch} <= ROWS.keys()
    assert {name for pair in COMPARED for name in pair} | set(BEST_JERK) <= ROWS.keys()
    assert len({row.label for row in ROWS.values()}) == len(ROWS)


def test_a_row_after_some_steps_begins_with_the_first_checkpoint_from_there_on(tmp_path: Path) -> None:
    row = ROWS["ppo-joint-frozen-500k"]
    missing = row.init(tmp_path)
    assert missing == TrainingFolder(tmp_path / "ppo").kept(500_000)
    for name in ("520000", "499000", "510000", "best", "900000"):
        path = tmp_path / "ppo" / "checkpoints" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert row.init(tmp_path) == tmp_path / "ppo" / "checkpoints" / "510000.safetensors"
    missing.touch()
    assert row.init(tmp_path) == missing
    assert ROWS["ppo-joint-frozen-1000k"].init(tmp_path) != row.init(tmp_path)


def test_frozen_weights_of_several_lengths_of_training_are_a_line(tmp_path: Path) -> None:
    for number, steps in enumerate((500_000, 1_000_000)):
        before = {"sha256": f"{number}", "num_steps": steps, "plan": {"levels": [[], []]}, "init": None}
        name = f"ppo-joint-frozen-{steps // 1000}k"
        publish(tmp_path, name, row=name, init=before, is_frozen=True)
        lines = frozen_lines(outcomes(tmp_path))
        assert len(lines) == number
    assert lines[0].points == [(500_000, 20.0), (1_000_000, 20.0)]
    assert "transfer-frozen.svg" in block(outcomes(tmp_path))


def test_all_rows_are_judged_but_for_those_that_are_published_or_lack_their_weights(folder: Path) -> None:
    runs = ["--runs", str(folder / "runs")]
    rows = ["--rows", "random", "ppo-joint", "human", "--seeds", "2", "--steps", "300"]
    first = transfer(folder, "all", *rows, *runs)
    assert first.count("written to") == 2
    assert first.count("ppo-joint, seed") == first.count("left out, because there is no") == 2
    assert first.count("human, seed") == first.count("left out, because no person has played it to its end") == 2
    assert outcomes(folder / "published")[300]["random"].scores.shape == (2, 2)
    assert transfer(folder, "all", *rows, *runs).count("published.") == 2


class Idle:
    """Hands that press a button once, and then nothing."""

    is_rewinding = is_fast = False

    def __init__(self) -> None:
        self._masks = iter((0, 0, 1))

    def take_mask(self) -> int:
        return next(self._masks, 0)

    def key_of(self, request: Request) -> str:
        return request.command.value


def test_the_row_of_a_person_is_taken_from_the_results_folder(tmp_path: Path) -> None:
    arguments = argparse.Namespace(row="human", steps=8, first_of=None, seed=0, init=None, split=str(tmp_path / "two"))
    arguments.work = arguments.runs = tmp_path
    arguments.results = tmp_path / "published"
    with pytest.raises(SystemExit, match="A person plays this row to its end first: ngp play --rules contest --split"):
        judge(arguments, [])
    agent = AgentPlan("human", "default", find_agent("human").PRESETS["default"])
    world = WorldPlan((find_level("Airstriker-Genesis-v0/Level1"),))
    plan = Plan(agent, world, with_budget(CONTEST, timesteps=8), (0,))
    results = results_of("human", tmp_path, 8, 0)
    results.create(manifest_of(plan, ["ngp", "play"]))
    with sit_down(results, plan, Idle()) as sitting:
        for frame in range(40):
            sitting.turn(frame / 60)
    judge(arguments, [])
    assert outcomes(arguments.results)[8]["human"].scores.shape == (1, 1)


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
