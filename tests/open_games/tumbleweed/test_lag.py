"""No frame of the shipped levels is late, whatever the player does."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.games.catalogue import find_game
from newgameplus.games.levels import levels_of
from newgameplus.open_games.tumbleweed.open_game import TUMBLEWEED
from newgameplus.types import NOTHING, SONIC_10

NUM_STEPS = 120
RIGHT, RIGHT_AND_DOWN, RIGHT_AND_JUMP = 1, 3, 9


@pytest.mark.parametrize("core", ["picodrive", "genesis_plus_gx"])
def test_no_frame_is_late_in_any_level(core: str) -> None:
    levels = (
        levels_of(find_game(TUMBLEWEED.name)) if core == "picodrive" else levels_of(find_game(TUMBLEWEED.name))[::6]
    )
    env = RetroVecEnv(levels, observation_spec=NOTHING, action_spec=SONIC_10, core=core)
    random = np.random.default_rng(3)
    held = random.choice([RIGHT, RIGHT, RIGHT_AND_JUMP, RIGHT_AND_DOWN], (NUM_STEPS // 4, len(levels)))
    _, begun = env.reset(seed=0)
    info = begun
    for actions in np.repeat(held, 4, axis=0):
        info = env.step(actions)[-1]
        assert not info["lag"].any()
        assert not info["fault"].any()
    assert (info["furthest_x"] > begun["x"]).sum() > len(levels) // 2
    env.close()
