"""Plans are chains of a player's moves, made of the actions that the contest's agents have."""

from __future__ import annotations

import numpy as np

from newgameplus.open_games.tumbleweed import macros
from newgameplus.open_games.tumbleweed.macros import make_plan
from newgameplus.types import SONIC_8


def test_the_actions_are_named_after_what_they_hold() -> None:
    named = {
        macros.LEFT: ("LEFT",),
        macros.RIGHT: ("RIGHT",),
        macros.ROLL_LEFT: ("LEFT", "DOWN"),
        macros.ROLL_RIGHT: ("RIGHT", "DOWN"),
        macros.DOWN: ("DOWN",),
        macros.CHARGE: ("DOWN", "B"),
        macros.JUMP: ("B",),
        macros.NOTHING: (),
    }
    assert tuple(named[action] for action in range(8)) == SONIC_8.combos


def test_a_plan_is_as_long_as_asked_or_longer_and_holds_nothing_but_actions() -> None:
    random = np.random.default_rng(0)
    for num_steps in (1, 7, 48):
        for _ in range(100):
            plan = make_plan(random, num_steps)
            assert len(plan) >= num_steps
            assert set(plan) <= set(range(8))


def test_the_same_random_numbers_make_the_same_plan() -> None:
    first, second, other = (make_plan(np.random.default_rng(seed), 200) for seed in (5, 5, 6))
    assert first == second != other


def test_plans_use_every_action() -> None:
    assert set(make_plan(np.random.default_rng(0), 5000)) == set(range(8))
