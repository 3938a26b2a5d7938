"""The engine equals stable-retro on the Mega Drive, frame for frame, saving and loading in between."""

from __future__ import annotations

import pytest

from newgameplus.games.levels import Level, find_level

from .play import frames

LENGTHS = [(4_000, 0, 5), pytest.param(20_000, 2, 20, marks=pytest.mark.nightly)]
"""Frames to compare, and how many episodes end and frames are rewarded among them at least."""


@pytest.fixture(scope="module")
def level() -> Level:
    return find_level("Airstriker-Genesis-v0/Level1")


@pytest.mark.parametrize(("num_frames", "least_ends", "least_points"), LENGTHS)
def test_random_frames_equal_the_reference(level: Level, num_frames: int, least_ends: int, least_points: int) -> None:
    expected = frames(level, "reference", num_frames)
    num_ends = num_points = 0
    for index, (ours, theirs) in enumerate(zip(frames(level, "native", num_frames), expected, strict=True)):
        assert ours == theirs, f"frame {index}"
        num_points += ours[2] > 0
        num_ends += ours[3]
    assert num_ends >= least_ends
    assert num_points >= least_points
