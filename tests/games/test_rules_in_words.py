from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from newgameplus.errors import IntegrationError
from newgameplus.games.catalogue import games
from newgameplus.games.rules_in_words import Words, in_words

CASES: list[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = [
    (
        {"reward": {"variables": {"score": {"reward": 10.0}}}, "done": {"variables": {"lives": {"op": "zero"}}}},
        ("score: +10 for each point up",),
        ("lives is 0",),
    ),
    (
        {"reward": {"variables": {"health": {"reward": 1, "penalty": 0.5}}}},
        ("health: +1 for each point up, -0.5 for each point down",),
        (),
    ),
    ({"reward": {"time": {"penalty": 0.1}}}, ("each frame: -0.1",), ()),
    (
        {"reward": {"variables": {"room": {"op": "equal", "reference": 3, "measurement": "absolute", "reward": 1}}}},
        ("room: +1 for each frame in which it is 3",),
        (),
    ),
    (
        {"rewards": [{"variables": {"a": {"reward": 1}}}, {"variables": {"b": {"reward": -1}}}]},
        ("player 1: a: +1 for each point up", "player 2: b: -1 for each point up"),
        (),
    ),
    (
        {"reward": {"script": "lua:my_reward"}, "done": {"script": "lua:my_end"}, "scripts": ["script.lua"]},
        ("the script's my_reward()",),
        ("the script's my_end() says so",),
    ),
    (
        {
            "done": {
                "condition": "all",
                "variables": {"a": {"op": "negative"}, "b": {"op": "equal", "reference": -1}},
            }
        },
        (),
        ("a is negative and b is -1",),
    ),
    (
        {"done": {"variables": {"period": {"measurement": "delta", "op": "equal", "reference": 1}}}},
        (),
        ("period changes by 1",),
    ),
    (
        {
            "done": {
                "condition": "all",
                "variables": {"a": {"op": "nonzero"}},
                "nodes": {"n": {"variables": {"b": {"op": "positive"}, "c": {"op": "less-than", "reference": 2}}}},
            }
        },
        (),
        ("a is not 0 and any of (b is positive; c is below 2)",),
    ),
]


@pytest.mark.parametrize(("scenario", "reward", "done"), CASES)
def test_scenario_is_put_in_words(
    tmp_path: Path, scenario: dict[str, Any], reward: tuple[str, ...], done: tuple[str, ...]
) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    assert in_words(path) == Words(reward, done)


def nested(depth: int) -> dict[str, Any]:
    return {"nodes": {"n": nested(depth - 1)}} if depth else {}


@pytest.mark.parametrize(
    "scenario", [{"reward": 3}, {"reward": {"variables": {"x": 3}}}, {"done": [1]}, {"done": nested(50)}]
)
def test_scenario_of_another_shape_is_an_error(tmp_path: Path, scenario: dict[str, Any]) -> None:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    with pytest.raises(IntegrationError, match="no scenario"):
        in_words(path)


def test_every_scenario_of_stable_retro_can_be_put_in_words() -> None:
    words = [in_words(game.scenario(name)) for game in games().values() for name in game.scenarios]
    assert len(words) > 1000
    assert sum(bool(each.reward and each.done) for each in words) > 1000
