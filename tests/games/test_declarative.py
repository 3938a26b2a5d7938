"""Scenarios become plain data once, at load, and what cannot be meant is an error there."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newgameplus.errors import IntegrationError, NotFoundError
from newgameplus.games.catalogue import find_game
from newgameplus.games.declarative import (
    ALL_BITS,
    Compiled,
    Condition,
    Measurement,
    RewardTerm,
    Variable,
    compile_files,
    compile_scenario,
)

VARIABLES = {"lives": {"address": 5, "type": "|u1"}, "score": {"address": 6, "type": ">d4"}}
LIVES, SCORE = 0, 1
CONTEST = {
    "reward": {"script": "lua:contest_reward"},
    "done": {"script": "lua:contest_done"},
    "scripts": ["script.lua"],
}


def compiled(folder: Path, scenario: object, variables: object = None) -> Compiled:
    (folder / "data.json").write_text(json.dumps({"info": VARIABLES if variables is None else variables}))
    (folder / "scenario.json").write_text(json.dumps(scenario))
    return compile_files(folder / "data.json", folder / "scenario.json", word_bytes=1)


def test_a_game_of_stable_retro_compiles() -> None:
    spec, calls = compile_scenario(find_game("Airstriker-Genesis-v0"), "scenario", word_bytes=2)
    assert calls is None
    assert [variable.name for variable in spec.variables] == ["gameover", "lives", "score"]
    assert spec.reward == (RewardTerm(Measurement(2, True, "", 0), 1.0, 0.0),)
    assert spec.done == Condition(True, (Measurement(0, False, "equal", 1), Measurement(1, False, "zero", 0)), ())
    assert spec.word_bytes == 2
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes


def test_a_scenario_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFoundError, match="no scenario 'contest'"):
        compile_scenario(find_game("Airstriker-Genesis-v0"), "contest", word_bytes=2)


def test_rewards_measure_changes_and_ends_measure_values_unless_told(tmp_path: Path) -> None:
    scenario = {
        "reward": {"variables": {"score": {"reward": 2}, "lives": {"measurement": "absolute", "penalty": 3}}},
        "done": {"variables": {"lives": {"op": "zero"}, "score": {"measurement": "delta", "op": "negative"}}},
    }
    spec = compiled(tmp_path, scenario).spec
    assert spec.reward == (
        RewardTerm(Measurement(LIVES, False, "", 0), 0.0, 3.0),
        RewardTerm(Measurement(SCORE, True, "", 0), 2.0, 0.0),
    )
    assert spec.done == Condition(
        False, (Measurement(LIVES, False, "zero", 0), Measurement(SCORE, True, "negative", 0)), ()
    )


def test_conditions_nest(tmp_path: Path) -> None:
    leaf = {"variables": {"lives": {"op": "less-than", "reference": 3}}, "condition": "all"}
    spec = compiled(tmp_path, {"done": {"nodes": {"b": leaf, "a": {"nodes": {"c": leaf}}}}}).spec
    inner = Condition(True, (Measurement(LIVES, False, "less-than", 3),), ())
    assert spec.done == Condition(False, (), (Condition(False, (), (inner,)), inner))


def test_of_several_players_the_first_counts(tmp_path: Path) -> None:
    players = [{"variables": {"score": {"reward": 5}}, "time": {"reward": -1}}, {"variables": {"lives": {"reward": 9}}}]
    spec = compiled(tmp_path, {"rewards": players}).spec
    assert spec.reward == (RewardTerm(Measurement(SCORE, True, "", 0), 5.0, 0.0),)
    assert spec.time is not None
    assert (spec.time.reward, spec.time.penalty) == (-1.0, 0.0)


@pytest.mark.parametrize(
    ("reference", "whole"),
    [(3.9, 3), ("3", 0), (None, 0), (True, 0), (2**64 - 1, -1), (-(2**63), -(2**63)), (1e400, 0)],
)
def test_references_are_read_as_stable_retro_reads_them(tmp_path: Path, reference: Any, whole: int) -> None:
    spec = compiled(tmp_path, {"done": {"variables": {"lives": {"op": "equal", "reference": reference}}}}).spec
    assert spec.done is not None
    assert spec.done.measurements[0].reference == whole


def test_unknown_operations_are_none_as_in_stable_retro(tmp_path: Path) -> None:
    spec = compiled(tmp_path, {"done": {"variables": {"lives": {"op": "about"}, "score": 7}}}).spec
    assert spec.done is not None
    assert spec.done.measurements == (Measurement(LIVES, False, "", 0), Measurement(SCORE, False, "", 0))


def test_masks_and_addresses_have_64_bits(tmp_path: Path) -> None:
    spec = compiled(tmp_path, {}, {"a": {"address": 16.0, "type": "|u1", "mask": -113}}).spec
    assert spec.variables == (Variable("a", "|u1", 16, ALL_BITS - 112),)


def test_types_too_short_or_wide_are_left_out_as_in_stable_retro(tmp_path: Path) -> None:
    variables = {"a": {"address": 1, "type": "u1"}, "b": {"address": 1, "type": ">u9"}, **VARIABLES}
    assert [variable.name for variable in compiled(tmp_path, {}, variables).spec.variables] == ["lives", "score"]


@pytest.mark.parametrize(
    "variable",
    [
        5,
        {"address": 1},
        {"type": "|u1"},
        {"address": "1", "type": "|u1"},
        {"address": 1, "type": 5},
        {"address": 1, "type": ">x2"},
        {"address": 1, "type": ">u0"},
        {"address": 1, "type": "|u1", "mask": "all"},
    ],
)
def test_a_broken_variable_is_named(tmp_path: Path, variable: object) -> None:
    with pytest.raises(IntegrationError, match=r"variable 'odd' in .*data\.json"):
        compiled(tmp_path, {}, {"odd": variable})


@pytest.mark.parametrize("part", ["reward", "done"])
def test_a_variable_that_the_game_lacks_is_an_error_at_load(tmp_path: Path, part: str) -> None:
    with pytest.raises(IntegrationError, match=r"names the variable 'coins', which data\.json lacks"):
        compiled(tmp_path, {part: {"variables": {"coins": {"op": "zero"}}}})


@pytest.mark.parametrize(
    "scenario",
    [
        {"reward": {"variables": [1]}},
        {"done": {"nodes": "x"}},
        {"reward": {"script": 5}},
        {"reward": {"script": "python:reward"}},
        {"reward": {"script": "lua:reward"}, "scripts": ["missing.lua"]},
        {"reward": {"script": "lua:reward"}, "scripts": ["../script.lua"]},
        {"reward": {"script": "lua:reward"}, "scripts": 5},
    ],
)
def test_a_broken_scenario_is_named(tmp_path: Path, scenario: object) -> None:
    with pytest.raises(IntegrationError, match=r"scenario\.json"):
        compiled(tmp_path, scenario)


def test_conditions_cannot_be_nested_without_end(tmp_path: Path) -> None:
    node: dict[str, Any] = {}
    for _ in range(50):
        node = {"nodes": {"a": node}}
    with pytest.raises(IntegrationError, match="nested too deeply"):
        compiled(tmp_path, {"done": node})


def test_a_script_takes_the_place_of_what_it_judges_only(tmp_path: Path) -> None:
    (tmp_path / "script.lua").write_text("")
    scenario = {
        "reward": {"script": "reward", "variables": {"score": {"reward": 1}}, "time": {"reward": 1}},
        "done": {"variables": {"lives": {"op": "zero"}}},
        "scripts": ["script.lua"],
    }
    spec, calls = compiled(tmp_path, scenario)
    assert calls is not None
    assert (calls.files, calls.reward, calls.done) == ((tmp_path / "script.lua",), "reward", None)
    assert (spec.reward, spec.time) == ((), None)
    assert spec.done == Condition(False, (Measurement(LIVES, False, "zero", 0),), ())


@pytest.mark.parametrize(
    ("game", "also_done"),
    [
        ("SonicTheHedgehog-Genesis-v0", []),
        ("SonicTheHedgehog2-Genesis-v0", ["game_mode"]),
        ("SonicAndKnuckles3-Genesis-v0", ["special_stage"]),
        ("SonicTheHedgehogCustomCathy-Genesis", []),
        ("SonicTheHedgehog2CustomKevin-Genesis", ["game_mode"]),
        ("SonicAndKnuckles3CustomKevin-Genesis", ["special_stage"]),
    ],
)
def test_the_contests_scripts_are_recognised(game: str, also_done: list[str]) -> None:
    spec, calls = compile_scenario(find_game(game), "contest", word_bytes=2)
    assert calls is None
    assert spec.progress is not None
    assert spec.variables[spec.progress.x].name == "x"
    assert [spec.variables[each.variable].name for each in spec.progress.also_done] == also_done
    assert spec.progress.first_frame == ("Custom" in game)
    script = find_game(game).file("script.lua")
    assert script is not None
    assert set(spec.progress.ends) == set(ends_in(script.read_text()))


def ends_in(script: str) -> Iterator[tuple[int, int, int]]:
    rows = re.findall(r'^ *\["zone=(\d+),act=(\d+)"\] = ([0-9A-Fx +]+),', script, re.MULTILINE)
    for zone, act, terms in rows:
        yield int(zone), int(act), sum(int(term, 16) for term in terms.split("+"))


def test_a_contest_script_that_was_changed_is_lua(tmp_path: Path) -> None:
    original = find_game("SonicTheHedgehog-Genesis-v0")
    script, data = original.file("script.lua"), original.file("data.json")
    assert script is not None
    assert data is not None
    changed = script.read_bytes() + b"\n"
    assert hashlib.sha256(changed).digest() != hashlib.sha256(script.read_bytes()).digest()
    (tmp_path / "script.lua").write_bytes(changed)
    (tmp_path / "contest.json").write_text(json.dumps(CONTEST))
    spec, calls = compile_files(data, tmp_path / "contest.json", word_bytes=2)
    assert spec.progress is None
    assert calls is not None
    assert (calls.reward, calls.done) == ("contest_reward", "contest_done")
