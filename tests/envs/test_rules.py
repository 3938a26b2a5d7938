"""The rules of a world hold in every kind of world alike."""

from __future__ import annotations

from typing import Any

import pytest

from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.errors import UsageError


def test_the_contests_world_is_that_of_2018() -> None:
    rules = CONTEST_WORLD
    assert (rules.frames_per_step, rules.sticky_probability, rules.max_episode_steps) == (4, 0.25, 4500)


@pytest.mark.parametrize(
    "wrong",
    [{"frames_per_step": 0}, {"sticky_probability": 1.5}, {"sticky_probability": -0.1}, {"max_episode_steps": 0}],
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        WorldRules(**wrong)
