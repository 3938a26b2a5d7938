"""Plans are chains of a player's moves, made of the actions that the contest's agents have."""

from __future__ import annotations

import numpy as np

from newgameplus.emulator.cores import console_named
from newgameplus.games.action_sets import resolved
from newgameplus.open_games.tumbleweed import moves
from newgameplus.types import SONIC_8


def test_the_actions_are_named_after_what_they_hold() -> None:
    named = {
        moves.LEFT: ("LEFT",),
        moves.RIGHT: ("RIGHT",),
        moves.ROLL_LEFT: ("LEFT", "DOWN"),
        moves.ROLL_RIGHT: ("RIGHT", "DOWN"),
        moves.DOWN: ("DOWN",),
        moves.CHARGE: ("DOWN", "B"),
        moves.JUMP: ("B",),
        moves.NOTHING: (),
    }
    assert tuple(named[action] for action in range(8)) == resolved(SONIC_8, console_named("Genesis")).combos


def test_a_plan_is_as_long_as_asked_or_longer_and_holds_nothing_but_actions() -> None:
    random = np.random.default_rng(0)
    for num_steps in (1, 7, 48):
        for _ in range(100):
            plan = moves.MOVES.plan(random, num_steps)
            assert len(plan) >= num_steps
            assert set(plan) <= set(range(8))


def test_the_same_random_numbers_make_the_same_plan() -> None:
    first, second, other = (moves.MOVES.plan(np.random.default_rng(seed), 200) for seed in (5, 5, 6))
    assert first == second != other


def test_plans_use_every_action() -> None:
    assert set(moves.MOVES.plan(np.random.default_rng(0), 5000)) == set(range(8))
