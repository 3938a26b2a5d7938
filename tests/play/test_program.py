"""Which level comes next."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level, find_split
from newgameplus.play.program import following_level

from .conftest import AIRSTRIKER


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_levels_follow_one_another_as_in_their_split() -> None:
    levels = find_split("sonic-validation").levels
    assert following_level(levels[0]) == levels[1]
    assert following_level(levels[4]) == levels[5]


def test_a_split_of_the_users_own_is_followed_and_a_broken_one_is_passed_over(home: Path) -> None:
    (home / "splits").mkdir()
    (home / "splits" / "broken.toml").write_text("levels = 7")
    (home / "splits" / "own.toml").write_text(f'levels = ["{AIRSTRIKER}", "Other-Genesis-v0/First"]\n')
    following = following_level(find_level(AIRSTRIKER))
    assert str(following) == "Other-Genesis-v0/First"


def test_after_the_only_level_of_a_game_comes_none(home: Path) -> None:
    assert following_level(find_level(AIRSTRIKER)) is None
