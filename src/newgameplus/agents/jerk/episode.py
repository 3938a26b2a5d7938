"""The episode that JERK plays at the moment: what it presses, what it earned so far, and how it is saved."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import numpy as np

from newgameplus.agents.moves import NUM_PRESSES, Move
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import State

PlanName = Literal["explore", "repeat", "mutate", "return"]
"""Name of what an episode plays; ``plans`` says what each is."""


@dataclass(slots=True)
class Episode:
    """State of the current episode."""

    plan: PlanName
    sequence: bytes = b""
    """Sequence to press before the moves begin."""
    goal: float = 0.0
    """Mean return of the best solution at the start of the episode."""
    move: Move | None = None
    """Current or last move; None while the sequence is played."""
    pressed: bytearray = field(default_factory=bytearray)
    """Byte pressed in every step so far."""
    last_reward: float = 0.0
    total: float = 0.0
    """Sum of the rewards so far."""
    best_total: float = -math.inf
    """Highest value of ``total`` after any step."""
    best_length: int = 0
    """Number of steps after which ``total`` first had that value."""
    rewarded_length: int = 0
    """Number of steps before the last rewarded step of the sequence, or up to the end of the last rewarded move."""

    @property
    def found(self) -> bytes:
        """What was pressed up to the step at which the sum of rewards first had its highest value."""
        return bytes(self.pressed[: self.best_length])

    def observe(self, reward: float, done: bool) -> None:
        """Count the reward of the last step."""
        self.last_reward = reward
        self.total += reward
        if self.total > self.best_total:
            self.best_total = self.total
            self.best_length = len(self.pressed)
        if self.move is not None:
            self.move.reward += reward
            if (done or self.move.steps_left == 0) and self.move.reward != 0:
                self.rewarded_length = len(self.pressed)
        elif reward > 0:
            self.rewarded_length = len(self.pressed) - 1

    def state(self) -> State:
        """Return all fields."""
        return {
            "plan": self.plan,
            "sequence": np.frombuffer(self.sequence, np.uint8),
            "goal": self.goal,
            "move": [] if self.move is None else [self.move.state()],
            "pressed": np.frombuffer(bytes(self.pressed), np.uint8),
            "last_reward": self.last_reward,
            "total": self.total,
            "best_total": self.best_total,
            "best_length": self.best_length,
            "rewarded_length": self.rewarded_length,
        }

    @classmethod
    def from_state(cls, state: object) -> Episode:
        """Return the episode that was saved.

        Raises:
            StateError: the state is damaged.
        """
        plan = take(state, "plan", str)
        if plan not in get_args(PlanName):
            raise StateError(f"There is no plan {plan!r}, as the saved episode has; begin a new run.")
        moves = [Move.from_state(move) for move in take(state, "move", list)]
        sequence, pressed = take_array(state, "sequence", np.uint8), take_array(state, "pressed", np.uint8)
        if max(sequence.max(initial=0), pressed.max(initial=0)) >= NUM_PRESSES:
            raise StateError("The saved episode presses unknown buttons; begin a new run.")
        return cls(
            cast("PlanName", plan),
            sequence.tobytes(),
            take(state, "goal", float),
            moves[0] if moves else None,
            bytearray(pressed.tobytes()),
            take(state, "last_reward", float),
            take(state, "total", float),
            take(state, "best_total", float),
            take_count(state, "best_length"),
            take_count(state, "rewarded_length"),
        )
