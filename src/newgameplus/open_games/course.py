"""What the search and the proof must know of a game: what they see of it, what they try, and when it is won."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from newgameplus.types import ActionSpec

MomentT = TypeVar("MomentT")
"""What a course shows of a game after a step; compared, so a value."""
Plan = list[int]
"""Actions of a course, one per step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Generic[MomentT]):
    """The way through the levels of one game, for a search that does not know the game.

    Progress is a whole number from 0, in a unit of the game's own such as pixels, and grows toward the goal.
    """

    variables: tuple[str, ...]
    """The game's variables that a moment is made of."""
    moment: Callable[[Iterable[int]], MomentT]
    """Makes a moment of their values, in that order."""
    scenario: str = "scenario"
    """The scenario of the search: it ends an episode at the goal and is not judged by a script, whose state a snapshot
    does not hold."""
    actions: ActionSpec
    """A set; plans hold its numbers."""
    make_plan: Callable[[np.random.Generator, int], Plan]
    """Draws a plan of so many steps or more, of moves that a player would think of."""

    is_at_goal: Callable[[MomentT, MomentT], bool]
    """Whether an episode that began with the first moment is won at the second."""
    is_lost: Callable[[MomentT, MomentT], bool]
    """Whether there is no going on from the second moment of an episode that began with the first."""
    progress: Callable[[MomentT], int]
    """How far a moment has come."""
    goal: Callable[[MomentT], int]
    """The progress at the goal of the level that the moment is of."""

    cell: Callable[[MomentT], Hashable]
    """What a moment shares with those that are alike; the search keeps the best of them."""
    cost: Callable[[MomentT, int], int]
    """What ranks the moments of a cell, from a moment and its steps since the start; the least is the best."""
    front: Callable[[MomentT], Hashable] = lambda moment: 0
    """Which front a moment belongs to: progress is compared among moments of the same front only, so that a way back
    to a switch is none the worse for leading back."""
    is_steady: Callable[[MomentT], bool] = lambda moment: True
    """Whether a moment is a good one to go on from; in the air one may be above a pit."""

    stride: int
    """Progress that counts as a step ahead; less leaves the search stuck."""
    base_reach: float
    max_reach: float
    """Progress behind the front over which a cell's chance falls to a third: at first, and when the search is stuck."""
    window: int
    """Progress behind the front beyond which moments are forgotten."""

    progress_name: str
    """What progress is called in a sentence, such as ``x``."""
    progress_unit: str
    """The plural of its unit, such as ``pixels``."""
    frames_late: Mapping[str, int] = field(default_factory=dict)
    """Frames by which a core hands buttons to the game later than others; 0 for cores that are not named."""
