"""The rules of a world: how long an action lasts and what ends an episode, wherever an agent plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class WorldRules:
    """What holds in a world beside its levels; without arguments what holds in the contest."""

    frames_per_step: int = CONTEST_FRAME_SKIP.num_frames
    """Frames that one action lasts."""
    sticky_probability: float = CONTEST_FRAME_SKIP.sticky_probability
    """Probability that a step's first frame still holds the previous action."""
    max_episode_steps: int = MAX_EPISODE_STEPS
    """Agent steps after which an episode is truncated."""

    def __post_init__(self) -> None:
        if self.max_episode_steps < 1:
            raise UsageError(f"max_episode_steps must be at least 1, not {self.max_episode_steps}.")
        _ = self.frame_skip  # refuses the rest

    @property
    def frame_skip(self) -> FrameSkip:
        """How long an action lasts, as environments take it."""
        return FrameSkip(self.frames_per_step, self.sticky_probability)

    def keywords(self) -> dict[str, Any]:
        """The rules as the arguments of every function that makes a world, such as ``make_contest``."""
        return {"frame_skip": self.frame_skip, "max_episode_steps": self.max_episode_steps}


CONTEST_WORLD = WorldRules()
"""The contest's: 15 steps per second, a quarter of them one frame late, and five minutes for an episode."""
