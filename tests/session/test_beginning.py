"""Where a person begins, and which level comes next."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from newgameplus.errors import MovieError
from newgameplus.games.folders import HOME_VARIABLE
from newgameplus.games.levels import find_level, find_split
from newgameplus.movies.verify import verify_movie
from newgameplus.session.beginning import following_level, open_session, read_beginning

from .conftest import AIRSTRIKER, moment, play


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_movie_is_continued_from_any_of_its_frames(tmp_path: Path) -> None:
    with closing(open_session(find_level(AIRSTRIKER), record=tmp_path / "first.bk2")) as session:
        moments = play(session, 90)
    beginning = read_beginning(tmp_path / "first.bk2", frame=40)
    with closing(open_session(beginning.level, record=tmp_path / "second.bk2", beginning=beginning)) as session:
        assert moment(session) == moments[39]
        play(session, 30, seed=1)
    verdict = verify_movie(tmp_path / "second.bk2")
    assert (verdict.outcome, verdict.num_frames) == ("same", 71)
    with pytest.raises(MovieError, match="frames 0 to 90, not 91"):
        read_beginning(tmp_path / "first.bk2", frame=91)


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
