"""Watching shows what a learner does and changes nothing about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.emulator.cores import console_named
from newgameplus.envs.rules import WorldRules
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import find_level
from newgameplus.movies.verify import verify_movie
from newgameplus.results.checkpoints import load_state
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.drawing import HEIGHT, WIDTH
from newgameplus.training.plan import TrainingPlan, begin
from newgameplus.training.run import train
from newgameplus.training.watching import picture_of
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import SONIC_7

COMBOS = resolved(SONIC_7, console_named("Genesis")).combos

pytestmark = pytest.mark.usefixtures("one_thread")

LEVELS = ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Canyon.Act1")
SMALL = {
    "ppo": {"encoder": "dqn-2013", "num_hidden": "16", "rollout_steps": "16", "batch_size": "32", "num_epochs": "1"},
    "rainbow": {
        "encoder": "dqn-2013",
        "num_hidden": "16",
        "capacity": "120",
        "min_transitions": "32",
        "batch_size": "8",
    },
}


def train_small(agent: str, folder: Path, watch_steps: int | None) -> Path:
    plan = TrainingPlan(
        agent=AgentPlan(agent, "default", configure(find_agent(agent), "default", SMALL[agent])),
        world=WorldPlan(tuple(map(find_level, LEVELS)), rules=WorldRules(max_episode_steps=30)),
        num_envs=2,
        total_steps=120,
        checkpoint_steps=120,
        log_steps=60,
        watch_steps=watch_steps,
    )
    begin(plan, folder)
    for _ in train(plan, folder):
        pass
    return folder


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
            assert list(line[name]) == ["+".join(combo) for combo in COMBOS]
            assert sum(line[name].values()) == pytest.approx(1, abs=1e-3)
        assert line["value"] == pytest.approx(np.mean(line["values"]), abs=1e-3)
        if agent == "ppo":
            assert 0 < line["entropy"] <= np.log(len(COMBOS)) + 1e-6
        else:
            assert line["actions"] == line["likeliest"]


def test_a_run_that_is_watched_learns_what_it_learns_alone(runs: tuple[str, Path, Path]) -> None:
    _, watched, alone = runs
    first, second = (
        load_state(TrainingFolder(folder).checkpoints()[-1])["agent"]["network"] for folder in (watched, alone)
    )
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }
    assert (watched / "episodes.jsonl").read_bytes() == (alone / "episodes.jsonl").read_bytes()


def test_what_was_watched_becomes_curves(runs: tuple[str, Path, Path]) -> None:
    found = [line for line in lines(runs[1] / "metrics.jsonl") if "watched/return" in line]
    seen = lines(runs[1] / "watched.jsonl")
    assert [line["watched/return"] for line in found] == [line["return"] for line in seen]
    assert [line["watched/value"] for line in found] == [line["value"] for line in seen]
    for kind, name in (("drawn", "actions"), ("likeliest", "likeliest")):
        assert [line[f"{kind}/DOWN+B"] for line in found] == [line[name]["DOWN+B"] for line in seen]


def test_tensorboard_has_the_returns_of_each_level_the_actions_and_the_values(runs: tuple[str, Path, Path]) -> None:
    seen = lines(runs[1] / "watched.jsonl")
    events = EventAccumulator(str(runs[1] / "tensorboard"))
    events.Reload()
    scalars, returns = set(events.Tags()["scalars"]), {f"return/{level}" for level in LEVELS}
    assert returns | {"return/mean"} <= scalars
    for name in ("drawn/RIGHT", "likeliest/RIGHT", "watched/value"):
        assert [point.step for point in events.Scalars(name)] == [40, 80, 120]
    drawn = [point.value for point in events.Scalars("drawn/RIGHT")]
    assert drawn == pytest.approx([line["actions"]["RIGHT"] for line in seen])
    pictures = events.Images("watched/value along the episode")
    assert [(picture.step, picture.width, picture.height) for picture in pictures] == [
        (step, WIDTH, HEIGHT) for step in (40, 80, 120)
    ]


def test_the_picture_of_the_values_shows_their_curve() -> None:
    seen = {"level": "Game/Level", "return": 2.0, "length": 3, "values": [0.0, 5.0, 0.0]}
    picture = picture_of(seen)
    assert picture is not None
    assert (picture.shape, picture.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    is_curve = (picture[:, :, 2].astype(int) - picture[:, :, 0]) > 150
    heights = [np.flatnonzero(column).mean() for column in is_curve.T if column.any()]
    assert heights[0] > heights[len(heights) // 2] < heights[-1]
    assert len(set(np.round(heights))) > 100
    assert picture_of({"level": "Game/Level"}) is None
