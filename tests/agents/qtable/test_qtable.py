"""Tabular Q: its promises, what each rule learns, tables that go from run to run, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus.agents.configuration import configure
from newgameplus.agents.qtable.agent import QTable
from newgameplus.agents.qtable.config import QTableConfig
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.testing import check_agent
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.rehearsal import rehearse
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Array, Step, WorldSpec

SMALL = QTableConfig(gray=True, size=(4, 6), crop=(1, 1, 4, 3), levels=3, rule="bellman")
NUM_CELLS, NUM_ACTIONS, PRIZE = 6, 3, 10.0


def build(config: QTableConfig, num_rows: int = 2, seed: int = 0, shape: tuple[int, ...] = (1, NUM_CELLS, 1)) -> QTable:
    return QTable(config, WorldSpec(num_rows, (), shape, (), NUM_ACTIONS), seed)


class Corridor:
    """Cells in a row, each a picture; action 1 goes on, 0 goes back, and the end gives a prize to each row."""

    def __init__(self, num_rows: int = 2) -> None:
        self.place = np.zeros(num_rows, np.int64)

    def picture(self) -> Array:
        shown = np.zeros((len(self.place), 1, NUM_CELLS, 1), np.uint8)
        shown[np.arange(len(self.place)), 0, self.place, 0] = 255
        return shown

    def step(self, action: Array) -> Step:
        self.place = np.clip(self.place + (action == 1) - (action == 0), 0, NUM_CELLS - 1)
        done = self.place == NUM_CELLS - 1
        final = dict(enumerate(self.picture()))
        self.place[done] = 0
        reward = np.where(done, PRIZE, 0.0)
        last = {int(row): final[int(row)] for row in np.flatnonzero(done)}
        return Step(self.picture(), reward, done, np.zeros_like(done), last)


def walk(agent: QTable, world: Corridor, num_steps: int) -> float:
    """Return the mean reward per step."""
    total = 0.0
    for _ in range(num_steps):
        step = world.step(agent.act(world.picture()))
        agent.observe(step)
        total += float(step.reward.mean())
    return total / num_steps


CORRIDOR = QTableConfig(gray=True, crop=None, rule="bellman", epsilon=0.05)
BEST_RATE = PRIZE / (NUM_CELLS - 1)


@pytest.mark.parametrize(("preset", "fields"), [("default", {}), ("raw-2018", {}), ("bellman", {"bonus": 1.0})])
def test_it_keeps_every_promise_of_an_agent(preset: str, fields: dict[str, Any]) -> None:
    small = {"gray": True, "size": SMALL.size, "crop": SMALL.crop, "levels": 2}
    check_agent(QTable, replace(QTable.PRESETS[preset], **(small | fields)), num_envs=2, num_steps=60)


def test_bellman_learns_a_delayed_reward_and_the_rule_of_2018_does_not() -> None:
    agent, original = build(CORRIDOR), build(replace(CORRIDOR, rule="best-remembered"))
    walk(agent, Corridor(), 400)
    walk(original, Corridor(), 400)
    assert walk(agent, Corridor(), 100) > 0.8 * BEST_RATE
    assert walk(original, Corridor(), 100) < 0.5 * BEST_RATE


def test_traces_learn_the_whole_way_at_once() -> None:
    def values(trace_decay: float) -> int:
        agent = build(replace(CORRIDOR, trace_decay=trace_decay), 1)
        world = Corridor(1)
        while walk(agent, world, 1) == 0:
            pass
        return int((agent._table.entries()["value"] > 0).sum())

    assert values(0.0) == 1
    assert values(0.9) >= NUM_CELLS - 1


def test_it_tells_first_how_often_states_are_seen_again() -> None:
    agent = build(CORRIDOR)
    assert agent.metrics() == {}
    walk(agent, Corridor(), 200)
    figures = agent.metrics()
    assert next(iter(figures)) == "revisit_rate"
    assert figures["distinct_states"] == NUM_CELLS - 1
    assert figures["revisit_rate"] == pytest.approx(1 - (NUM_CELLS - 1) / 400, abs=0.01)
    assert sum(share for name, share in figures.items() if name.startswith("action/")) == pytest.approx(1)


def test_a_killed_run_in_a_folder_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    agents = [build(CORRIDOR), build(CORRIDOR)]
    for agent, name in zip(agents, ("straight", "broken"), strict=True):
        agent.keep_in(tmp_path / name, 500)
    worlds = [Corridor(), Corridor()]
    for agent, world in zip(agents, worlds, strict=True):
        walk(agent, world, 50)
    saved, place = agents[1].state(), worlds[1].place.copy()
    walk(agents[1], worlds[1], 77)
    again, world = build(CORRIDOR, seed=9), Corridor()
    again.keep_in(tmp_path / "broken", 500)
    again.restore(saved)
    world.place = place
    assert walk(again, world, 200) == walk(agents[0], worlds[0], 200)
    assert np.array_equal(again._table.entries(), agents[0]._table.entries())


def test_a_new_run_begins_with_the_tables_of_others(tmp_path: Path) -> None:
    for seed, name in enumerate(("one", "two")):
        agent = build(CORRIDOR, seed=seed)
        agent.keep_in(tmp_path / name / "replay", 500)
        walk(agent, Corridor(), 400)
        agent.state()
    runs = tuple(str(tmp_path / name) for name in ("one", "two"))
    heir = build(replace(CORRIDOR, tables=runs, learning_rate=0.0, epsilon=0.0))
    assert walk(heir, Corridor(), 100) == pytest.approx(BEST_RATE)
    assert heir._table.entries()["count"].sum() == 2 * 2 * 400 + 200


def test_a_table_of_another_crop_is_refused_before_the_run_and_stays(tmp_path: Path) -> None:
    agent = build(CORRIDOR)
    agent.keep_in(tmp_path / "run" / "replay", 500)
    walk(agent, Corridor(), 10)
    file = tmp_path / "run" / "replay" / "table.bin"
    before = file.read_bytes()
    other = replace(CORRIDOR, crop=(1, 0, 5, 1), tables=(str(file),))
    with pytest.raises(
        UsageError, match=r"was written with other states or actions \(crop all of 6 x 1, gray.*crop 1,0"
    ):
        build(other).keep_in(tmp_path / "new", 500)
    with pytest.raises(UsageError, match="There is no table at"):
        build(replace(CORRIDOR, tables=("nowhere",))).act(Corridor().picture())
    with pytest.raises(StateError, match="set the same fields"):
        build(other).restore(build(CORRIDOR).state())
    assert file.read_bytes() == before


def test_a_missing_table_is_found_before_anything_is_written() -> None:
    config = replace(QTable.PRESETS["default"], tables=("nowhere",))
    plan = AgentPlan("qtable", "default", config)
    with pytest.raises(UsageError, match="There is no table at nowhere"):
        rehearse(plan, WorldPlan((find_level("Airstriker-Genesis-v0/Level1"),)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"crop": "0,0,0,5"}, "crop is x, y"),
        ({"levels": "1"}, "levels lies between 2 and 256"),
        ({"stack": "0"}, "stack is 1 or more"),
        ({"foreground": "0"}, "foreground is a difference"),
        ({"epsilon": "2"}, "epsilon lies between 0 and 1"),
        ({"discount": "1", "trace_decay": "1"}, "traces never end"),
        ({"bonus": "-1"}, "bonus is 0 or more"),
    ],
)
def test_fields_that_make_no_sense_are_refused(fields: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        configure(QTable, "default", fields)
