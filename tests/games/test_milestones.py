"""A scenario rewards new maxima and targets: the engine, a batch and the reference backend agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newgameplus import _engine
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.retro import RetroEnv
from newgameplus.errors import IntegrationError
from newgameplus.games.catalogue import find_game
from newgameplus.games.declarative import OPERATIONS, compile_files
from newgameplus.games.levels import Level, find_level
from newgameplus.games.milestones import Milestones
from newgameplus.games.native_scenario import scenario_spec
from newgameplus.games.rules_in_words import in_words
from newgameplus.types import NOTHING

GAME = "Airstriker-Genesis-v0"
LEFT, RIGHT, FIRE = 6, 7, 0
ACTIONS = np.zeros((1500, 12), np.int8)
"""Sweeps from side to side and fires."""
ACTIONS[:, FIRE] = np.arange(1500) % 4 < 2
ACTIONS[:, LEFT] = np.arange(1500) % 120 < 60
ACTIONS[:, RIGHT] = 1 - ACTIONS[:, LEFT]
FITNESS: dict[str, Any] = {
    "done": {"variables": {"lives": {"op": "less-than", "reference": 3}}},
    "reward": {
        "variables": {"lives": {"penalty": 7}},
        "best": {"score": {"op": "positive", "reward": 10}},
        "once": {"score": {"op": "greater-or-equal", "reference": 30, "reward": 1000}},
    },
}


@pytest.fixture
def level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Level:
    """Airstriker's first level with the fitness of a folder of the user's own."""
    (tmp_path / GAME).mkdir()
    (tmp_path / GAME / "fitness.json").write_text(json.dumps(FITNESS))
    monkeypatch.setenv("NGP_GAMES", str(tmp_path))
    return find_level(f"{GAME}/Level1", scenario="fitness")


class Probe:
    """A scenario with one variable, by the engine and in Python."""

    def __init__(self, folder: Path, reward: dict[str, Any]) -> None:
        (folder / "data.json").write_text('{"info": {"x": {"address": 0, "type": ">i2"}}}')
        (folder / "fitness.json").write_text(json.dumps({"reward": reward}))
        spec = compile_files(folder / "data.json", folder / "fitness.json", word_bytes=1).spec
        self.memory = np.zeros(2, np.uint8)
        self.engine, self.python = _engine.ScenarioProbe(spec, {0: self.memory}), Milestones(spec)

    def reset(self, x: int) -> None:
        self.engine.write(0, x)
        self.engine.reset()
        self.python.reset({"x": x})

    def judge(self, x: int) -> float:
        self.engine.write(0, x)
        reward, _ = self.engine.judge()
        assert reward == self.python.judge(0.0, {"x": x})
        return reward


def test_best_rewards_what_exceeds_the_highest_value_of_the_episode(tmp_path: Path) -> None:
    probe = Probe(tmp_path, {"best": {"x": {"reward": 2}}})
    probe.reset(100)
    assert [probe.judge(x) for x in (90, 100, 103, 101, 103, 110)] == [0, 0, 6, 0, 0, 14]
    probe.reset(50)
    assert [probe.judge(x) for x in (49, 51)] == [0, 2]


def test_once_pays_the_first_time_and_not_what_held_from_the_start(tmp_path: Path) -> None:
    probe = Probe(tmp_path, {"once": {"x": {"op": "greater-than", "reference": 9, "reward": 500}}})
    probe.reset(0)
    assert [probe.judge(x) for x in (9, 10, 5, 20)] == [0, 500, 0, 0]
    probe.reset(12)
    assert [probe.judge(x) for x in (12, 3, 12)] == [0, 0, 0]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@pytest.mark.parametrize("kind", ["best", "once"])
def test_the_engine_and_python_agree_on_every_operation(tmp_path: Path, kind: str, operation: str) -> None:
    term = {"op": operation, "reference": 3, "reward": 0.1, "penalty": 0.7}
    probe, random = Probe(tmp_path, {kind: {"x": term}}), np.random.default_rng(0)
    for _ in range(5):
        probe.reset(int(random.integers(-9, 9)))
        for x in random.integers(-9, 9, 40).tolist():
            probe.judge(x)


def test_a_saved_scenario_remembers_its_milestones(tmp_path: Path) -> None:
    probe = Probe(tmp_path, {"best": {"x": {"reward": 1}}, "once": {"x": {"op": "positive", "reward": 50}}})
    probe.reset(-5)
    assert [probe.judge(x) for x in (-2, 4)] == [3, 56]
    saved = probe.engine.memory()
    probe.reset(-5)
    probe.engine.restore(saved)
    probe.engine.write(0, 5)
    assert probe.engine.judge()[0] == 1


def played(level: Level, backend: Any) -> Iterator[tuple[float, bool]]:
    with closing(RetroEnv(level, backend=backend)) as env:
        env.reset(seed=0)
        for action in ACTIONS:
            _, reward, terminated, _, _ = env.step(action)
            yield float(reward), bool(terminated)
            if terminated:
                return


def test_the_reference_backend_and_a_batch_give_the_rewards_of_the_engine(level: Level) -> None:
    by_engine = list(played(level, "native"))
    assert list(played(level, "reference")) == by_engine
    rewards = [reward for reward, _ in by_engine]
    assert max(rewards) == 1010, sorted(set(rewards))
    assert 10 in rewards
    world = RetroVecEnv([level, level], observation_spec=NOTHING, frame_skip=FrameSkip(1, 0.0), max_episode_steps=None)
    with closing(world):
        world.reset(seed=0)
        found = []
        for number, action in enumerate(ACTIONS[: len(by_engine)]):
            if number == 300:
                world.restore(world.state())
            _, reward, terminated, _, _ = world.step(np.tile(action, (2, 1)))
            found.append((float(reward[1]), bool(terminated[1])))
    assert found == by_engine


def test_a_variable_that_the_game_lacks_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / GAME).mkdir()
    (tmp_path / GAME / "fitness.json").write_text('{"reward": {"best": {"rings": {"reward": 1}}}}')
    monkeypatch.setenv("NGP_GAMES", str(tmp_path))
    with pytest.raises(IntegrationError, match=r"names the variable 'rings', which data\.json lacks\.$"):
        scenario_spec(find_game(GAME), "fitness")


def test_milestones_are_told_in_words(level: Level) -> None:
    assert in_words(level.integration.scenario("fitness")).reward == (
        "lives: -7 for each point down",
        "score: +10 for each frame that exceeds its highest in the episode",
        "score: +1000 once, when it is at least 30",
    )


@pytest.mark.parametrize("game", ["SonicTheHedgehog2-Genesis-v0", "SuperMarioBros-Nes-v0"])
def test_the_tutorials_fitness_compiles_on_the_games_that_it_is_for(game: str) -> None:
    spec = scenario_spec(find_game(game), "neat-2021")
    assert spec.reward or spec.milestones
    assert spec.done is not None
