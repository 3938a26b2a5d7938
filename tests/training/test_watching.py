"""Watching shows what a learner does and changes nothing about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.games.levels import find_level
from newgameplus.movies.verify import verify_movie
from newgameplus.training.checkpoints import load_state
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.transfer import checkpoints
from newgameplus.types import SONIC_7

LEVELS = ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Canyon.Act1")
SMALL = {
    "ppo": {"num_steps": "16", "batch_size": "32", "num_epochs": "1", "num_hidden": "16"},
    "rainbow": {"capacity": "120", "min_transitions": "32", "batch_size": "8", "num_hidden": "16"},
}


def train_small(agent: str, folder: Path, watch_steps: int | None) -> Path:
    plan = TrainingPlan(
        agent=agent,
        preset="default",
        config=configure(find_agent(agent), "default", SMALL[agent]),
        levels=tuple(map(find_level, LEVELS)),
        num_envs=2,
        num_steps=120,
        checkpoint_steps=120,
        max_episode_steps=30,
        log_steps=60,
        watch_steps=watch_steps,
    )
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return folder


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=SMALL)
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """The agent, a run that was watched, and the same unwatched."""
    folder = tmp_path_factory.mktemp(request.param)
    watched = train_small(request.param, folder / "watched", 40)
    return request.param, watched, train_small(request.param, folder / "alone", None)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_so_many_steps_an_episode_of_the_next_level_is_played(runs: tuple[str, Path, Path]) -> None:
    found = lines(runs[1] / "watched.jsonl")
    assert [line["num_steps"] for line in found] == [40, 80, 120]
    assert [line["level"] for line in found] == [LEVELS[0], LEVELS[1], LEVELS[0]]
    assert len(list((runs[1] / "movies").iterdir())) == 3


def test_its_movie_plays_back_to_what_the_line_says(runs: tuple[str, Path, Path]) -> None:
    for line in lines(runs[1] / "watched.jsonl"):
        verdict = verify_movie(runs[1] / line["movie"])
        assert (verdict.outcome, verdict.episode_return) == ("same", line["return"])


def test_the_line_says_what_was_done_and_thought(runs: tuple[str, Path, Path]) -> None:
    agent, watched, _ = runs
    for line in lines(watched / "watched.jsonl"):
        assert line["length"] == 30 == len(line["values"])
        for name in ("actions", "likeliest"):
            assert len(line[name]) == len(SONIC_7.combos)
            assert sum(line[name]) == pytest.approx(1, abs=1e-3)
        assert line["value"] == pytest.approx(np.mean(line["values"]), abs=1e-3)
        if agent == "ppo":
            assert 0 < line["entropy"] <= np.log(len(SONIC_7.combos)) + 1e-6
        else:
            assert line["actions"] == line["likeliest"]


def test_a_run_that_is_watched_learns_what_it_learns_alone(runs: tuple[str, Path, Path]) -> None:
    _, watched, alone = runs
    first, second = (load_state(checkpoints(folder)[-1])["agent"]["network"] for folder in (watched, alone))
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }
    assert (watched / "episodes.jsonl").read_bytes() == (alone / "episodes.jsonl").read_bytes()


def test_what_was_watched_becomes_curves(runs: tuple[str, Path, Path]) -> None:
    found = [line for line in lines(runs[1] / "metrics.jsonl") if "watched/return" in line]
    seen = lines(runs[1] / "watched.jsonl")
    assert [line["watched/return"] for line in found] == [line["return"] for line in seen]
    assert [line["watched/value"] for line in found] == [line["value"] for line in seen]
