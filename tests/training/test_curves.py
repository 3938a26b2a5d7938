"""The page of a training run shows what its logs say and asks nothing of any network."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.errors import ResultsError
from newgameplus.games.levels import find_level
from newgameplus.training.curves import write_curves
from newgameplus.training.plan import TrainingPlan, begin

FIGURE = re.compile(r"Plotly\.newPlot\(\s*\"figure-\d+\",\s*(\[.*?\]),\s*\{\"", re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = configure(find_agent("ppo"), "default", {})
    begin(TrainingPlan("ppo", "default", config, (find_level("Airstriker-Genesis-v0/Level1"),), 1, 9), tmp_path / "r")
    return tmp_path / "r"


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_it_draws_returns_figures_and_watched_episodes(folder: Path) -> None:
    metrics = [
        {"num_steps": 10, "return/mean": 1.25, "learning/value_loss": 0.5, "learning/explained_variance": math.nan},
        {"num_steps": 20, "return/mean": 2.75, "learning/value_loss": 0.25},
    ]
    shares = [0.5, 0.5, 0, 0, 0, 0, 0]
    seen = {"level": "A/B", "return": 1.0, "length": 2, "actions": shares, "likeliest": shares, "values": [7.5, 8.5]}
    write_lines(folder / "metrics.jsonl", metrics)
    write_lines(folder / "watched.jsonl", [{"num_steps": n, **seen} for n in (10, 20)])
    page = write_curves(folder).read_text()
    data = [json.loads(found) for found in FIGURE.findall(page)]
    assert [trace["y"] for trace in data[0]] == [[1.25, 2.75]]
    assert [[0.5, 0.25]] in [[trace["y"] for trace in traces] for traces in data]
    assert data[-2][0]["x"][:2] == ["LEFT", "RIGHT"]
    assert [trace["name"] for trace in data[-1]] == ["after 10 steps", "after 20 steps"]
    assert data[-1][0]["y"] == [7.5, 8.5]
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page)


def test_a_run_without_figures_has_a_page_that_says_so(folder: Path) -> None:
    assert "no figures yet" in write_curves(folder).read_text()


def test_a_damaged_log_and_a_folder_without_a_run_are_said_to_be_so(folder: Path, tmp_path: Path) -> None:
    (folder / "metrics.jsonl").write_text("{")
    with pytest.raises(ResultsError, match=r"metrics\.jsonl is damaged"):
        write_curves(folder)
    with pytest.raises(ResultsError, match="no training run"):
        write_curves(tmp_path)
