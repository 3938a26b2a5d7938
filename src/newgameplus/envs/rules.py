"""Rules of a world: frames per action and limits of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from newgameplus.envs.frame_skip import CONTEST_FRAME_SKIP, MAX_EPISODE_STEPS, FrameSkip
from newgameplus.errors import UsageError


@dataclass(frozen=True, slots=True)
class WorldRules:
    """Rules of a world, in addition to its levels; the defaults are the contest's."""

    frames_per_step: int = CONTEST_FRAME_SKIP.num_frames
    """Frames per action."""
    sticky_probability: float = CONTEST_FRAME_SKIP.sticky_probability
    """Probability that a step's first frame still holds the previous action."""
    max_episode_steps: int = MAX_EPISODE_STEPS
    """Agent steps after which an episode is truncated."""

    stall_frames: int | None = None
    """Frames without a new maximum return after which an episode is truncated, 60 per second; None for no limit."""
    snapshots: bool = False
    """Whether episodes may begin at snapshots that the agent has taken; only training grants it."""

    def __post_init__(self) -> None:
        for name, value in (("max_episode_steps", self.max_episode_steps), ("stall_frames", self.stall_frames)):
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}.")
        _ = self.frame_skip  # checks the other fields

    @property
    def frame_skip(self) -> FrameSkip:
        """Frame skip, as an argument of environments."""
        return FrameSkip(self.frames_per_step, self.sticky_probability)

    def keywords(self) -> dict[str, Any]:
        """Keyword arguments of every function that makes a world, such as ``make_contest``."""
        return {
            "frame_skip": self.frame_skip,
            "max_episode_steps": self.max_episode_steps,
            "stall_frames": self.stall_frames,
        }


CONTEST_WORLD = WorldRules()
"""The contest's: 15 steps per second, a quarter of them delayed by one frame, and five minutes per episode."""
