"""An agent learns in stages before its first step, goes on after an interruption, and counts for its world alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import WorldRules
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.open_games.proof import par_path
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.plan import TrainingPlan, begin, check
from newgameplus.training.run import train
from newgameplus.training.stages import require_modelled_world
from newgameplus.training.worlds import WorldPlan, with_actions

from .test_run import flat

pytestmark = pytest.mark.usefixtures("one_thread")

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
AIRSTRIKER = find_level("Airstriker-Genesis-v0/Level1")
FIELDS = {
    "vision_channels": "2,2,4,4", "num_latents": "3", "num_hidden": "4", "num_mixtures": "2", "num_individuals": "4",
    "vision_updates": "101", "vision_batch": "2", "dynamics_updates": "51", "dynamics_batch": "2",
    "sequence_steps": "5", "dream_generations": "3", "dream_rows": "4", "dream_episodes": "1", "dream_steps": "5",
    "device": "cpu",
}  # fmt: skip


@pytest.fixture(scope="module")
def movies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two beginnings of a par movie."""
    folder = tmp_path_factory.mktemp("movies")
    movie = read_movie(par_path(LEVEL))
    for num_steps in (12, 8):
        write_movie(folder / f"{num_steps}.bk2", replace(movie, masks=movie.masks[: 1 + 4 * num_steps]))
    return folder


def plan_with(movies: Path, **changes: Any) -> TrainingPlan:
    config = configure(find_agent("world_model"), "small", FIELDS)
    agent = AgentPlan("world_model", "small", config, demonstrations=str(movies))
    world = with_actions(WorldPlan((LEVEL,), rules=WorldRules(max_episode_steps=10)), agent.specs()[1])
    return replace(TrainingPlan(agent, world, num_envs=1, total_steps=8, num_threads=1), **changes)


@pytest.fixture(scope="module")
def trained(movies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "straight"
    plan = plan_with(movies)
    check(plan)
    begin(plan, folder)
    stages = [report.prepared.stage for report in train(plan, folder) if report.prepared is not None]
    assert list(dict.fromkeys(stages)) == ["collect", "v", "m", "c"]
    return folder


def stop_in(stage: str, plan: TrainingPlan, folder: Path) -> tuple[str, int]:
    """Train until it is stopped after the first report of a stage; return what was done last."""
    came: list[bool] = []
    last = ("", 0)
    for report in train(plan, folder, partial(bool, came)):
        assert report.prepared is not None
        last = (report.prepared.stage, report.prepared.num_steps)
        came += [True] * (last[0] == stage)
    return last


def test_a_run_that_is_stopped_in_every_stage_ends_as_if_it_had_never_stopped(
    movies: Path, trained: Path, tmp_path: Path
) -> None:
    plan, folder = plan_with(movies), tmp_path / "stopped"
    begin(plan, folder)
    assert [stop_in(stage, plan, folder) for stage in "vmc"] == [("v", 100), ("m", 51), ("c", 2)]
    assert [path.stem for path in TrainingFolder(folder).checkpoints()] == ["000000000000"]
    for _ in train(plan, folder):
        pass
    ends = [TrainingFolder(path).last_checkpoint() for path in (trained, folder)]
    for state in ends:
        assert state is not None
        del state["tracker"]["elapsed_seconds"], state["world"]
    assert flat(ends[0]) == flat(ends[1])


def test_a_model_counts_for_its_game_its_actions_and_its_frame_rate_alone(movies: Path, trained: Path) -> None:
    plan = plan_with(movies)
    agent = replace(plan.agent, demonstrations=None, init=str(trained), is_frozen=True)
    require_modelled_world(agent, plan.world)
    others = [
        (replace(plan.world, rules=WorldRules(frames_per_step=1)), "was learned at frames_per_step 4, not 1"),
        (WorldPlan((AIRSTRIKER,)), "was learned on Tumbleweed, not on Airstriker"),
        (replace(plan.world, actions=None), "was learned with other actions"),
    ]
    for world, sentence in others:
        with pytest.raises(UsageError, match=f"The world model of .*straight {sentence}; train another one"):
            require_modelled_world(agent, world)


def test_movies_of_another_game_and_weights_beside_movies_are_refused_beforehand(movies: Path, trained: Path) -> None:
    plan = plan_with(movies)
    wrong = replace(plan, world=WorldPlan((AIRSTRIKER,)))
    with pytest.raises(NewGamePlusError, match="is of Tumbleweed, but what is learned is of Airstriker"):
        check(wrong)
    both = replace(plan, agent=replace(plan.agent, init=str(trained)))
    with pytest.raises(UsageError, match="has learned already: leave out --demonstrations, or --init"):
        check(both)
