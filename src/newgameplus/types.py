"""Data shared by worlds and agents: observations, actions, steps, and their descriptions.

Shape letters: ``B`` batch (one row per environment), ``H W C`` height, width, channels. This module imports only numpy,
so that worlds and agents can use it without importing each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A numpy array; its dtype is given in the docstring that uses it."""

State: TypeAlias = dict[str, Any]
"""A tree of dicts with string keys, lists, JSON scalars and numpy arrays; nothing else, so it never needs pickle."""


@dataclass(frozen=True, slots=True)
class ObservationSpec:
    """Specification of the observation; applied in the order of the fields.

    The default is the picture as the console draws it, uint8 ``[H, W, 3]``.
    """

    kind: Literal["image", "ram", "none"] = "image"
    """``image`` for the screen, ``ram`` for the work RAM as uint8 ``[bytes]``, ``none`` for an empty array ``[0]``."""
    maximum: bool = False
    """Take the maximum of a step's last two frames, per pixel and colour, for games that draw half of their sprites in
    each frame; a step cut short by the end shows its last frame unchanged."""
    crop: tuple[int, int, int, int] | None = None
    """Pixels cut off at (top, right, bottom, left)."""
    gray: bool = False
    """One luma channel instead of three colours."""
    size: tuple[int, int] | None = None
    """(height, width) in pixels after area resampling."""
    shrink: int | None = None
    """Instead of ``size``: number by which height and width are divided, rounded down, by area resampling."""
    edges: tuple[int, int] | None = None
    """Lower and upper threshold of Canny's edge detector; implies gray."""
    stack: int = 1
    """Number of consecutive observations concatenated along the last axis, oldest first."""


PICTURE = ObservationSpec()
"""The screen as the console draws it, as in the contest."""

CONTEST_SIZE = (84, 84)
"""Height and width of the contest baselines' warped frames (retro-baselines, ``WarpFrame``)."""

WARPED = ObservationSpec(gray=True, size=CONTEST_SIZE, stack=4)
"""Observation of the 2018 deep baselines: gray, 84 x 84, four frames stacked; uint8 ``[84, 84, 4]``."""


def warped(stack: int) -> ObservationSpec:
    """Return ``WARPED`` with ``stack`` frames, uint8 ``[84, 84, stack]``."""
    return replace(WARPED, stack=stack)


NOTHING = ObservationSpec(kind="none")
"""For agents without observation, such as JERK; the world then draws nothing."""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """Meaning of an action's numbers."""

    kind: Literal["filtered", "discrete", "multi_discrete", "all", "set"] = "filtered"
    """``set`` numbers the rows of ``combos``; the others are those of stable-retro."""
    combos: tuple[tuple[str, ...], ...] = ()
    """For ``set``: the buttons held by action 0, 1, 2, …; empty if the world looks them up by ``name``."""
    name: str | None = None
    """For ``set``: name of the set. Its combinations depend on the console, so that the world looks them up."""


BUTTONS = ActionSpec()
"""One 0 or 1 per button; combinations that the pad cannot press are dropped (the contest's default)."""

SONIC_7 = ActionSpec("set", name="sonic-7")
"""The seven actions of the contest baselines (retro-baselines, ``SonicDiscretizer``)."""

SONIC_8 = ActionSpec("set", name="sonic-8")
"""The same seven, followed by no button (flyyufelix, fifth on the public leaderboard)."""

SONIC_10 = ActionSpec("set", name="sonic-10")
"""The same eight, followed by jumps to either side (Dharmaraja, the winner)."""

REVERIE_8 = ActionSpec("set", name="reverie-8")
"""The eight actions, in order, of the deep Q-network on edges (reverie_agent)."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """World settings that a configuration was made for; None where it does not mind.

    Training grants them unless told otherwise; the rules of a contest hold for everybody and grant nothing.
    """

    frames_per_step: int | None = None
    """Frames that one action lasts."""
    sticky_probability: float | None = None
    """Probability that a step's first frame still holds the previous action."""
    max_episode_steps: int | None = None
    """Agent steps after which an episode is truncated."""
    stall_frames: int | None = None
    """Frames without a new best return after which an episode is truncated."""
    scenario: str | None = None
    """Name of the scenario that gives reward and ends episodes."""
    snapshots: bool | None = None
    """Whether episodes may begin at snapshots that the agent has taken."""


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """Description of the world that an agent is created with."""

    num_envs: int
    """B, the number of rows of every observation, action and reward."""
    buttons: tuple[str | None, ...]
    """Name of each button, in the order of a ``filtered`` action; None where the pad has no such button."""
    observation_shape: tuple[int, ...]
    """Shape of one row of the observation."""
    action_shape: tuple[int, ...]
    """Shape of one row of the action: ``(buttons,)`` for ``filtered``, ``()`` for ``discrete`` and ``set``."""
    num_actions: int | None = None
    """Number of values of a scalar action; None if the action is not a scalar."""
    num_timesteps: int | None = None
    """Number of agent steps that the run may take in each row; None if the run is limited otherwise."""
    levels: tuple[int, ...] | None = None
    """Number of the level that each row plays, if rows keep their level and the training run tells it."""
    zones: tuple[str, ...] | None = None
    """Zone that each row plays, if the training run gives it; None if the agent must recognise it."""
    combos: tuple[tuple[str, ...], ...] = ()
    """Buttons that each number of a scalar action holds; empty if the action is not a set's number."""


@dataclass(frozen=True, slots=True)
class Step:
    """Result of one action in each of B environments (Gymnasium's same-step autoreset).

    If an episode ended, ``observation`` is already the first of the next episode and ``final_observation`` holds the
    last one of the ended episode.
    """

    observation: Array
    """``[B, …]`` as the ObservationSpec says."""
    reward: Array
    """float64 ``[B]``."""
    terminated: Array
    """bool ``[B]``: the scenario ended the episode."""
    truncated: Array
    """bool ``[B]``: a limit ended the episode."""
    final_observation: dict[int, Array] = field(default_factory=dict)
    """Last observation of each row whose episode ended, by row index."""

    @property
    def done(self) -> Array:
        """Bool ``[B]``: the episode ended, for either reason."""
        return np.logical_or(self.terminated, self.truncated)

    def of_rows(self, rows: Sequence[int]) -> Step:
        """The part of the step that concerns some of the rows, which are numbered anew from 0; a copy."""
        at = list(rows)
        final = {i: self.final_observation[row] for i, row in enumerate(at) if row in self.final_observation}
        return Step(self.observation[at], self.reward[at], self.terminated[at], self.truncated[at], final)

    @property
    def next_observation(self) -> Array:
        """``[B, …]``: the observation that the action led to; at an end the last one of the ended episode."""
        if not self.final_observation:
            return self.observation
        reached = self.observation.copy()
        for row, last in self.final_observation.items():
            reached[row] = last
        return reached


class Snapshots(Protocol):
    """Moments of the rows' episodes that an agent keeps, and at which it lets other episodes begin.

    A handle is the number of a snapshot. It counts for every row that plays the same level.
    """

    def save(self, row: int) -> int:
        """Keep the present moment of a row, until it is dropped; return its handle. Called from ``observe``."""
        ...

    def drop(self, handle: int) -> None:
        """Forget a snapshot."""
        ...

    def begin_next(self, row: int, handle: int | None) -> None:
        """Let the row's next episodes begin at a snapshot, which may be dropped afterwards; None for the level's start.

        It counts until another one is named.
        """
        ...

    def end_episode(self, row: int) -> None:
        """Let the row's episode end with its next step: truncated, if nothing else ends it there."""
        ...
