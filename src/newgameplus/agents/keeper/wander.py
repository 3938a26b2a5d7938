"""Moves of JERK, made where no moment is followed: run forward with random jumps, and back where that earns nothing.

Source: openai/retro-baselines, ``jerk_agent.py`` (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newgameplus.agents.keeper.config import KeeperConfig
from newgameplus.agents.saved import take, take_count
from newgameplus.types import State

FORWARD, BACKWARD, JUMP = 1, 2, 4
NUM_PRESSES = 8
"""Number of different presses, sums of these."""


@dataclass(slots=True)
class Wander:
    """Moves since no moment is followed."""

    steps_left: int = 0
    """Steps left of the current move."""
    is_backward: bool = True
    jump_steps_left: int = 0
    """Steps for which the current jump still holds its button."""
    reward: float = 0.0
    """Sum of the rewards since the move began."""

    def press(self, random: np.random.Generator, config: KeeperConfig) -> int:
        """Return what the next step presses; draws one random number unless a jump is in progress."""
        if self.steps_left == 0:
            self.is_backward = not self.is_backward and self.reward <= 0
            self.steps_left = config.backward_steps if self.is_backward else config.forward_steps
            self.reward = 0.0
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
            "steps_left": self.steps_left,
            "is_backward": self.is_backward,
            "jump_steps_left": self.jump_steps_left,
            "reward": self.reward,
        }

    @classmethod
    def from_state(cls, state: object) -> Wander:
        """Return the moves that were saved.

        Raises:
            StateError: the state is damaged.
        """
        return cls(
            take_count(state, "steps_left"),
            take(state, "is_backward", bool),
            take_count(state, "jump_steps_left"),
            take(state, "reward", float),
        )
