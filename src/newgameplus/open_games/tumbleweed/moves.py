"""Moves of the search: short plans of actions that a player would make, in steps of the contest.

A plan is a list of indices of actions of ``SONIC_8``. There is no combination of a direction and the jump button, so a
plan jumps first and steers in the air, as the agents of the contest must.
"""

from __future__ import annotations

import numpy as np

from newgameplus.open_games.course import Plan
from newgameplus.open_games.moves import Moves, skewed_between

LEFT, RIGHT, ROLL_LEFT, ROLL_RIGHT, DOWN, CHARGE, JUMP, NOTHING = range(8)
"""Indices of the actions of ``SONIC_8``."""


def _run(random: np.random.Generator) -> Plan:
    return [RIGHT] * skewed_between(random, 1, 24)


def _jump(random: np.random.Generator) -> Plan:
    return [JUMP] * skewed_between(random, 1, 9) + [RIGHT] * skewed_between(random, 0, 14)


def _hop_up(random: np.random.Generator) -> Plan:
    """A jump that rises on the spot before it steers: onto a ledge, past an edge."""
    return [NOTHING, *[JUMP] * (3 + skewed_between(random, 0, 8)), *[RIGHT] * skewed_between(random, 2, 14)]


def _braked_jump(random: np.random.Generator) -> Plan:
    """A jump that brakes to land on a platform or before a pit."""
    flight = [JUMP] * skewed_between(random, 1, 8) + [RIGHT] * skewed_between(random, 0, 8)
    return flight + [LEFT] * skewed_between(random, 1, 8) + [NOTHING] * skewed_between(random, 0, 6)


def _run_up(random: np.random.Generator) -> Plan:
    back = [LEFT] * (4 + skewed_between(random, 0, 26))
    return back + [RIGHT] * (8 + skewed_between(random, 0, 24)) + _jump(random)


def _roll(random: np.random.Generator) -> Plan:
    return [RIGHT] * skewed_between(random, 0, 6) + [ROLL_RIGHT] * skewed_between(random, 1, 20)


def _charge(random: np.random.Generator) -> Plan:
    """Stand, crouch, charge, and let go; then roll on or jump."""
    stop = [LEFT] * skewed_between(random, 0, 8) + [NOTHING] * skewed_between(random, 0, 8)
    charge = [CHARGE, DOWN] * (1 + int(random.integers(8)))
    after = _jump(random) if random.random() < 0.3 else []
    release = NOTHING if random.random() < 0.5 else RIGHT
    return [*stop, RIGHT, DOWN, DOWN, *charge, *[release] * (4 + skewed_between(random, 0, 24)), *after]


def _wait(random: np.random.Generator) -> Plan:
    action = DOWN if random.random() < 0.2 else NOTHING
    return [action] * skewed_between(random, 1, 45)


def _go_back(random: np.random.Generator) -> Plan:
    return [LEFT] * skewed_between(random, 1, 30)


def _jump_back(random: np.random.Generator) -> Plan:
    return [JUMP] * skewed_between(random, 1, 9) + [LEFT] * skewed_between(random, 1, 14)


def _fidget(random: np.random.Generator) -> Plan:
    return [int(action) for action in random.integers(0, 8, skewed_between(random, 1, 8))]


MOVES = Moves(
    (
        (0.22, _run),
        (0.26, _jump),
        (0.08, _hop_up),
        (0.08, _braked_jump),
        (0.05, _run_up),
        (0.06, _roll),
        (0.05, _charge),
        (0.08, _wait),
        (0.04, _go_back),
        (0.04, _jump_back),
        (0.04, _fidget),
    )
)
"""Relative frequency of each move."""
