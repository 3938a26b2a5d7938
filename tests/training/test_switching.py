"""A run whose rows switch levels, and begins with movies, names its levels rightly and goes on exactly."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.open_games.proof import par_path
from newgameplus.results.checkpoints import load_state
from newgameplus.results.training_runs import TrainingFolder
from newgameplus.training.agent_plan import Prefill
from newgameplus.training.plan import TrainingPlan, begin, check, read_plan
from newgameplus.training.run import train

from .test_run import contents, kill_at_a_random_moment, newest, plan_of, run_to_the_end

pytestmark = pytest.mark.usefixtures("one_thread")

LEVELS = [find_level(f"Tumbleweed-Genesis-v0/{state}") for state in ("Mesa.Act1", "Frost.Act1", "Canyon.Act1")]


def switching(agent: str, num_steps: int = 400, **changes: Any) -> TrainingPlan:
    defaults: dict[str, Any] = {"levels": tuple(LEVELS), "switch_steps": 50, "watch_steps": None}
    return plan_of(agent, num_steps, **{**defaults, **changes})


def prefilled(**changes: Any) -> TrainingPlan:
    fields = {"capacity": "300", "min_transitions": "100"}
    return switching("rainbow", prefill=Prefill(str(par_path(LEVELS[2])), 70), fields=fields, **changes)


@pytest.mark.nightly
def test_killed_at_random_moments_and_resumed_a_run_that_switches_ends_as_if_it_had_never_stopped(
    tmp_path: Path,
) -> None:
    plan = prefilled()
    started = time.monotonic()
    straight = run_to_the_end(plan, tmp_path / "straight")
    most_seconds = (time.monotonic() - started) / 4
    killed = tmp_path / "killed"
    begin(plan, killed)
    rng = random.Random(time.time_ns())
    was_killed = [kill_at_a_random_moment(killed, most_seconds, rng) for _ in range(3)]
    assert any(was_killed)
    run_to_the_end(plan, killed)
    expected, found = contents(straight), contents(killed)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def test_an_episode_is_put_down_to_the_level_that_it_was_played_on(tmp_path: Path) -> None:
    plan = switching("random", 1200)
    folder = run_to_the_end(plan, tmp_path / "run")
    lines = [json.loads(line) for line in (folder / "episodes.jsonl").read_text().splitlines()]
    # Both rows play two episodes of 40 steps on a level before they have played 50 steps or more and switch.
    assert [line["num_steps"] for line in lines] == [80 * (1 + place // 2) for place in range(30)]
    played = [[line["level"] for line in lines[row::2]] for row in range(2)]
    visits = [level for first, second in zip(played[0][::2], played[1][::2], strict=True) for level in (first, second)]
    assert all(row[0:14:2] == row[1:15:2] for row in played)
    assert visits[:16] == order_of(plan)
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert {f"return/{level}" for level in LEVELS} <= metrics[-1].keys()


def order_of(plan: TrainingPlan) -> list[str]:
    """The line of levels of a plan, as far as 16 rows would begin with."""
    order_seed = int(np.random.SeedSequence([plan.seed, 3]).generate_state(1)[0])
    queue = ShuffledLevels(plan.world.levels, order_seed)
    return [str(queue.level(place)) for place in range(16)]


def test_a_prefill_is_in_the_first_checkpoint_and_counts_as_no_step(tmp_path: Path) -> None:
    plan, folder = prefilled(checkpoint_steps=400), tmp_path / "run"
    begin(plan, folder)
    reports = train(plan, folder)
    told = next(reports)
    assert told.prepared is not None
    assert (told.prepared.num_steps, told.prepared.num_total, told.num_steps) == (70, 70, 0)
    assert next(reports).num_steps == 2
    state = load_state(newest(folder))
    assert (state["tracker"]["num_steps"], state["agent"]["num_steps"]) == (0, 0)
    # The last turn is cut, so that its last frame takes a slot as well.
    assert state["agent"]["replay"][0]["written"].tolist() == [71, 0]
    reports.close()
    run_to_the_end(plan, folder)
    final = load_state(newest(folder))
    assert (final["tracker"]["num_steps"], final["agent"]["num_steps"]) == (400, 400)
    assert [int(path.stem) for path in TrainingFolder(folder).checkpoints()] == [0, 400]


def test_what_switches_and_what_is_prefilled_is_part_of_the_plan(tmp_path: Path) -> None:
    plan = prefilled()
    begin(plan, tmp_path / "run")
    assert read_plan(tmp_path / "run") == plan


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"levels": (LEVELS[0], LEVELS[0])}, r"There is no other level than .*Mesa\.Act1 to switch to"),
        ({"prefill": Prefill("par")}, "The agent ppo has no replay buffer"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_written(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        check(switching("ppo", **changes))


def test_experts_need_rows_that_stay_in_their_zone() -> None:
    with pytest.raises(UsageError, match="experts must know the zone of each row"):
        check(switching("experts"))


def test_a_prefill_tells_at_least_one_transition() -> None:
    with pytest.raises(UsageError, match="prefill_steps must be at least 1"):
        Prefill("par", 0)
