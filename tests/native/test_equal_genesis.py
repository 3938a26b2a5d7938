"""The engine equals stable-retro on the Mega Drive, frame for frame, saving and loading in between."""

from __future__ import annotations

import pytest

from newgameplus.games.levels import Level, find_level

from .play import frames

NUM_FRAMES = 20_000


@pytest.fixture(scope="module")
def level() -> Level:
    return find_level("Airstriker-Genesis-v0/Level1")


def test_twenty_thousand_random_frames_equal_the_reference(level: Level) -> None:
    expected = frames(level, "reference", NUM_FRAMES)
    num_ends = num_points = 0
    for index, (ours, theirs) in enumerate(zip(frames(level, "native", NUM_FRAMES), expected, strict=True)):
        assert ours == theirs, f"frame {index}"
        num_points += ours[2] > 0
        num_ends += ours[3]
    assert num_ends >= 2
    assert num_points >= 20
