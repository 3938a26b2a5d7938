"""A movie that is played from any frame: what it keeps, and what it does where a state is not what it should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from newgameplus.errors import MovieError, UsageError
from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import find_level
from newgameplus.movies.playback import Playback
from newgameplus.session.film import LEAD_FRAMES, Film
from newgameplus.session.samples import MAX_SAMPLES, Samples
from newgameplus.session.session import Session
from newgameplus.session.snapshots import STATE_FRAMES, Snapshots

NUM_FRAMES = 200


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A movie of Airstriker, on a core whose states are exact."""
    path = tmp_path_factory.mktemp("movies") / "movie.bk2"
    session = Session(find_level("Airstriker-Genesis-v0/Level1"), movies=[path])
    for frame in range(NUM_FRAMES):
        session.step(1 << session.buttons.index("RIGHT" if frame // 40 % 2 else "LEFT"))
    session.close()
    return path


@pytest.fixture(scope="module")
def straight(path):
    """Pictures of straight play."""
    with Playback(path) as playback:
        return [playback.picture() for _ in playback.rewards()]


def test_a_film_agrees_with_its_recording_once_it_has_been_surveyed(path):
    with Film(path) as film:
        assert film.is_exact
        assert film.agrees() is None
        film.survey(film.num_frames + 10)
        assert film.is_surveyed
        assert film.agrees() is True


def test_a_state_that_is_not_that_of_straight_play_is_noticed_and_none_is_used_again(path, straight):
    with Film(path) as film:
        film.survey(film.num_frames)
        kept = film._snapshots._kept
        kept[2] = replace(kept[2], checksum=kept[2].checksum ^ 1)
        frame = kept[2].frame + 5
        film.show(kept[1].frame + 3)
        assert film.is_exact
        assert np.array_equal(film.show(frame).picture, straight[frame])
        assert not film.is_exact
        for other in (frame - 30, 3, NUM_FRAMES, frame):
            assert np.array_equal(film.show(other).picture, straight[other])


@pytest.fixture(scope="module")
def on_picodrive():
    """A movie on a core whose states leave something out."""
    path = find_game("Tumbleweed-Genesis-v0").par_movie("Canyon.Act1")
    assert path is not None
    return path


def test_where_nothing_is_kept_steps_back_run_nothing(on_picodrive, monkeypatch):
    monkeypatch.setattr("newgameplus.emulator.exactness.IMAGED", frozenset())
    with Film(on_picodrive) as film:
        assert not film.is_exact
        last = film.show(150)
        before = [film.show(frame) for frame in range(149, 149 - LEAD_FRAMES, -1)]
        assert film.console_frame == last.frame == 150
        assert [moment.frame for moment in before] == list(range(149, 149 - LEAD_FRAMES, -1))


def test_where_states_leave_something_out_the_console_of_the_survey_shows_frames_from_its_images(on_picodrive):
    with Playback(on_picodrive) as playback:
        straight = [playback.picture() for _ in playback.rewards()]
    with Film(on_picodrive) as film:
        assert film.is_exact
        shown = film.emulator
        assert np.array_equal(film.show(30).picture, straight[30])
        assert not film.is_surveyed
        for frame in (800, 790, 100, 1000, 1001, 0, 900):
            assert np.array_equal(film.show(frame).picture, straight[frame])
            assert film.console_frame == frame
        assert film.emulator is not shown
        assert film.is_surveyed
        assert film.agrees() is True


def test_approaching_takes_few_frames_at_a_time_and_leads_to_the_frame(path, straight):
    with Film(path) as film:
        num_calls = 1
        while not film.approach(150, 20):
            num_calls += 1
            assert film.num_surveyed <= 20 * num_calls
        assert num_calls >= 150 // 20
        assert np.array_equal(film.show(150).picture, straight[150])


def test_sound_is_that_of_all_frames_since_the_last_one_shown(path):
    with Playback(path) as playback:
        sounds = [playback.emulator.audio() for _ in playback.rewards()]
    with Film(path) as film:
        film.show(60)
        assert np.array_equal(film.show(63).sound, np.concatenate(sounds[61:64]))
        assert len(film.show(20).sound) == 0


def test_a_frame_that_the_movie_does_not_have_is_refused(path):
    with Film(path) as film:
        for frame in (-1, film.num_frames):
            with pytest.raises(UsageError, match=f"The movie has the frames 0 to {NUM_FRAMES}, not {frame}"):
                film.show(frame)


def test_a_movie_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.bk2").write_bytes(b"nothing")
    with pytest.raises(MovieError, match="is not a bk2 movie"):
        Film(tmp_path / "a.bk2")


def test_the_longer_the_movie_the_farther_apart_are_its_states():
    snapshots = Snapshots(max_bytes=2000)
    content = np.random.default_rng(0).bytes(100)
    for frame in range(0, 100 * STATE_FRAMES, STATE_FRAMES):
        if snapshots.is_due(frame):
            snapshots.add(frame, content, frame)
    assert snapshots.size_bytes <= 2000
    frames = [frame for frame in range(100 * STATE_FRAMES) if snapshots.checksum(frame) is not None]
    [interval] = set(np.diff(frames))
    assert interval == 8 * STATE_FRAMES
    found = snapshots.before(frames[-1])
    assert found is not None
    assert (found.frame, found.machine()) == (frames[-2], content)
    assert snapshots.before(0) is None


def test_samples_stay_at_regular_intervals_however_long_the_episode():
    samples = Samples(["x"])
    for frame in range(3 * MAX_SAMPLES):
        if samples.are_due(frame):
            samples.add(frame, {"x": frame})
    assert samples.columns["x"].tolist() == list(range(0, 3 * MAX_SAMPLES, samples.interval))
    assert len(samples.columns["x"]) <= MAX_SAMPLES
