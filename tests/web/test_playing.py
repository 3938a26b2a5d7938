"""When frames are sent, with a clock that the test holds."""

from __future__ import annotations

import json

import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.session.film import Film
from newgameplus.web.messages import MAX_FRAME, Request, read_request
from newgameplus.web.playing import MAX_ON_WAY, Playing

from .visitor import parse


@pytest.fixture(scope="module")
def film():
    path = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    assert path is not None
    with Film(path) as opened:
        opened.survey(opened.num_frames)
        yield opened


def sent(playing, now):
    """Frames that are sent at a moment, until there is nothing to do."""
    frames = []
    while playing.seconds_to_wait(now) == 0.0:
        message = playing.go_on(now)
        if isinstance(message, bytes):
            frames.append(parse(message))
    return frames


def test_no_more_than_two_frames_are_on_their_way(film):
    playing = Playing(film)
    playing.take(Request("play", 1, 0, 1.0), 0.0)
    assert [frame.number for frame in sent(playing, 1 / 60 * 1.01)] == [1]
    assert [frame.number for frame in sent(playing, 2 / 60 * 1.01)] == [2]
    assert sent(playing, 3 / 60 * 1.01) == []
    assert playing.seconds_to_wait(1.0) is None
    playing.take(Request("drawn"), 0.06)
    assert len(sent(playing, 4 / 60)) == 1
    assert MAX_ON_WAY == 2


def played(film, speed, seconds, seconds_per_draw=1 / 240):
    """Frames that a page gets in some seconds if it draws each at once."""
    playing = Playing(film)
    sent(playing, 0.0)
    playing.take(Request("drawn"), 0.0)
    playing.take(Request("play", 1, 0, speed), 0.0)
    numbers, now = [], 0.0
    while now < seconds:
        for frame in sent(playing, now):
            numbers.append(frame.number)
            playing.take(Request("drawn"), now)
        now += seconds_per_draw
    return numbers


@pytest.mark.parametrize("speed", [0.25, 0.5, 1, 2, 4, 8])
def test_a_second_of_playing_is_that_many_frames(film, speed):
    numbers = played(film, speed, 1.0)
    rate = film.emulator.frames_per_second
    assert numbers[-1] == pytest.approx(rate * speed, abs=2 + speed)
    assert numbers == sorted(set(numbers))
    if speed <= 1:
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_page_that_draws_slowly_gets_fewer_frames_not_later_ones(film):
    numbers = played(film, 1, 1.0, seconds_per_draw=1 / 31)
    assert len(numbers) < 35
    assert numbers[-1] > 50


def test_at_the_last_frame_playing_ends(film):
    playing = Playing(film, film.num_frames - 3)
    playing.take(Request("play", 1, film.num_frames - 3, 1.0), 0.0)
    numbers = []
    for tick in range(10):
        numbers += [frame.number for frame in sent(playing, tick / 60 * 1.01)]
        playing.take(Request("drawn"), 0.0)
    assert numbers == [film.num_frames - 2, film.num_frames - 1]


def test_what_belongs_to_an_earlier_seek_is_dropped(film):
    playing = Playing(film)
    sent(playing, 0.0)
    playing.take(Request("drawn"), 0.0)
    playing.take(Request("seek", 5, 100), 0.0)
    playing.take(Request("seek", 4, 7), 0.0)
    [frame] = sent(playing, 0.0)
    assert (frame.generation, frame.number) == (5, 100)


def test_the_survey_tells_of_the_whole_movie(film):
    playing = Playing(film)
    said = json.loads(playing._survey_message())
    assert said["num_surveyed"] == film.num_frames
    assert said["frames"][-1] == film.num_frames - 1
    assert said["returns"][-1] == film.returns[-1]
    assert sum(said["rewards"]) == pytest.approx(film.returns[-1])
    assert {len(values) for values in said["variables"].values()} == {len(said["variables"]["x"])}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", '{"do": "quit"}', '{"do": "seek", "frame": -1}', '{"do": "seek", "frame": 1.5}',
     '{"do": "seek", "frame": true}', f'{{"do": "seek", "frame": {MAX_FRAME + 1}}}', '{"do": "play", "speed": 3}',
     '{"do": "play", "speed": NaN}', '{"do": "play", "speed": "1"}', "[" * 900, '{"do": ["seek"]}', " " * 2000],
)  # fmt: skip
def test_what_is_no_request_is_none(text):
    assert read_request(text) is None
