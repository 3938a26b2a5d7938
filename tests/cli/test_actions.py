"""Learners play games of every console, with the actions of that console or of a user; Atari games stand for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import games
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.roms import Importer

pytestmark = pytest.mark.usefixtures("one_thread", "_atari")

PONG, BOXING = "Pong-Atari2600-v0/Start", "Boxing-Atari2600-v0/Start"
AIRSTRIKER = "Airstriker-Genesis-v0/Level1"
PPO = [
    *("--set", "encoder=dqn-2013", "--set", "num_hidden=16"),
    *("--set", "rollout_steps=8", "--set", "batch_size=16", "--set", "num_epochs=1"),
]
RAINBOW = [
    *("--set", "encoder=dqn-2013", "--set", "num_hidden=16"),
    *("--set", "capacity=100", "--set", "min_transitions=16", "--set", "batch_size=8"),
]
EXPERTS = [
    *("--set", "learner_fields=encoder=dqn-2013,rollout_steps=8,batch_size=16,num_hidden=16,num_epochs=1"),
    *("--set", "encoder=dqn-2013", "--set", "num_hidden=16"),
]
SHORT = ["--num-envs", "2", "--steps", "40", "--run", "r", "--device", "cpu"]


@pytest.fixture(scope="module")
def _atari(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home in which ale-py's Atari games were imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
        importer = Importer(games())
        for path in ale_roms():
            list(importer.take(path))
        yield


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def manifest(path: str) -> dict[str, object]:
    content = json.loads(Path(path).read_text())
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize(
    ("agent", "fields"),
    [
        pytest.param("ppo", PPO, marks=pytest.mark.nightly),
        pytest.param("rainbow", RAINBOW, marks=pytest.mark.nightly),
        ("experts", EXPERTS),  # which build learners of their own
    ],
)
def test_learners_train_on_an_atari_game_go_on_and_are_judged(
    agent: str, fields: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", agent, "--level", PONG, *fields, *SHORT]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "The set sonic-7 holds nothing on the Atari2600 (18 actions), so the console's own set is taken." in said
    kept = manifest("r/training.json")["actions"]
    assert isinstance(kept, dict)
    assert kept["name"] == "sonic-7"
    assert [(console, len(combos)) for console, combos in kept["combos"]] == [("Atari2600", 18)]
    assert run(["train", "--resume", "--run", "r"]) == 0
    assert run(["evaluate", agent, "--init", "r", "--level", PONG, "--timesteps", "20", "--results", "e"]) == 0
    assert manifest("e/manifest.json")["actions"] == kept


def test_a_file_of_ones_own_takes_the_place_of_the_agents_set(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.json").write_text('{"Atari2600": [["UP"], ["DOWN"], []]}')
    assert run(["train", "ppo", "--level", PONG, *PPO, *SHORT, "--actions", "mine.json", "--watch-every", "40"]) == 0
    assert "actions of mine.json: 3 actions on the Atari2600" in " ".join(capsys.readouterr().err.split())
    watched = json.loads(Path("r/watched.jsonl").read_text().splitlines()[0])
    assert list(watched["actions"]) == ["UP", "DOWN", "nothing"]
    Path("mine.json").unlink()
    assert run(["train", "--resume", "--run", "r"]) == 0
    assert run(["evaluate", "ppo", "--init", "r", "--level", PONG, "--timesteps", "20", "--results", "e"]) == 0
    assert manifest("e/manifest.json")["actions"] == manifest("r/training.json")["actions"]


def test_judging_with_a_file_goes_on_without_it() -> None:
    Path("mine.toml").write_text('combos = [["LEFT"], ["RIGHT", "B"]]')
    asked = ["--level", AIRSTRIKER, "--timesteps", "20", "--results", "e", "--actions", "mine.toml"]
    assert run(["evaluate", "ppo", *PPO, *asked]) == 0
    expected = {"name": "mine.toml", "combos": [["Genesis", [["LEFT"], ["RIGHT", "B"]]]]}
    assert manifest("e/manifest.json")["actions"] == expected
    assert run(["evaluate", "--resume", *asked]) == 0
    Path("mine.toml").write_text('combos = [["LEFT"]]')
    assert run(["evaluate", "--resume", *asked]) == 2
    Path("mine.toml").unlink()
    assert run(["evaluate", "--resume", "--results", "e", "--seeds", "1"]) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ppo", "--level", PONG, "--set", "actions=sonic-9"], "There is no action set 'sonic-9'; there are: sonic-7,"),
        (["ppo", "--level", PONG, "--actions", "b.json"], "The action set b.json holds a button 'B'"),
        (["ppo", "--level", PONG, "--actions", "nes.json"], "The action set nes.json says nothing about the Atari2600"),
        (["ppo", "--level", PONG, "--actions", "none.json"], "The action set none.json cannot be read"),
        (["random", "--level", PONG, "--actions", "b.json"], "does not choose from a set of actions"),
    ],
)
@pytest.mark.parametrize("verb", [["train", "--run"], ["evaluate", "--results"]])
def test_actions_that_cannot_be_are_refused_before_anything_is_written(
    arguments: list[str], sentence: str, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("b.json").write_text('[["B"]]')
    Path("nes.json").write_text('{"Nes": [["B"]]}')
    assert run([verb[0], *arguments, verb[1], "r"]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not Path("r").exists()


def test_a_level_that_a_script_judges_is_trained_on() -> None:
    assert run(["train", "ppo", "--level", BOXING, *PPO, *SHORT]) == 0
    assert run(["train", "--resume", "--run", "r"]) == 0


def test_levels_that_no_run_can_be_trained_on_are_refused_before_anything_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["train", "ppo", "--level", PONG, "--level", AIRSTRIKER, *PPO, *SHORT]) == 2
    assert "The rows of a world must have the same pad" in " ".join(capsys.readouterr().err.split())
    assert not Path("r").exists()
