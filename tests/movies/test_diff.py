"""Where two movies diverge: the frame and what differs there are those of the movies played one after the other."""

from __future__ import annotations

import dataclasses

import pytest

from newgameplus.errors import MovieError
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.diff import diff_movies
from newgameplus.movies.playback import Playback


def way_of(path):
    """Memory, picture and return of each frame."""
    with Playback(path) as playback:
        total = 0.0
        for reward in playback.rewards():
            total += reward
            yield b"".join(playback.emulator.memory().values()), playback.picture().tobytes(), total


@pytest.fixture
def changed(recording, tmp_path):
    """The longest movie, with other buttons from frame 200 on."""
    movie = read_movie(recording.paths[2])
    masks = movie.masks.copy()
    masks[200:] = 1 << movie.buttons.index("RIGHT")
    path = tmp_path / "changed.bk2"
    write_movie(path, dataclasses.replace(movie, masks=masks[:900]))
    return path


def test_the_first_frame_of_each_difference_is_found(recording, changed):
    found = {each.aspect: each.frame for each in diff_movies(recording.paths[2], changed).differences}
    expected = {}
    for frame, moments in enumerate(zip(way_of(recording.paths[2]), way_of(changed), strict=False)):
        for aspect, left, right in zip(("memory", "picture", "return"), *moments, strict=True):
            if left != right:
                expected.setdefault(aspect, frame)
    assert found.pop("buttons") == 200
    assert found.pop("length", 900) == 900
    assert found == expected
    assert found["memory"] >= 200


def test_differences_come_in_the_order_of_their_frames(recording, changed):
    frames = [each.frame for each in diff_movies(changed, recording.paths[2]).differences]
    assert frames == sorted(frames)


def test_a_movie_is_the_same_as_itself(movie_path):
    assert diff_movies(movie_path, movie_path).differences == ()


def test_another_start_state_differs_from_the_first_frame_on(recording, tmp_path):
    with Playback(recording.paths[2]) as playback:
        for _ in zip(range(300), playback.rewards(), strict=False):
            pass
        state = playback.emulator.save()
    write_movie(tmp_path / "late.bk2", dataclasses.replace(read_movie(recording.paths[2]), start_state=state))
    first = diff_movies(recording.paths[2], tmp_path / "late.bk2").differences[0]
    assert (first.aspect, first.frame) == ("memory", 0)


def test_movies_of_two_games_are_refused(recording, tmp_path):
    tumbleweed = pytest.importorskip("newgameplus.games.levels").find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
    movie = dataclasses.replace(
        read_movie(recording.paths[0]),
        game=tumbleweed.game,
        start_state=tumbleweed.integration.state(tumbleweed.state),
        extra={},
        marks=None,
        header={},
    )
    write_movie(tmp_path / "other.bk2", movie)
    with pytest.raises(MovieError, match="movies of one game are compared"):
        diff_movies(recording.paths[0], tmp_path / "other.bk2")
