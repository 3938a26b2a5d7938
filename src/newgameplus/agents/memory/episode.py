"""One episode of the memory hybrid: what it plans, where it is in the stored sequence, and how it goes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import numpy as np

from newgameplus.agents.memory.moves import Move
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import State

Plan = Literal["free", "return", "repeat"]
"""What an episode plays: only free play, a stored sequence up to a point and free play from there, or all of one."""


@dataclass(slots=True)
class Episode:
    """State of the current episode."""

    plan: Plan
    source: bytes = b""
    """All actions of the sequence that it follows, or began with."""
    num_followed: int = 0
    """Steps of the source after which free play begins."""
    begin: int = 0
    """Place of the source's first moment in the memory's log."""
    position: int = 0
    """Next step of the source."""
    num_lost: int = 0
    """Steps since the picture left the stored one, 0 on the track."""
    move: Move | None = None
    """Current or last move of free play."""
    actions: bytearray = field(default_factory=bytearray)
    """Actions so far."""
    total: float = 0.0
    """Sum of the rewards so far."""
    best_total: float = -math.inf
    """Highest value of ``total`` after any step."""
    best_length: int = 0
    """Number of steps after which ``total`` first had that value."""

    def is_following(self) -> bool:
        """Whether the sequence is not over or given up."""
        return self.position < self.num_followed

    def observe(self, reward: float) -> None:
        """Add a step's reward."""
        self.total += reward
        if self.total > self.best_total:
            self.best_total, self.best_length = self.total, len(self.actions)
        if self.move is not None:
            self.move.reward += reward

    def state(self) -> State:
        """Return the fields."""
        return {
            "plan": self.plan,
            "source": np.frombuffer(self.source, np.uint8),
            "num_followed": self.num_followed,
            "begin": self.begin,
            "position": self.position,
            "num_lost": self.num_lost,
            "move": [] if self.move is None else [self.move.state()],
            "actions": np.frombuffer(bytes(self.actions), np.uint8),
            "total": self.total,
            "best": [self.best_total] if self.actions and self.best_length else [],
            "best_length": self.best_length,
        }

    @classmethod
    def from_state(cls, state: object) -> Episode:
        """Return the episode that was saved.

        Raises:
            StateError: the state is damaged.
        """
        plan = take(state, "plan", str)
        if plan not in get_args(Plan):
            raise StateError(f"There is no plan {plan!r}, as the saved episode has; begin a new run.")
        moves = [Move.from_state(move) for move in take(state, "move", list)]
        best = take(state, "best", list)
        return cls(
            cast("Plan", plan),
            take_array(state, "source", np.uint8).tobytes(),
            take_count(state, "num_followed"),
            take_count(state, "begin"),
            take_count(state, "position"),
            take_count(state, "num_lost"),
            moves[0] if moves else None,
            bytearray(take_array(state, "actions", np.uint8).tobytes()),
            take(state, "total", float),
            float(best[0]) if best else -math.inf,
            take_count(state, "best_length"),
        )
