"""Which level comes next, and where movies go."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.errors import MovieError
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level, find_split
from newgameplus.play.live_movie import movie_paths
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


def test_movies_are_numbered_past_those_that_exist(home: Path) -> None:
    paths = movie_paths(None, find_level(AIRSTRIKER))
    first = next(paths)
    assert first == home / "movies" / "Airstriker-Genesis-v0-Level1-000000.bk2"
    first.parent.mkdir()
    (home / "movies" / "Airstriker-Genesis-v0-Level1-000001.bk2").touch()
    assert next(paths).name == "Airstriker-Genesis-v0-Level1-000002.bk2"


def test_further_episodes_of_a_named_movie_are_numbered(home: Path) -> None:
    paths = movie_paths(home / "mine.bk2", find_level(AIRSTRIKER))
    (home / "mine-2.bk2").touch()
    assert [next(paths).name, next(paths).name] == ["mine.bk2", "mine-3.bk2"]


def test_a_named_movie_that_exists_is_refused(home: Path) -> None:
    (home / "mine.bk2").touch()
    with pytest.raises(MovieError, match="exists"):
        movie_paths(home / "mine.bk2", find_level(AIRSTRIKER))
