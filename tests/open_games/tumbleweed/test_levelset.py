"""Sets of levels of one's own: whole or not at all, the same every time, found wherever a split is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.errors import IntegrationError, UsageError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import find_split
from newgameplus.open_games.tumbleweed.blueprint import Blueprint, Sketch
from newgameplus.open_games.tumbleweed.levelset import write_set


@pytest.fixture(autouse=True)
def _no_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GAMES_VARIABLE, "")


def flat(zone: str = "Mesa", row: int = 22) -> Blueprint:
    sketch = Sketch(width=100, zone=zone)
    sketch.ground(0, 100, row=row)
    return sketch.finish()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_set_is_a_split_whose_game_is_known_from_then_on(tmp_path: Path) -> None:
    split = write_set(tmp_path / "my set", [flat("Mine"), flat()], 'Two "flat" levels.')
    assert (split.name, split.description) == ("my set", 'Two "flat" levels.')
    assert [level.state for level in split.levels] == ["Mine.Act1", "Mesa.Act1"]
    assert {level.scenario for level in split.levels} == {"contest"}
    game = split.levels[0].integration
    assert game.name.startswith("Tumbleweed-myset-")
    assert game.default_state == "Mine.Act1"
    assert find_split(split.reference) == find_split(str(tmp_path / "my set" / "split.toml")) == split


def test_the_same_levels_give_the_same_bytes(tmp_path: Path) -> None:
    write_set(tmp_path / "one" / "set", [flat(), flat("Frost")], "Levels.")
    write_set(tmp_path / "two" / "set", [flat(), flat("Frost")], "Levels.")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_sets_of_one_name_have_games_of_two_names(tmp_path: Path) -> None:
    first = write_set(tmp_path / "one" / "set", [flat()], "Levels.")
    second = write_set(tmp_path / "two" / "set", [flat(row=23)], "Levels.")
    assert first.levels[0].game != second.levels[0].game


def test_processes_that_are_started_know_the_games_of_a_split(tmp_path: Path) -> None:
    split = write_set(tmp_path / "set", [flat()], "Levels.")
    program = "from newgameplus.games.catalogue import find_game; import sys; print(find_game(sys.argv[1]).states)"
    arguments = [sys.executable, "-c", program, split.levels[0].game]
    out = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert out == "('Mesa.Act1',)\n"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    for taken in (tmp_path / "taken", tmp_path / "taken" / "notes.txt"):
        with pytest.raises(UsageError, match="there already, and nothing is overwritten"):
            write_set(taken, [flat()], "Levels.")
    (tmp_path / "empty").mkdir()
    assert write_set(tmp_path / "empty", [flat()], "Levels.").levels


def test_a_set_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(IntegrationError, match="Two levels are called"):
        write_set(tmp_path / "set", [flat(), flat()], "Levels.")
    assert list(tmp_path.iterdir()) == []


def test_without_the_engine_a_set_is_for_the_usual_core_only(tmp_path: Path) -> None:
    split = write_set(tmp_path / "set", [flat()], "Levels.", backend="reference")
    game = split.levels[0].integration
    assert game.core("native").name == "genesis_plus_gx"
    assert game.state("Mesa.Act1")
    assert not (game.folders[0] / "picodrive").exists()
