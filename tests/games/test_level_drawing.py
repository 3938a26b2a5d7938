"""Levels drawn from what the ROM holds; descriptions that do not fit are one sentence."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from newgameplus.errors import IntegrationError
from newgameplus.games.catalogue import find_game
from newgameplus.games.integration import Integration
from newgameplus.games.level_drawing import LevelDrawing
from newgameplus.games.places import places_of

GAME = "Tumbleweed-Genesis-v0"


@pytest.fixture
def copied(tmp_path):
    """A copy of Tumbleweed's integration, without its states and movies."""
    folder = tmp_path / GAME
    folder.mkdir()
    original = find_game(GAME).folders[0]
    for name in ("data.json", "map.json", "map-blocks.png", "map-objects.png", "map-backgrounds.png"):
        shutil.copy(original / name, folder / name)
    return Integration(GAME, (folder,))


def _change(integration, **changes):
    path = integration.file("map.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_level_is_as_large_as_its_blocks_and_shows_its_objects():
    game = find_game(GAME)
    levels = places_of(game).levels
    picture = LevelDrawing(game, levels, game.rom().read_bytes()).draw(0)
    assert picture.shape[0] == 512
    assert picture.shape[1] % 16 == 0
    sheet = cv2.cvtColor(cv2.imread(str(game.file("map-objects.png"))), cv2.COLOR_BGR2RGB)
    coin = sheet[4:12, 4:12]  # the first object on the sheet
    assert (cv2.matchTemplate(picture, coin, cv2.TM_SQDIFF) < 1).sum() > 5


def test_where_player_and_camera_are_is_data():
    assert places_of(find_game(GAME)).player == ("x", "y")
    assert places_of(find_game("SonicTheHedgehog-Genesis-v0")).camera == ("screen_x", "screen_y")
    assert places_of(find_game("Airstriker-Genesis-v0")).player is None


def test_a_goal_needs_all_its_values():
    places = places_of(find_game(GAME))
    assert places.is_at_goal({"mode": 4})
    assert not places.is_at_goal({"mode": 2})
    assert not places_of(find_game("Airstriker-Genesis-v0")).is_at_goal({})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"player": ["x", "nowhere"]}, "names the variable 'nowhere'"),
        ({"camera": "camera_x"}, "'camera' in .* must be a list of two variables"),
        ({"goal": {"mode": "4"}}, "'goal' in .* must be an object"),
        ({"levels": 3}, "'levels' in .* must be an object"),
    ],
)
def test_a_wrong_description_is_refused(copied, changes, message):
    _change(copied, **changes)
    with pytest.raises(IntegrationError, match=message):
        places_of(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"pointers": [2**31, ">u4"]},
        {"pointers": [-4, ">u4"]},
        {"width": [0, "nonsense"]},
        {"height": 10**9},
        {"blocks_picture": "../map-blocks.png"},
        {"objects": {}},
    ],
)
def test_what_does_not_fit_the_rom_is_one_sentence(copied, changes):
    levels = dict(places_of(copied).levels) | changes
    rom = find_game(GAME).rom().read_bytes()
    with pytest.raises(IntegrationError, match="cannot be drawn: 'levels' in map"):
        LevelDrawing(copied, levels, rom).draw(0)


def test_a_level_beyond_the_table_is_refused(copied):
    rom = find_game(GAME).rom().read_bytes()
    with pytest.raises(IntegrationError, match="cannot be drawn"):
        LevelDrawing(copied, places_of(copied).levels, rom).draw(60000)


def test_the_shipped_pictures_are_those_of_the_source(tmp_path):
    """``draw_map.py`` gives the files that come with the package."""
    import subprocess
    import sys
    from pathlib import Path

    script = Path(__file__).parents[2] / "games" / "tumbleweed" / "art" / "draw_map.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    for made in sorted(tmp_path.iterdir()):
        shipped = find_game(GAME).file(made.name)
        if made.suffix == ".json":
            assert made.read_text() == shipped.read_text()
        else:
            pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (made, shipped)]
            np.testing.assert_array_equal(*pictures)
