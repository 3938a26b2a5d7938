"""The par movies: every level that comes with New Game Plus can be finished, and its movie shows how."""

from __future__ import annotations

import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import Level, levels_of
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.record import episode_record
from newgameplus.open_games.proof import par_path, verify_par
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

LEVELS = levels_of(find_game(TUMBLEWEED.name))


def of_zone(zone: str) -> list[Level]:
    return [level for level in LEVELS if level.state.startswith(f"{zone}.")]


def test_every_level_has_a_par_movie_and_every_par_movie_a_level() -> None:
    paths = {par_path(level) for level in LEVELS}
    assert set(par_path(LEVELS[0]).parent.iterdir()) == paths


@pytest.mark.parametrize("zone", ZONE_NAMES)
def test_par_movies_reach_the_goal_with_all_lives_within_the_time(zone: str) -> None:
    assert of_zone(zone)
    for level in of_zone(zone):
        assert verify_par(TUMBLEWEED.course, level, par_path(level)) <= TUMBLEWEED.course.max_frames


def test_par_movies_were_recorded_on_the_fast_core_and_score_more_than_the_whole_way() -> None:
    for level in LEVELS:
        path = par_path(level)
        record = episode_record(read_movie(path).extra, str(path))
        assert (record.core_name, record.level, record.scenario) == (TUMBLEWEED.fast_core, str(level), "contest")
        assert record.episode_return is not None
        assert 9000 < record.episode_return <= 10000
