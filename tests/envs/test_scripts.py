"""Scripted rewards and ends run as in stable-retro, and a broken scenario is an error in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import stable_retro

from newgameplus.emulator.backends import Backend
from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import IntegrationError, NotFoundError
from newgameplus.games.levels import Level, find_level

SCENARIO = {
    "reward": {"script": "lua:contest_reward"},
    "done": {"script": "lua:contest_done"},
    "scripts": ["script.lua"],
}
SCRIPT = """
GOAL, FULL_TIME = 120, 18000
first, reached, lives_left = nil, 0, 3

function clamp(value, low, high) return math.max(low, math.min(high, value)) end

function contest_reward()
  first = first or data.score
  local now = clamp(data.score - first, 0, GOAL) / GOAL
  local reward = (now - reached) * 9000
  reached = now
  if reached >= 1 then
    reward = reward + (1 - clamp(scenario.frame / FULL_TIME, 0, 1)) * 1000
  end
  return reward
end

function contest_done()
  if data.lives < lives_left then return true end
  lives_left = data.lives
  return reached >= 1
end
"""


@pytest.fixture
def scripted(folder: Path) -> Level:
    """The level with rewards and ends like the contest's, on Airstriker's score in place of Sonic's x."""
    (folder / "contest.json").write_text(json.dumps(SCENARIO))
    (folder / "script.lua").write_text(SCRIPT)
    return find_level("Scripted-Genesis-v0")


ACTIONS = np.random.default_rng(3).integers(0, 2, (2500, 12)).astype(np.int8)
ACTIONS[:, 0] = np.arange(len(ACTIONS)) % 2


def theirs(level: Level) -> list[tuple[float, bool]]:
    scenario = str(level.integration.scenario("contest"))
    env = stable_retro.make("Airstriker-Genesis-v0", "Level1", scenario=scenario, render_mode="rgb_array")
    try:
        env.reset()
        outcomes = []
        for action in ACTIONS:
            _, reward, is_over, _, _ = env.step(action)
            outcomes.append((reward, is_over))
            if is_over:
                env.reset()
        return outcomes
    finally:
        env.close()


def ours(env: RetroEnv) -> list[tuple[float, bool]]:
    env.reset()
    outcomes = []
    for action in ACTIONS:
        _, reward, is_over, _, _ = env.step(action)
        outcomes.append((reward, is_over))
        if is_over:
            env.reset()
    return outcomes


def test_a_script_judges_as_in_stable_retro_whatever_is_looked_at(
    scripted: Level, opened: Callable[[Any], Any]
) -> None:
    expected = theirs(scripted)
    sides: list[tuple[Any, Backend]] = [
        ("image", "native"),
        ("ram", "native"),
        ("none", "native"),
        ("ram", "reference"),
    ]
    for kind, backend in sides:
        env = opened(RetroEnv(scripted, kind=kind, backend=backend))
        assert ours(env) == expected, (kind, backend)
        env.close()
    episode_ends = [reward for reward, is_over in expected if is_over]
    assert len(episode_ends) >= 2
    assert any(reward > 900 for reward, _ in expected), "the bonus for time was paid"


def test_the_contest_takes_the_contest_scenario_where_a_game_has_one(scripted: Level) -> None:
    assert scripted.scenario == "contest"


def test_a_missing_scenario_is_not_replaced_by_another(folder: Path) -> None:
    (folder / "scenario.json").write_text('{"reward": {}}')
    with pytest.raises(NotFoundError, match="no scenario 'contest'"):
        make_contest(Level("Scripted-Genesis-v0", "Level1", "contest"))


@pytest.mark.parametrize(
    ("scenario", "script"),
    [
        (SCENARIO, None),
        ({**SCENARIO, "reward": {"script": "python:contest_reward"}}, SCRIPT),
        ({**SCENARIO, "scripts": 5}, SCRIPT),
        ({**SCENARIO, "reward": {"script": 5}}, SCRIPT),
        ({**SCENARIO, "crop": [1, 2]}, SCRIPT),
    ],
)
@pytest.mark.parametrize("backend", get_args(Backend))
def test_a_broken_scenario_is_an_error_from_the_start(
    backend: Backend,
    scenario: dict[str, Any],
    script: str | None,
    folder: Path,
    level: Level,
    opened: Callable[[Any], Any],
) -> None:
    (folder / "contest.json").write_text(json.dumps(scenario))
    if script is not None:
        (folder / "script.lua").write_text(script)
    with pytest.raises(IntegrationError, match=r"contest\.json"):
        make_contest(find_level("Scripted-Genesis-v0"), backend=backend)
    opened(make_contest(level)).reset()


@pytest.mark.parametrize(
    ("scenario", "script"),
    [
        (SCENARIO, "function contest_reward("),
        (SCENARIO, "function contest_done() return false end"),
        (SCENARIO, "function contest_reward() return nil + 1 end function contest_done() return false end"),
        ({"reward": {"variables": {"nothing": {"reward": 1}}}}, ""),
        ({"done": {"variables": {"nothing": {"op": "zero"}}}}, ""),
    ],
)
@pytest.mark.parametrize("backend", get_args(Backend))
def test_a_script_or_variable_that_fails_names_its_scenario(
    backend: Backend, scenario: dict[str, Any], script: str, folder: Path, opened: Callable[[Any], Any]
) -> None:
    (folder / "contest.json").write_text(json.dumps(scenario))
    (folder / "script.lua").write_text(script)
    with pytest.raises(IntegrationError, match=r"contest\.json (cannot judge|names the variable 'nothing')"):
        opened(make_contest(find_level("Scripted-Genesis-v0"), backend=backend)).reset()


@pytest.mark.parametrize("crop", [[8, 16, 200, 100], [0, 24, 0, 0], [300, 200, 400, 400]])
def test_a_scenario_crops_the_picture_as_in_stable_retro(
    crop: list[int], folder: Path, opened: Callable[[Any], Any]
) -> None:
    (folder / "contest.json").write_text(json.dumps({"reward": {}, "crop": crop}))
    theirs = stable_retro.make(
        "Airstriker-Genesis-v0", "Level1", scenario=str(folder / "contest.json"), render_mode="rgb_array"
    )
    try:
        theirs.reset()
        expected = theirs.step(ACTIONS[0])[0]
    finally:
        theirs.close()
    env = opened(RetroEnv(find_level("Scripted-Genesis-v0")))
    env.reset()
    np.testing.assert_array_equal(env.step(ACTIONS[0])[0], expected)
    assert env.observation_space.shape == expected.shape
