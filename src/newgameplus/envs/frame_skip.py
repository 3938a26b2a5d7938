"""The contest's stochastic frame skip: at random an action starts one frame late.

Source: the 2018 contest harness, ``StochasticFrameSkip``; its random numbers could not be seeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from newgameplus.errors import UsageError

Action = TypeVar("Action")


@dataclass(frozen=True, slots=True)
class FrameSkip:
    """Number of frames per action, and the probability of a delay."""

    num_frames: int = 1
    """Frames per step; 4 in the contest."""
    sticky_probability: float = 0.0
    """Probability that the first frame of a step still holds the previous action; 0.25 in the contest."""

    def __post_init__(self) -> None:
        if self.num_frames < 1:
            raise UsageError(f"A step lasts at least 1 frame, not {self.num_frames}.")
        if not 0.0 <= self.sticky_probability <= 1.0:
            raise UsageError(f"A probability lies between 0 and 1, not at {self.sticky_probability}.")


EVERY_FRAME = FrameSkip()
"""One action per frame, without delay."""

CONTEST_FRAME_SKIP = FrameSkip(num_frames=4, sticky_probability=0.25)
"""The contest's: 15 steps per second, a quarter of them delayed by one frame."""

MAX_EPISODE_STEPS = 4500
"""Limit of an episode in the contest: 18,000 frames, five minutes."""


class StickyActions(Generic[Action]):
    """The action held in each frame of a step.

    The first step of an episode is never delayed and draws no random number; without stickiness no step does.
    """

    def __init__(self, skip: FrameSkip) -> None:
        self.skip = skip
        self._held: Action | None = None

    def reset(self) -> None:
        """Begin an episode."""
        self._held = None

    @property
    def held(self) -> Action | None:
        """Action of the last frame of the previous step, which the next may still hold; None at an episode's start."""
        return self._held

    def hold(self, action: Action | None) -> None:
        """Restore :attr:`held`."""
        self._held = action

    def frames(self, action: Action, random: np.random.Generator) -> list[Action]:
        """Return the action of each frame of the step."""
        held, probability = self._held, self.skip.sticky_probability
        actions = [action] * self.skip.num_frames
        if held is not None and probability > 0.0 and not random.random() > probability:
            actions[0] = held
        self._held = actions[-1]
        return actions
