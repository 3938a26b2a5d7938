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

    stall_frames: int | None = None
    """Frames without a new best return after which an episode is truncated, 60 to a second; None for no such limit."""

    def __post_init__(self) -> None:
        for name, value in (("max_episode_steps", self.max_episode_steps), ("stall_frames", self.stall_frames)):
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}.")
        _ = self.frame_skip  # refuses the rest

    @property
    def frame_skip(self) -> FrameSkip:
        """How long an action lasts, as environments take it."""
        return FrameSkip(self.frames_per_step, self.sticky_probability)

    def keywords(self) -> dict[str, Any]:
        """The rules as the arguments of every function that makes a world, such as ``make_contest``."""
        return {
            "frame_skip": self.frame_skip,
            "max_episode_steps": self.max_episode_steps,
            "stall_frames": self.stall_frames,
        }


CONTEST_WORLD = WorldRules()
"""The contest's: 15 steps per second, a quarter of them one frame late, and five minutes for an episode."""
