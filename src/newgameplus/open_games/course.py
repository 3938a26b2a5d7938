"""What the search and the proof need to know of a game: its state, the moves to try, and when a level is won."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.types import ActionSpec

MomentT = TypeVar("MomentT")
"""State of a game after a step, as a course shows it; a value that can be compared."""
Plan = list[int]
"""Actions of a course, one per step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Generic[MomentT]):
    """Description of a game's levels for a search that does not know the game.

    Progress is an integer from 0, in a unit of the game's own such as pixels, and grows toward the goal.
    """

    variables: tuple[str, ...]
    """Names of the game's variables in a moment."""
    moment: Callable[[Iterable[int]], MomentT]
    """Creates a moment from their values, in that order."""
    scenario: str = "scenario"
    """Scenario of the search: it must end an episode at the goal, and have no script, whose state a snapshot does not
    hold."""
    rules: WorldRules = CONTEST_WORLD
    """Frames of a step, and steps within which a level must be won. A proof's actions never come late."""
    actions: ActionSpec
    """A discrete set of button combinations; plans hold its indices."""
    make_plan: Callable[[np.random.Generator, int], Plan]
    """Draws a plan of at least the given number of steps, of moves that a player would make."""

    is_at_goal: Callable[[MomentT, MomentT], bool]
    """Whether an episode that began with the first moment is won at the second."""
    is_lost: Callable[[MomentT, MomentT], bool]
    """Whether the second moment of an episode that began with the first is a dead end."""
    progress: Callable[[MomentT], int]
    """Progress of a moment."""
    goal: Callable[[MomentT], int]
    """Progress at the goal of the moment's level."""

    cell: Callable[[MomentT], Hashable]
    """Cell of a moment; the search keeps the best moment of each cell."""
    cost: Callable[[MomentT, int], int]
    """Rank of a moment within its cell, given its steps since the start; the lowest is the best."""
    front: Callable[[MomentT], Hashable] = lambda moment: 0
    """Front that a moment belongs to: progress is compared only among moments of the same front, so that a way back to
    a switch does not count as a loss."""
    is_steady: Callable[[MomentT], bool] = lambda moment: True
    """Whether a moment is a good one to continue from; in the air it may be above a pit."""

    stride: int
    """Progress that counts as an advance; less leaves the search stuck."""
    base_reach: float
    max_reach: float
    """Distance behind the front at which a cell's probability falls to a third: at first, and when stuck."""
    window: int
    """Distance behind the front beyond which moments are dropped."""

    progress_name: str
    """Name of the progress in messages, such as ``x``."""
    progress_unit: str
    """Plural of its unit, such as ``pixels``."""
    frames_late: Mapping[str, int] = field(default_factory=dict)
    """Frames of input delay of a core compared with others; 0 for cores that are not listed."""

    @property
    def frame_skip(self) -> FrameSkip:
        """How long an action lasts."""
        return FrameSkip(self.rules.frames_per_step)

    @property
    def max_frames(self) -> int:
        """Frames within which a level must be won, without the one that every reset runs."""
        return self.rules.max_episode_steps * self.rules.frames_per_step
