"""The par movies reach the goal on the usual core as well; a file of its own, since that takes longer."""

from __future__ import annotations

import pytest

from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import levels_of
from newgameplus.open_games.proof import par_path, verify_par
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.open_games.tumbleweed.zones import ZONE_NAMES


@pytest.mark.parametrize(
    "zone", [ZONE_NAMES[0], *(pytest.param(name, marks=pytest.mark.nightly) for name in ZONE_NAMES[1:])]
)
def test_par_movies_reach_the_goal_on_the_usual_core(zone: str) -> None:
    levels = [level for level in levels_of(find_game(TUMBLEWEED.name)) if level.state.startswith(f"{zone}.")]
    assert levels
    for level in levels:
        verify_par(TUMBLEWEED.course, level, par_path(level), level.integration.console.core)
