"""Moves of JERK, made where no moment is followed: run forward with random jumps, and back where that earns nothing.

Source: openai/retro-baselines, ``jerk_agent.py`` (2018).
"""

from __future__ import annotations

import numpy as np

from newgameplus.agents.keeper.config import KeeperConfig
from newgameplus.agents.moves import Move


def standing() -> Move:
    """Return a move that is over, after which the first one is forward."""
    return Move(is_backward=True, steps_left=0)


def press(move: Move, random: np.random.Generator, config: KeeperConfig) -> int:
    """Return what the next step presses; a move that is over becomes the next one."""
    if move.steps_left == 0:
        move.is_backward = not move.is_backward and move.reward <= 0
        move.steps_left = config.backward_steps if move.is_backward else config.forward_steps
        move.reward = 0.0
    return move.press(random, config)
