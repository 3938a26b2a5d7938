"""What ``make ship`` writes: the game's folder anew, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.open_games.tumbleweed.blueprint import Blueprint, Sketch
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.ship import main, ship_levels

HEADER = Path(__file__).parents[3] / "games/tumbleweed/src/game.h"


def level(act: int) -> Blueprint:
    sketch = Sketch(width=100, act=act)
    sketch.ground(0, 100, row=22)
    return sketch.finish()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_shipping_again_gives_the_same_bytes_and_leaves_no_old_level(program: bytes, tmp_path: Path) -> None:
    folder, header = tmp_path / "Tumbleweed-Genesis-v0", HEADER.read_text()
    assert ship_levels(program, header, [level(1)], folder) == ["Mesa.Act1"]
    once = contents(folder)
    assert ship_levels(program, header, [level(1), level(2)], folder) == ["Mesa.Act1", "Mesa.Act2"]
    assert contents(folder).keys() - once.keys() == {"Mesa.Act2.state", "picodrive/Mesa.Act2.state"}
    (folder / "par").mkdir()
    (folder / "par" / "Mesa.Act1.bk2").write_bytes(b"movie")
    ship_levels(program, header, [level(1)], folder)
    assert contents(folder) == {**once, "par/Mesa.Act1.bk2": b"movie"}


def test_the_shipped_game_has_every_file_that_its_levels_need() -> None:
    names = set(contents(TUMBLEWEED.folder))
    states = {name for name in names if name.endswith(".state")}
    plain = {name for name in states if "/" not in name}
    assert states - plain == {f"picodrive/{name}" for name in plain}
    rules = {"contest.json", "contest.lua", "scenario.json", "score.json", "coins.json"}
    assert names >= rules | {"rom.md", "rom.sha", "data.json", "metadata.json"}


def test_a_program_that_is_not_built_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "base.bin"), str(HEADER)]) == 2
    assert "build it with: make -C games/tumbleweed" in capsys.readouterr().err
