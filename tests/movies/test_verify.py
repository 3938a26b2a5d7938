"""Verifying: an untouched movie is the same again, and every kind of tampering is noticed."""

from __future__ import annotations

import dataclasses

import pytest

from newgameplus.movies.bk2 import read_movie, write_movie
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


def test_a_movie_of_another_program_has_nothing_to_compare_with(tampered, recording):
    verdict = verify_movie(tampered(lambda movie: dataclasses.replace(movie, extra={})))
    assert (verdict.outcome, verdict.episode_return) == ("nothing to compare", recording.returns[2])


def test_progress_is_told(recording):
    told = []
    verify_movie(recording.paths[2], progress=lambda done, total: told.append((done, total)))
    assert told[0] == (600, 1 + recording.num_frames[2])
