"""JERK's scripted moves: run in one direction for a while, with random jumps.

What a step presses is one byte, a sum of ``FORWARD``, ``BACKWARD``, ``JUMP`` and ``CROUCH``; only
:func:`actions_of_presses` knows the buttons of the console.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from newgameplus.agents.buttons import find_button
from newgameplus.agents.saved import take, take_count
from newgameplus.types import Array, State, WorldSpec

NOTHING_PRESSED = 0
FORWARD = 1
BACKWARD = 2
JUMP = 4
CROUCH = 8
NUM_PRESSES = 16
"""Number of different bytes."""


class Jumps(Protocol):
    """A configuration that says how moves jump."""

    @property
    def jump_probability(self) -> float:
        """Probability per step that a jump begins, unless one is in progress."""
        ...

    @property
    def jump_steps(self) -> int:
        """Steps for which a jump holds its button."""
        ...


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

    def press(self, random: np.random.Generator, config: Jumps) -> int:
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


def actions_of_presses(world: WorldSpec, buttons: Mapping[int, str]) -> Array:
    """Return the action for each press, int8 ``[16, buttons]``.

    Args:
        world: gives the console's buttons.
        buttons: name of the button for each of ``FORWARD``, ``BACKWARD``, ``JUMP`` and ``CROUCH`` that is pressed.

    Raises:
        UsageError: the console has no such button.
    """
    found = {bit: find_button(world, name) for bit, name in buttons.items()}
    actions = np.zeros((NUM_PRESSES, len(world.buttons)), np.int8)
    for press in range(NUM_PRESSES):
        actions[press, [button for bit, button in found.items() if press & bit]] = 1
    return actions
