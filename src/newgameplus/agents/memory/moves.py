"""JERK's moves with numbered actions: run in one direction for a while, with random jumps.

Where an action set has no such directions, a move holds one random action after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from newgameplus.agents.memory.config import MemoryConfig
from newgameplus.agents.saved import take, take_count
from newgameplus.errors import StateError, UsageError
from newgameplus.types import State, WorldSpec

Mover = Literal["policy", "memory", "script"]
"""Who chooses the actions of a move."""

_DIRECTIONS = frozenset(("UP", "DOWN", "LEFT", "RIGHT"))


@dataclass(slots=True)
class Move:
    """A part of free play."""

    mover: Mover
    steps_left: int
    is_backward: bool = False
    """Direction of a scripted move."""
    held_steps_left: int = 0
    """Steps for which the current jump, or random action, is still held."""
    held: int = 0
    """Number of a random action that is held."""
    reward: float = 0.0
    """Sum of the rewards since the move began."""

    def state(self) -> State:
        """Return the fields."""
        return {
            "mover": self.mover,
            "steps_left": self.steps_left,
            "is_backward": self.is_backward,
            "held_steps_left": self.held_steps_left,
            "held": self.held,
            "reward": self.reward,
        }

    @classmethod
    def from_state(cls, state: object) -> Move:
        """Return the move that was saved.

        Raises:
            StateError: the state is damaged.
        """
        mover = take(state, "mover", str)
        if mover not in get_args(Mover):
            raise StateError(f"Nobody is called {mover!r}, as the saved move's player is; begin a new run.")
        return cls(
            cast("Mover", mover),
            take_count(state, "steps_left"),
            take(state, "is_backward", bool),
            take_count(state, "held_steps_left"),
            take_count(state, "held"),
            take(state, "reward", float),
        )


class Script:
    """Chooses the actions of scripted moves.

    Args:
        config: names the buttons, and says how often and how long to jump.
        world: gives the buttons that each action holds.

    Raises:
        UsageError: the actions are not numbered, or are more than 256.
    """

    def __init__(self, config: MemoryConfig, world: WorldSpec) -> None:
        if world.num_actions is None or world.num_actions > 256:
            raise UsageError("The agent memory needs up to 256 numbered actions, such as those of the learner ppo.")
        self._config, self._num_actions = config, world.num_actions
        held = [frozenset(combo) for combo in world.combos]
        jump = config.jump or _default_jump(held)
        self._runs = {False: _number_of(held, {config.forward}), True: _number_of(held, {config.backward})}
        self._jumps = {
            is_backward: _number_of(held, {button, jump})
            for is_backward, button in ((False, config.forward), (True, config.backward))
        }
        self._knows_directions = config.forward in {button for combo in held for button in combo}

    def action(self, move: Move, random: np.random.Generator) -> int:
        """Return the number of the move's next action."""
        if not self._knows_directions:
            return self._held(move, random)
        if move.held_steps_left > 0:
            move.held_steps_left -= 1
            return self._jumps[move.is_backward]
        if random.random() < self._config.jump_probability:
            move.held_steps_left = self._config.jump_steps - 1
            return self._jumps[move.is_backward]
        return self._runs[move.is_backward]

    def _held(self, move: Move, random: np.random.Generator) -> int:
        if move.held_steps_left == 0:
            move.held, move.held_steps_left = int(random.integers(self._num_actions)), self._config.jump_steps
        move.held_steps_left -= 1
        return move.held


def _number_of(held: list[frozenset[str]], wanted: set[str]) -> int:
    """Return the action that holds these buttons, or else most of them and few others; the first of equals."""
    return max(range(len(held)), key=lambda number: len(held[number] & wanted) * 2 - len(held[number]), default=0)


def _default_jump(held: list[frozenset[str]]) -> str:
    """Return B, or the first button that is no direction if no action holds B."""
    buttons = [button for combo in held for button in sorted(combo) if button not in _DIRECTIONS]
    return "B" if "B" in buttons or not buttons else buttons[0]
