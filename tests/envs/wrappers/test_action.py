"""The numbered sets hold the same buttons as a wrapper and inside the base environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.wrappers.action import Discretizer
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.types import BUTTONS, REVERIE_8, SONIC_7, SONIC_8, SONIC_10, ActionSpec


@pytest.mark.parametrize("spec", [SONIC_7, SONIC_8, SONIC_10, REVERIE_8])
def test_the_discretizer_equals_the_action_set_of_the_base(
    spec: ActionSpec, level: Level, opened: Callable[[Any], Any]
) -> None:
    base = opened(RetroEnv(level, kind="ram", action_spec=spec))
    numbers = np.random.default_rng(0).integers(0, base.action_space.n, 200)

    def memories(env: Any) -> list[bytes]:
        env.reset(seed=0)
        seen = [env.step(number)[0].tobytes() for number in numbers]
        env.close()
        return seen

    inside = memories(base)
    wrapped = Discretizer(opened(RetroEnv(level, kind="ram")), spec)
    assert wrapped.action_space == base.action_space
    assert memories(wrapped) == inside


@pytest.mark.parametrize("action", [7, -1, 0.5])
def test_a_number_outside_the_set_is_refused(action: Any, retro: RetroEnv) -> None:
    env = Discretizer(retro, SONIC_7)
    env.reset()
    with pytest.raises(UsageError):
        env.step(action)


def test_only_buttons_can_be_numbered(level: Level, opened: Callable[[Any], Any]) -> None:
    env = opened(RetroEnv(level, action_spec=SONIC_7))
    with pytest.raises(UsageError, match="not one number per button"):
        Discretizer(env, SONIC_7)


def test_a_discretizer_needs_a_set(retro: RetroEnv) -> None:
    with pytest.raises(UsageError, match="'set'"):
        Discretizer(retro, BUTTONS)
