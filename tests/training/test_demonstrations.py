"""Agents learn from demonstrations of any source before their first step, and bad ones are named beforehand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.games.levels import Level, find_level, find_split
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.open_games.proof import par_path
from newgameplus.training.agent_plan import AgentPlan, Prefill
from newgameplus.training.demonstrations import Preparation, movies_of, par_movie, reference
from newgameplus.training.plan import TrainingPlan, begin, read_plan
from newgameplus.training.preparation import check_preparation, prepare
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Step

from .test_run import contents, run_to_the_end

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
SNES = Level("SuperMarioWorld-Snes-v0", "YoshiIsland1", "scenario")
FIELDS = {
    "ppo": {"rollout_steps": "8", "batch_size": "16", "num_hidden": "8", "cloning_epochs": "2", "cloning_steps": "100"},
    "rainbow": {"capacity": "400", "num_hidden": "8", "batch_size": "8", "demonstration_updates": "5"},
}


def agent_plan(agent: str, source: Path | str, **changes: Any) -> AgentPlan:
    fields = {"encoder": "dqn-2013", "actions": "sonic-10", "device": "cpu", **FIELDS[agent], **changes}
    return AgentPlan(agent, "default", configure(find_agent(agent), "default", fields), demonstrations=str(source))


def preparation(agent: str, source: Path | str, level: Level = LEVEL, **changes: Any) -> Preparation:
    return Preparation(agent_plan(agent, source, **changes), WorldPlan((level,)), 2, 0)


@pytest.fixture
def movies(tmp_path: Path) -> Path:
    """A folder with two beginnings of a par movie, of 30 and 20 steps."""
    folder = tmp_path / "movies"
    folder.mkdir()
    movie = read_movie(par_path(LEVEL))
    for num_steps in (30, 20):
        write_movie(folder / f"{num_steps}.bk2", replace(movie, masks=movie.masks[: 1 + 4 * num_steps]))
    return folder


class Pupil:
    """An agent that writes down what happens to it, and when."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def demonstrate(self, observation: Any, action: Any, step: Step, rows: Any) -> None:
        self.calls.append("end" if step.done[0] else "step")

    def pretrain(self) -> Any:
        self.calls.append("learn")
        yield 3, 3, {"accuracy": 0.5}

    def remember(self, observation: Any, action: Any, step: Step, rows: Any) -> None:
        self.calls.append("remember")


def test_demonstrations_come_first_whole_and_are_learned_from_before_a_prefill(movies: Path) -> None:
    pupil, wanted = Pupil(), preparation("rainbow", movies)
    wanted = replace(wanted, agent=replace(wanted.agent, prefill=Prefill(str(movies / "30.bk2"), 4)))
    reports = list(prepare(wanted, pupil))  # type: ignore[arg-type]  # it plays nothing
    assert pupil.calls == [*["step"] * 19, "end", *["step"] * 29, "end", "learn", *["remember"] * 4]
    assert [(told.stage, told.num_steps, told.num_exact) for told in reports] == [
        ("demonstrations", 50, 50),
        ("pretraining", 3, None),
        ("prefill", 4, 4),
    ]


def test_a_split_stands_for_the_proofs_of_its_levels(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    levels = find_split("tumbleweed-train").levels[:2]
    path.write_text(f"levels = {[str(level) for level in levels]}")
    assert movies_of(reference(str(path))) == []
    check_preparation(preparation("ppo", reference(str(path))))
    assert movies_of("par")[:2] == [par_movie(level) for level in levels]


@pytest.mark.parametrize(
    ("agent", "source", "changes", "sentence"),
    [
        ("ppo", "par", {"level": SNES}, "is of a Genesis, but what is learned is of a Snes"),
        ("ppo", "airstriker", {}, r"Airstriker-Genesis-v0/Level1 has no par movie; search one with: ngp levels check"),
    ],
)
def test_what_cannot_be_learned_from_is_said_beforehand(
    agent: str, source: str, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(NewGamePlusError, match=sentence):
        check_preparation(preparation(agent, source, **changes))


def test_demonstrations_that_take_up_too_much_of_the_replay_buffer_are_refused(movies: Path) -> None:
    with pytest.raises(UsageError, match="Demonstrations take up half of the replay buffer at most, but 30 of the"):
        check_preparation(preparation("rainbow", movies, capacity="100"))


def test_an_agent_that_cannot_learn_from_demonstrations_is_named() -> None:
    config = configure(find_agent("jerk"), "default")
    wanted = Preparation(AgentPlan("jerk", "default", config, demonstrations="par"), WorldPlan((LEVEL,)), 1, 0)
    with pytest.raises(
        UsageError, match="The agent jerk cannot learn from demonstrations; ppo, rainbow and world_model can"
    ):
        check_preparation(wanted)


def test_a_movie_without_a_whole_step_teaches_nothing(tmp_path: Path) -> None:
    movie = read_movie(par_path(LEVEL))
    write_movie(tmp_path / "none.bk2", replace(movie, masks=movie.masks[:1]))
    with pytest.raises(UsageError, match="no whole step in the movies"):
        check_preparation(preparation("ppo", tmp_path))


def plan_with(agent: str, movies: Path) -> TrainingPlan:
    return TrainingPlan(
        agent_plan(agent, movies), WorldPlan((LEVEL,)), num_envs=2, total_steps=64, checkpoint_steps=32, num_threads=1
    )


@pytest.mark.parametrize("agent", ["ppo", "rainbow"])
def test_a_run_that_is_lost_after_its_demonstrations_goes_on_as_if_it_had_never_stopped(
    agent: str, movies: Path, tmp_path: Path
) -> None:
    plan = plan_with(agent, movies)
    straight = run_to_the_end(plan, tmp_path / "straight")
    lost = tmp_path / "lost"
    begin(plan, lost)
    assert read_plan(lost) == plan
    reports = train(plan, lost)
    assert next(report for report in reports if report.prepared is None).num_steps == 2
    reports.close()
    for movie in movies.glob("*.bk2"):
        movie.unlink()  # they are needed no more
    run_to_the_end(plan, lost)
    assert contents(lost) == contents(straight)
    told = [json.loads(line) for line in (lost / "metrics.jsonl").read_text().splitlines()]
    assert told[0]["num_steps"] == 0
    assert any(name.startswith("pretraining/") for name in told[0])


def test_demonstrations_are_seen_with_as_many_frames_as_the_agent_wants(movies: Path) -> None:
    shapes = set()

    class Looker(Pupil):
        def demonstrate(self, observation: Any, action: Any, step: Step, rows: Any) -> None:
            shapes.add((*observation.shape, np.asarray(step.next_observation).shape[-1]))

    list(prepare(preparation("ppo", movies, stack="6"), Looker()))  # type: ignore[arg-type]
    assert shapes == {(1, 84, 84, 6, 6)}
