"""Where the movies of a session go."""

from __future__ import annotations

from pathlib import Path

import pytest

from newgameplus.errors import MovieError
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level
from newgameplus.session.live_movie import movie_paths

from .conftest import AIRSTRIKER


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


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
