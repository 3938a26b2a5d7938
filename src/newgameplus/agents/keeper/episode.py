"""State of a keeper's current episode in one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import numpy as np

from newgameplus.agents.keeper.wander import standing
from newgameplus.agents.moves import JUMP, NUM_PRESSES, Move
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import StateError
from newgameplus.types import Array, State

Plan = Literal["follow", "explore", "vary"]
"""``follow`` follows similar moments to the end; from some place on ``explore`` makes moves to the end, and
``vary`` for some steps."""
_MOST_HELD, _MOST_SINCE = 8, 12


@dataclass(slots=True)
class Episode:
    """What the episode does, and what came of it so far."""

    plan: Plan = "follow"
    begin: float | None = None
    """Sum of the rewards from which on moves are made; None once they have begun, or if none are to be made."""
    moves_left: int = 0
    """Steps of moves left, once they have begun."""
    begun_step: int | None = None
    """Step at which they began."""
    wander: Move = field(default_factory=standing)
    progress: list[float] = field(default_factory=list)
    """Sum of the rewards before each step."""
    total: float = 0.0
    rewards: tuple[float, float] = (0.0, 0.0)
    """The last two, the newest first."""
    furthest: float = 0.0
    """Largest sum of the rewards."""
    furthest_step: int = 0
    """Number of steps after which it was first reached."""
    last_press: int = 0
    held: int = 0
    """Steps for which the jump button has been held."""
    since_jump: int = 0
    """Steps since it was pressed, or since the episode began."""

    def clue(self) -> Array:
        """Return the clues of the current moment, float32 ``[7]``, as ``experience.moments`` says."""
        held, since = min(self.held, _MOST_HELD), min(self.since_jump, _MOST_SINCE) * 0.5
        press = self.last_press
        return np.array((self.total, *self.rewards, held, since, press & ~JUMP, press & JUMP), np.float32)

    def press(self, press: int) -> None:
        """Begin a step that presses ``press``."""
        self.progress.append(self.total)
        was_held, is_held = self.last_press & JUMP, press & JUMP
        self.held = self.held + 1 if is_held else 0
        self.since_jump = 0 if is_held and not was_held else self.since_jump + 1
        self.last_press = press

    def observe(self, reward: float) -> None:
        """End the step."""
        self.total += reward
        self.rewards = (reward, self.rewards[0])
        self.wander.reward += reward
        if self.total > self.furthest:
            self.furthest, self.furthest_step = self.total, len(self.progress)

    @property
    def stalled_steps(self) -> int:
        """Steps since the sum of the rewards was largest."""
        return len(self.progress) - self.furthest_step

    def state(self) -> State:
        """Return all fields."""
        return {
            "plan": self.plan,
            "begin": [] if self.begin is None else [self.begin],
            "moves_left": self.moves_left,
            "begun_step": [] if self.begun_step is None else [self.begun_step],
            "wander": self.wander.state(),
            "progress": np.array(self.progress, np.float64),
            "total": self.total,
            "rewards": list(self.rewards),
            "furthest": self.furthest,
            "furthest_step": self.furthest_step,
            "last_press": self.last_press,
            "held": self.held,
            "since_jump": self.since_jump,
        }

    @classmethod
    def from_state(cls, state: object) -> Episode:
        """Return the episode that was saved.

        Raises:
            StateError: the state is damaged.
        """
        plan, last_press = take(state, "plan", str), take_count(state, "last_press")
        rewards = [float(reward) for reward in take(state, "rewards", list)]
        if plan not in get_args(Plan) or last_press >= NUM_PRESSES or len(rewards) != 2:
            raise StateError("The saved episode of the keeper is damaged; begin a new run.")
        return cls(
            plan=cast("Plan", plan),
            begin=next(iter(take(state, "begin", list)), None),
            moves_left=take_count(state, "moves_left"),
            begun_step=next(iter(take(state, "begun_step", list)), None),
            wander=Move.from_state(take(state, "wander", dict)),
            progress=take_array(state, "progress", np.float64).tolist(),
            total=take(state, "total", float),
            rewards=(rewards[0], rewards[1]),
            furthest=take(state, "furthest", float),
            furthest_step=take_count(state, "furthest_step"),
            last_press=last_press,
            held=take_count(state, "held"),
            since_jump=take_count(state, "since_jump"),
        )
