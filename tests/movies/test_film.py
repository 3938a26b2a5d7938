"""A movie shown at any frame is the movie played straight through, on cores with exact states and on others."""

from __future__ import annotations

import random
from contextlib import closing

import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.games.levels import find_level
from newgameplus.movies.film import SNAPSHOT_FRAMES, Film
from newgameplus.movies.recorder import MovieRecorder

CASES = [("Airstriker-Genesis-v0/Level1", None), ("Tumbleweed-Genesis-v0/Mesa.Act1", "picodrive")]


@pytest.fixture(params=CASES, ids=["exact states", "no exact states"])
def film(request, tmp_path):
    """A film of 700 frames of seeded random buttons."""
    level_id, core = request.param
    env = RetroEnv(find_level(level_id), kind="none", core=core, listeners=[MovieRecorder(tmp_path)])
    source = random.Random(5)
    try:
        env.reset()
        for _ in range(140):
            mask = source.randrange(2 ** len(env.buttons)) & ~0b1000
            for _ in range(5):
                env.advance(mask)
    finally:
        env.close()
    with closing(Film(next(tmp_path.iterdir()))) as opened:
        yield opened


def moment(film):
    return film.frame, film.total, b"".join(film.playback.emulator.memory().values()), film.picture().tobytes()


def test_any_frame_is_that_of_playing_straight_through(film):
    straight = [moment(film)]
    while film.frame < film.last_frame:
        film.seek(film.frame + 1)
        straight.append(moment(film))
    assert len(straight) == 701
    places = [0, 1, SNAPSHOT_FRAMES, SNAPSHOT_FRAMES + 1, 2 * SNAPSHOT_FRAMES - 1, film.last_frame, 350]
    for frame in places:
        film.seek(frame)
        assert moment(film) == straight[frame], frame


def test_places_outside_of_the_movie_are_its_ends(film):
    film.seek(10**6)
    assert film.frame == film.last_frame
    film.seek(-5)
    assert film.frame == 0
