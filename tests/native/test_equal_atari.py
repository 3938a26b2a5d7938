"""The engine equals stable-retro on the Atari 2600, frame for frame, with paddles and with joysticks."""

from __future__ import annotations

import pytest

from newgameplus.games.ale import ale_roms
from newgameplus.games.catalogue import games
from newgameplus.games.levels import find_level
from newgameplus.games.roms import Importer

from .play import frames

LENGTHS = [(4_000, 0, 5), pytest.param(20_000, 1, 20, marks=pytest.mark.nightly)]
"""Frames to compare, and how many episodes end and frames are rewarded among them at least."""


@pytest.fixture(scope="module", autouse=True)
def _roms() -> None:
    importer = Importer(games())
    verdicts = [verdict for path in ale_roms() for verdict in importer.take(path)]
    assert any(verdict.outcome == "imported" for verdict in verdicts)


@pytest.mark.parametrize("game", ["Breakout", "Pong", "Seaquest"])
@pytest.mark.parametrize(("num_frames", "least_ends", "least_points"), LENGTHS)
def test_random_frames_equal_the_reference(game: str, num_frames: int, least_ends: int, least_points: int) -> None:
    level = find_level(f"{game}-Atari2600-v0")
    expected = frames(level, "reference", num_frames)
    num_ends = num_points = 0
    for index, (ours, theirs) in enumerate(zip(frames(level, "native", num_frames), expected, strict=True)):
        assert ours == theirs, f"frame {index}"
        num_points += ours[2] != 0
        num_ends += ours[3]
    assert num_ends >= least_ends
    assert num_points >= least_points
