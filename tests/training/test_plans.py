"""Who plays and where come back from every manifest, and the rules of the world hold wherever an agent plays."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configure
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.steps import MovieSteps, most_steps
from newgameplus.open_games.proof import par_path
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import AgentPlan, Prefill, agent_plan_of
from newgameplus.training.plan import TrainingPlan, begin, read_plan
from newgameplus.training.run import train
from newgameplus.training.worlds import WorldPlan, world_plan_of
from newgameplus.types import SONIC_7, WARPED

from .test_run import contents, plan_of, run_to_the_end

pytestmark = pytest.mark.usefixtures("one_thread")

LEVELS = tuple(find_level(f"Tumbleweed-Genesis-v0/{state}") for state in ("Mesa.Act1", "Canyon.Act1"))
RAINBOW = AgentPlan("rainbow", "default", configure(find_agent("rainbow"), "default", {"capacity": "400"}))
RULES = WorldRules(frames_per_step=2, sticky_probability=0.5, max_episode_steps=40, stall_frames=24)


def through_a_file(content: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json.dumps(content))
    return loaded


@pytest.mark.parametrize(
    "changes", [{}, {"init": "x", "is_frozen": True}, {"init": "x", "prefill": Prefill("par", 7)}, {"preset": "tuned"}]
)
def test_who_plays_comes_back_from_a_manifest(changes: dict[str, Any]) -> None:
    plan = replace(RAINBOW, **changes)
    assert agent_plan_of(through_a_file(plan.manifest() | {"format": 1, "seeds": [3]})) == plan


@pytest.mark.parametrize("plan", [WorldPlan(LEVELS), WorldPlan(LEVELS[:1], "picodrive", RULES)])
def test_where_it_plays_comes_back_from_a_manifest(plan: WorldPlan) -> None:
    assert world_plan_of(through_a_file(plan.manifest() | {"format": 1, "seeds": [3]})) == plan


def test_manifests_of_0_1_are_read() -> None:
    old = {**RAINBOW.manifest(), "prefill": "par", "prefill_steps": 70, "core": None, "max_episode_steps": 30}
    del old["is_frozen"]
    old["levels"] = [["Airstriker-Genesis-v0", "Level1", "scenario"]]
    assert agent_plan_of(through_a_file(old)) == replace(RAINBOW, prefill=Prefill("par", 70))
    world = world_plan_of(through_a_file(old))
    assert world == WorldPlan((find_level("Airstriker-Genesis-v0/Level1"),), rules=WorldRules(max_episode_steps=30))


@pytest.mark.parametrize(
    "damage",
    [{"is_frozen": "no"}, {"init": 3}, {"prefill": {"source": "par"}, "agent": {"name": "rainbow"}}, {"agent": []}],
)
def test_a_damaged_part_is_not_taken_for_a_plan(damage: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        agent_plan_of({**RAINBOW.manifest(), **damage})


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(UsageError, match="say whose with --init"):
        replace(RAINBOW, is_frozen=True)
    with pytest.raises(UsageError, match="of no use"):
        replace(RAINBOW, is_frozen=True, init="x", prefill=Prefill("par"))
    with pytest.raises(UsageError, match="can only be judged"):
        TrainingPlan(replace(RAINBOW, is_frozen=True, init="x"), WorldPlan(LEVELS), 1, 1)


def test_plans_are_read_without_torch() -> None:
    program = "import sys, newgameplus.training.plan; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_a_run_under_other_rules_goes_on_under_them(tmp_path: Path) -> None:
    plan = plan_of("ppo", 200, levels=LEVELS, checkpoint_steps=50, watch_steps=80)
    plan = replace(plan, world=replace(plan.world, rules=RULES))
    straight, stopped = run_to_the_end(plan, tmp_path / "straight"), tmp_path / "stopped"
    begin(plan, stopped)
    reports = train(plan, stopped)
    while len(TrainingFolder(stopped).checkpoints()) < 2:
        next(reports)
    reports.close()
    assert read_plan(stopped) == plan
    assert contents(run_to_the_end(plan, stopped)) == contents(straight)
    lengths = [json.loads(line)["length"] for line in (straight / "episodes.jsonl").read_text().splitlines()]
    assert min(lengths) < 40, "an episode stalled"
    for line in (straight / "watched.jsonl").read_text().splitlines():
        seen = json.loads(line)
        assert read_movie(straight / seen["movie"]).num_frames == 1 + 2 * seen["length"]


def test_a_movie_has_as_many_steps_as_the_frame_skip_makes_of_it(tmp_path: Path) -> None:
    path = par_path(LEVELS[0])
    num_frames = read_movie(path).num_frames - 1
    for frames_per_step in (1, 3, CONTEST_WORLD.frames_per_step):
        most = most_steps(path, frames_per_step)
        assert most == -(-num_frames // frames_per_step)
        with MovieSteps(path, WARPED, SONIC_7, frames_per_step=frames_per_step) as movie:
            assert most - 1 <= sum(1 for _ in movie) <= most
