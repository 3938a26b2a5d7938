"""Recorded buttons give the observations that they gave when they were recorded, whatever the actions are."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import Played, RetroEnv
from newgameplus.envs.wrappers.observation import Gray, apply_observation_spec
from newgameplus.envs.wrappers.recorded import Recorded
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.types import ObservationSpec

LEVEL = find_level("Airstriker-Genesis-v0/Level1")
SPEC = ObservationSpec(maximum=True, gray=True, size=(84, 84), stack=4)


class Masks:
    """Keeps the buttons of each frame."""

    def __init__(self) -> None:
        self.masks: list[int] = []

    def episode_started(self, env: Played) -> None: ...

    def frame_ran(self, mask: int, reward: float) -> None:
        self.masks.append(mask)

    def episode_ended(self, env: Played) -> None: ...


def test_observations_and_rewards_are_those_of_the_recording() -> None:
    masks = Masks()
    with closing(make_contest(LEVEL, observation_spec=SPEC, listeners=[masks])) as env:
        env.action_space.seed(3)
        told = [env.reset(seed=3)[0]] + [env.step(env.action_space.sample())[:2] for _ in range(40)]
    base = RetroEnv(LEVEL, takes_maximum=True)
    with closing(apply_observation_spec(Recorded(base, masks.masks, 4), SPEC)) as again:
        for _ in range(2):
            assert np.array_equal(again.reset(seed=9)[0], told[0])
            for observation, reward in told[1:]:
                seen = again.step(again.action_space.sample())
                assert np.array_equal(seen[0], observation)
                assert seen[1] == reward
            with pytest.raises(UsageError, match="The recorded episode is over"):
                again.step(0)


def test_it_is_put_below_other_wrappers() -> None:
    base = RetroEnv(LEVEL)
    with closing(base), pytest.raises(UsageError, match="held by a bare RetroEnv"):
        Recorded(Gray(base), [0], 4)  # type: ignore[arg-type]
