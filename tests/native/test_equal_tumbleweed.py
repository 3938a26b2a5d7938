"""The engine equals stable-retro on Tumbleweed's usual core, frame for frame, in every zone."""

from __future__ import annotations

import pytest

from newgameplus.games.levels import find_level
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES

from .play import frames


@pytest.mark.parametrize("num_frames", [400, pytest.param(1_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("zone", ZONE_NAMES)
def test_random_frames_of_each_zone_equal_the_reference(zone: str, num_frames: int) -> None:
    level = find_level(f"{TUMBLEWEED.name}/{zone}.Act1")
    expected = frames(level, "reference", num_frames)
    ours = frames(level, "native", num_frames, core=level.integration.plain_core_name)
    furthest = 0
    for index, (mine, theirs) in enumerate(zip(ours, expected, strict=True)):
        assert mine == theirs, f"frame {index}"
        furthest = max(furthest, theirs[4]["x"])
    assert furthest > find_start(zone)


def find_start(zone: str) -> int:
    """Where the tumbleweed stands when the zone's first act begins."""
    return int(next(frames(find_level(f"{TUMBLEWEED.name}/{zone}.Act1"), "reference", 1))[4]["x"])
