"""Verifying: an untouched movie is the same again, and every kind of tampering is noticed."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.movie_bits import MISSED, count
from newgameplus.errors import MovieError
from newgameplus.movies.bk2 import read_movie, write_movie
from newgameplus.movies.marks import Marks, marks_of, parse_marks
from newgameplus.movies.playback import Playback
from newgameplus.movies.verify import verify_movie


@pytest.fixture
def tampered(recording, tmp_path):
    """Write the longest movie anew, changed by a function."""

    def write(change):
        path = tmp_path / "tampered.bk2"
        write_movie(path, change(read_movie(recording.paths[2])))
        return path

    return write


def test_recorded_movies_come_out_as_recorded(recording):
    for path, episode_return in zip(recording.paths, recording.returns, strict=True):
        verdict = verify_movie(path)
        assert (verdict.outcome, verdict.differences, verdict.episode_return) == ("same", (), episode_return)


def _with_extra(key, value):
    return lambda movie: dataclasses.replace(movie, extra={**movie.extra, key: value})


def _released(movie):
    masks = movie.masks.copy()
    masks[40:] = 0
    return dataclasses.replace(movie, masks=masks)


def _unnoticeable(movie):
    masks = movie.masks.copy()
    masks[-1] ^= 1 << movie.buttons.index("MODE")
    return dataclasses.replace(movie, masks=masks)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (_with_extra("return", 99999.0), "instead of 99999.0"),
        (_with_extra("num_frames", 12), "frames instead of 12"),
        (_with_extra("memory_sha256", "0" * 64), "the memory at the last frame is another"),
        (_with_extra("state_sha256", "0" * 64), "the start state has been changed"),
        (_released, "the button log has been changed"),
        (_unnoticeable, "the button log has been changed"),
    ],
)
def test_tampering_is_noticed(change, difference, tampered):
    verdict = verify_movie(tampered(change))
    assert verdict.outcome == "different"
    assert any(difference in sentence for sentence in verdict.differences)


def _as_of_0_1(movie):
    return dataclasses.replace(movie, extra={**movie.extra, "schema": 1}, marks=None)


def test_a_movie_of_0_1_is_compared_without_marks(tampered):
    assert verify_movie(tampered(_as_of_0_1)).outcome == "same"
    different = verify_movie(tampered(lambda movie: _released(_as_of_0_1(movie))))
    assert (different.outcome, different.first_different_frames) == ("different", None)


def _late(movie):
    masks = movie.masks.copy()
    masks[200:] = 1 << movie.buttons.index("RIGHT")
    return dataclasses.replace(movie, masks=masks)


def test_the_first_second_that_differs_is_named(tampered):
    verdict = verify_movie(tampered(_late))
    assert verdict.first_different_frames == (181, 240)
    assert "the memory differs first between 0:03.0 and 0:04.0 (frames 181 to 240)" in verdict.differences


def test_a_difference_after_the_last_mark_is_named(recording, tmp_path):
    movie = _with_extra("memory_sha256", "0" * 64)(read_movie(recording.paths[0]))
    write_movie(tmp_path / "end.bk2", movie)
    first = (movie.num_frames - 1) // 60 * 60 + 1
    assert verify_movie(tmp_path / "end.bk2").first_different_frames == (first, movie.num_frames - 1)


def test_another_start_state_differs_from_the_first_frame_on(tampered, recording):
    late = read_movie(recording.paths[0])
    with Playback(recording.paths[0]) as playback:
        for _ in zip(range(300), playback.rewards(), strict=False):
            pass
        other = playback.emulator.save()
    assert other != late.start_state
    verdict = verify_movie(tampered(lambda movie: dataclasses.replace(movie, start_state=other)))
    assert verdict.first_different_frames == (0, 0)
    assert "the memory differs first in the first frame" in verdict.differences


def _without_last_mark(movie):
    return dataclasses.replace(movie, marks=Marks(movie.marks.record_sha256, movie.marks.hashes[:-1]))


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda movie: dataclasses.replace(movie, marks=None), "its marks have been removed"),
        (_without_last_mark, "marks instead of"),
        (_with_extra("level", "Airstriker-Genesis-v0/Level2"), "what is recorded about the episode has been changed"),
        (lambda movie: dataclasses.replace(movie, extra={}), "what is recorded about the episode has been changed"),
    ],
)
def test_marks_that_do_not_belong_to_the_movie_are_noticed(change, difference, tampered):
    assert difference in "; ".join(verify_movie(tampered(change)).differences)


def test_other_core_options_are_said_as_such(tampered):
    def change(movie):
        core = {
            **movie.extra["core"],
            "options": {**movie.extra["core"]["options"], "genesis_plus_gx_render": "double"},
        }
        extra = {**movie.extra, "core": core}
        return _late(dataclasses.replace(movie, extra=extra, marks=marks_of(extra, movie.marks.hashes)))

    path = tampered(change)
    with pytest.raises(MovieError, match="with other core options: genesis_plus_gx_render=double, not single field"):
        verify_movie(path)
    assert "it was recorded with other core options" in verify_movie(path, any_core=True).differences[0]


@pytest.mark.parametrize("content", [b"", b"NGPM", b"NGPM" + bytes(36), b"NGPM\2\0\74\0" + bytes(32), b"x" * 40])
def test_damaged_marks_are_refused_in_words(content):
    with pytest.raises(MovieError, match=r"NewGamePlus\.marks in the movie m\.bk2 is damaged"):
        parse_marks(content, "m.bk2")


def test_changed_bits_are_detected_or_harmless(recording, tmp_path):
    found = count(recording.paths[0], 50, tmp_path)
    assert found.total() == 50
    assert not [place for place, outcome in found if outcome == MISSED]


def test_a_movie_of_another_program_has_nothing_to_compare_with(tampered, recording):
    verdict = verify_movie(tampered(lambda movie: dataclasses.replace(movie, extra={}, marks=None)))
    assert (verdict.outcome, verdict.episode_return) == ("nothing to compare", recording.returns[2])


def test_progress_is_told(recording):
    told = []
    verify_movie(recording.paths[2], progress=lambda done, total: told.append((done, total)))
    assert told[0] == (600, 1 + recording.num_frames[2])
