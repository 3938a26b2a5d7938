"""The judge of plain tables returns what stable-retro returns, for any scenario over a real machine's memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stable_retro.data import GameData

from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.games.catalogue import find_game, games
from newgameplus.games.integration import read_json_object
from newgameplus.games.table_judge import OPERATIONS, table_judge

WORK_MEMORY = 0xFF0000
TYPES = ["|u1", "|i1", ">u2", ">i2", "<u2", ">u4", ">i4", "<i4", ">d2", ">n4", "|d1", "=u2", "><u4"]
NAMES = ["a", "b", "c", "d"]
NUM_FRAMES = 30


@pytest.fixture(scope="module")
def emulator() -> Iterator[ReferenceEmulator]:
    machine = ReferenceEmulator(find_game("Airstriker-Genesis-v0").rom())
    yield machine
    machine.close()


@pytest.fixture(scope="module")
def start() -> bytes:
    return find_game("Airstriker-Genesis-v0").state("Level1")


@pytest.fixture(scope="module")
def busy(emulator: ReferenceEmulator, start: bytes) -> list[int]:
    """Addresses whose contents change during the play below."""
    emulator.load(start)
    pictures = []
    for mask in masks():
        emulator.step((mask,))
        pictures.append(np.frombuffer(emulator.memory()[WORK_MEMORY], np.uint8))
    changes = np.flatnonzero(np.stack(pictures).std(axis=0) > 0)
    return [WORK_MEMORY + int(offset) for offset in changes]


def masks() -> list[int]:
    return [1 << 0 if frame % 2 else 1 << 7 for frame in range(NUM_FRAMES)]


def measures(default: str) -> st.SearchStrategy[dict[str, Any]]:
    reference = st.integers(-300, 300) | st.integers(-(2**40), 2**40)
    fields = {"measurement": st.sampled_from(["absolute", "delta"]), "op": st.sampled_from(sorted(OPERATIONS))}
    return st.fixed_dictionaries({}, optional={**fields, "reference": reference})


WEIGHTS = st.integers(-1000, 1000) | st.floats(-1e6, 1e6)
REWARDS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(measures("delta"), st.fixed_dictionaries({}, optional={"reward": WEIGHTS, "penalty": WEIGHTS})).map(
        lambda parts: parts[0] | parts[1]
    ),
    max_size=2,
)
ENDS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "condition": st.sampled_from(["any", "all"]),
            "variables": st.dictionaries(st.sampled_from(NAMES), measures("absolute"), max_size=3),
        },
    ),
    lambda ends: st.tuples(ends, st.dictionaries(st.sampled_from(["n", "m"]), ends, max_size=2)).map(
        lambda parts: parts[0] | {"nodes": parts[1]}
    ),
    max_leaves=4,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(reward=REWARDS, end=ENDS, choice=st.data())
def test_any_table_is_judged_as_stable_retro_judges_it(
    reward: dict[str, Any],
    end: dict[str, Any],
    choice: st.DataObject,
    emulator: ReferenceEmulator,
    start: bytes,
    busy: list[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    variable = st.fixed_dictionaries(
        {"address": st.sampled_from(busy), "type": st.sampled_from(TYPES)}, optional={"mask": st.integers(1, 0xFFFF)}
    )
    variables = {name: choice.draw(variable) for name in NAMES}
    scenario = {"reward": {"variables": reward}, "done": end}
    judged, expected = play(scenario, variables, emulator, start, tmp_path_factory.mktemp("scenario"))
    assert judged == expected


def play(
    scenario: dict[str, Any], variables: dict[str, Any], emulator: ReferenceEmulator, start: bytes, folder: Path
) -> tuple[list[tuple[float, bool]], list[tuple[float, bool]]]:
    """What our judge and stable-retro say of each frame of the same play."""
    (folder / "data.json").write_text(json.dumps({"info": variables}))
    (folder / "scenario.json").write_text(json.dumps(scenario))
    data = GameData()
    emulator._machine.configure_data(data)
    assert data.load(str(folder / "data.json"), str(folder / "scenario.json"))
    judge = table_judge(scenario, variables, data.lookup_value)
    assert judge is not None
    judged, expected = [], []
    for _ in range(2):
        emulator.load(start)
        emulator.step((0,))
        data.reset()
        data.update_ram()
        judge.begin()
        for mask in masks():
            emulator.step((mask,))
            judged.append(judge.judge())
            data.update_ram()
            expected.append((data.current_reward(), data.is_done()))
    return judged, expected


def test_sums_of_32_bits_are_rounded_as_stable_retro_rounds_them(
    emulator: ReferenceEmulator, start: bytes, busy: list[int], tmp_path: Path
) -> None:
    variables = {name: {"address": busy[i * 7], "type": ">u4"} for i, name in enumerate("ab")}
    line = {"measurement": "absolute", "reward": 0.1}
    scenario = {"reward": {"variables": {"a": line, "b": {**line, "reward": 1e-7}}}}
    judged, expected = play(scenario, variables, emulator, start, tmp_path)
    assert judged == expected
    assert any(reward % 1 for reward, _ in expected)


@pytest.mark.parametrize(
    "scenario",
    [
        {"scripts": ["script.lua"]},
        {"rewards": [{}]},
        {"reward": {"script": "lua:f"}},
        {"reward": {"time": {"penalty": 0.1}}},
        {"reward": {"variables": {"a": {}, "b": {}, "c": {}}}},
        {"reward": {"variables": {"nothing": {"reward": 1.0}}}},
        {"reward": {"variables": {"a": {"reward": "1"}}}},
        {"reward": {"variables": {"a": 5}}},
        {"reward": {"variables": {"wide": {"reward": 1}}}},
        {"reward": {"variables": ["a"]}},
        {"reward": 5},
        {"done": {"script": "lua:f"}},
        {"done": {"variables": {"a": {"op": "bogus"}}}},
        {"done": {"variables": {"a": {"op": ["zero"]}}}},
        {"done": {"variables": {"a": {"measurement": "bogus"}}}},
        {"done": {"variables": {"a": {"reference": 1.5}}}},
        {"done": {"variables": {"a": {"reference": 2**63}}}},
        {"done": {"nodes": {"n": {"variables": {"nothing": {"op": "zero"}}}}}},
        {"done": {"nodes": {"n": 5}}},
    ],
)
def test_what_is_more_or_stranger_than_tables_is_left_to_stable_retro(scenario: dict[str, Any]) -> None:
    variables = {name: {"address": WORK_MEMORY, "type": "|u1"} for name in NAMES}
    variables["wide"] = {"address": WORK_MEMORY, "type": ">u8"}
    assert table_judge(scenario, variables, lambda name: 0) is None


def test_most_scenarios_that_ship_are_tables() -> None:
    num_scenarios = num_tables = 0
    for game in games().values():
        for name in game.scenarios:
            num_scenarios += 1
            scenario = read_json_object(game.scenario(name))
            num_tables += table_judge(scenario, game.variables, lambda name: 0) is not None
    assert num_tables / num_scenarios > 0.8
