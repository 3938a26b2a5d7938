"""``ngp levels``: tables for people, tabs for pipes, json for programs, hints for the mistaken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newgameplus.cli.main import run
from newgameplus.games.folders import HOME_VARIABLE

FREE = {"Airstriker-Genesis-v0", "Tumbleweed-Genesis-v0"}
"""The games whose ROM everybody has."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    return tmp_path


def test_pipe_gets_one_split_a_line_with_its_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    counts = {name: (num_levels, num_playable) for name, num_levels, num_playable, _ in rows}
    expected = {
        "airstriker": ("1", "1"),
        "atari": ("32", "0"),
        "contest-final-2018": ("11", "0"),
        "sonic-train": ("47", "0"),
        "sonic-validation": ("11", "0"),
    }
    assert {name: counts[name] for name in expected} == expected


def test_person_sees_what_can_be_played_now(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["levels"]) == 0
    out = capsys.readouterr().out
    assert " can be played now:\n  Airstriker-Genesis-v0/Level1\n" in out
    assert "ngp games import PATH" in out


def test_a_narrow_terminal_breaks_no_word(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    assert run(["levels", "--game", "Airstriker-Genesis"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["Airstriker-Genesis-v0/Level1", "  scenario: scenario", "  status: playable"]


def test_split_lists_each_level_and_whether_it_is_playable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "--split", "sonic-validation"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert lines[0] == "SonicTheHedgehog-Genesis-v0/SpringYardZone.Act1\tcontest\tthe ROM is missing"


def test_game_lists_its_levels_with_its_default_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "--game", "Airstriker-Genesis"]) == 0
    assert capsys.readouterr().out == "Airstriker-Genesis-v0/Level1\tscenario\tplayable\n"


def test_available_leaves_out_levels_without_rom(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "--available"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "Airstriker-Genesis-v0/Level1\tscenario\tplayable"
    assert all(line.startswith("Tumbleweed-Genesis-v0/") for line in others)
    assert run(["levels", "--split", "sonic-train", "--available"]) == 0
    assert capsys.readouterr().out == ""


def test_json_of_a_split_tells_everything_about_each_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "--split", "airstriker", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "levels": [
            {
                "id": "Airstriker-Genesis-v0/Level1",
                "game": "Airstriker-Genesis-v0",
                "state": "Level1",
                "scenario": "scenario",
                "console": "Genesis",
                "is_default": True,
                "is_playable": True,
                "problem": None,
            }
        ]
    }


def test_json_of_the_overview_counts_levels_and_games(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["levels", "--json"]) == 0
    overview = json.loads(capsys.readouterr().out)
    assert overview["num_games"] > 1000
    assert overview["num_levels"] > overview["num_games"]
    assert {level.partition("/")[0] for level in overview["playable"]} == FREE
    playable = [split["name"] for split in overview["splits"] if split["num_playable"]]
    assert [name for name in playable if not name.startswith("tumbleweed")] == ["airstriker"]


def test_broken_split_of_the_user_does_not_hide_the_others(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (home / "splits").mkdir()
    (home / "splits" / "mine.toml").write_text("levels = [")
    assert run(["levels"]) == 0
    out = capsys.readouterr().out
    assert "mine\t0\t0\tThe split" in out
    assert "sonic-train\t47" in out


def test_level_that_does_not_exist_says_why(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    (home / "splits").mkdir()
    (home / "splits" / "mine.toml").write_text(
        'levels = ["Airstriker-Genesis-v0/Level9", "Airstriker-Genesis-v0/Level1", "Nope-Nes/A"]'
    )
    assert run(["levels", "--split", "mine"]) == 0
    state, scenario, game = capsys.readouterr().out.splitlines()
    assert state.endswith("has no state 'Level9'")
    assert scenario.endswith("has no scenario 'contest'")
    assert "There is no game 'Nope-Nes'" in game


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "sonic-trian"], "Did you mean sonic-train"),
        (["--game", "Airstriker-Gensis"], "Did you mean Airstriker-Genesis-v0"),
        (["--split", "atari", "--game", "Pong-Atari2600"], "not both"),
    ],
)
def test_mistake_gets_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(["levels", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
