"""JERK's scripted moves: run in one direction for a while, with random jumps.

JERK records what it pressed as one byte per step, a sum of ``FORWARD``, ``BACKWARD``, ``JUMP`` and ``CROUCH``; only the
agent maps these to buttons of the console.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newgameplus.agents.jerk.config import JerkConfig
from newgameplus.agents.saved import take, take_count
from newgameplus.types import State

NOTHING_PRESSED = 0
FORWARD = 1
BACKWARD = 2
JUMP = 4
CROUCH = 8
NUM_PRESSES = 16
"""Number of different bytes."""

COMBOS = (BACKWARD, FORWARD, BACKWARD | CROUCH, FORWARD | CROUCH, CROUCH, CROUCH | JUMP, JUMP)
"""The seven combinations of the 2018 baselines' Sonic discretizer, in its order."""


@dataclass(slots=True)
class Move:
    """A run in one direction."""

    is_backward: bool
    steps_left: int
    """Steps left of the move."""
    jump_steps_left: int = 0
    """Steps for which the current jump still holds its button."""
    reward: float = 0.0
    """Sum of the rewards since the move began."""

    def press(self, random: np.random.Generator, config: JerkConfig) -> int:
        """Return what the next step presses; draws one random number unless a jump is in progress."""
        self.steps_left -= 1
        direction = BACKWARD if self.is_backward else FORWARD
        if self.jump_steps_left > 0:
            self.jump_steps_left -= 1
            return direction | JUMP
        if random.random() < config.jump_probability:
            self.jump_steps_left = config.jump_steps - 1
            return direction | JUMP
        return direction

    def state(self) -> State:
        """Return the four fields."""
        return {
            "is_backward": self.is_backward,
            "steps_left": self.steps_left,
            "jump_steps_left": self.jump_steps_left,
            "reward": self.reward,
        }

    @classmethod
    def from_state(cls, state: object) -> Move:
        """Return the move that was saved.

        Raises:
            StateError: the state is damaged.
        """
        return cls(
            take(state, "is_backward", bool),
            take_count(state, "steps_left"),
            take_count(state, "jump_steps_left"),
            take(state, "reward", float),
        )
