"""The page about Tumbleweed leaves nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.things import Kind
from newgameplus.open_games.tumbleweed.zones import ZONES, Zone

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guide" / "tumbleweed.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| `(>[iu]\d)` \|", re.MULTILINE)


def test_the_table_of_variables_is_that_of_data_json() -> None:
    written = {name.strip("`"): kind for names, kind in ROW.findall(PAGE) for name in names.split(", ")}
    info = json.loads((TUMBLEWEED.folder / "data.json").read_text(encoding="utf-8"))["info"]
    assert written == {name: variable["type"] for name, variable in info.items()}


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_every_kind_of_object_is_described_and_shown(kind: Kind) -> None:
    assert re.search(rf"^\|.*\| `{kind.name}` \| \w", PAGE, re.MULTILINE)


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.name)
def test_every_zone_is_described_as_in_the_code_and_shown(zone: Zone) -> None:
    assert f"**{zone.name}.** {zone.description}" in PAGE
    assert f"images/tumbleweed/{zone.name.lower()}.png" in PAGE


def test_every_scenario_is_described() -> None:
    scenarios = {path.stem for path in TUMBLEWEED.folder.glob("*.json")} - {"data", "metadata", "map"}
    assert not [name for name in scenarios if f"| `{name}` |" not in PAGE]


def test_every_picture_of_the_game_is_used() -> None:
    pictures = {path.name for path in (ROOT / "docs" / "images" / "tumbleweed").iterdir()}
    assert pictures == set(re.findall(r"images/tumbleweed/([\w.-]+)\)", PAGE))
