"""Where an episode went: the player's place in the level along a movie, sampled while the movie is played."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from newgameplus.types import Array

SAMPLE_FRAMES = 4
"""Interval of the samples in frames: one step of the contest."""
JUMP_PIXELS = 96
"""Who is farther away a sample later was put there, as after a lost life: no line joins the two."""
Ending: TypeAlias = Literal["goal", "death", "over", "cut"]
"""How an episode ended: ``goal`` reached, last life or life lost (``death``), ``over`` for another reason of the
scenario, or ``cut`` by a limit of time or steps."""
_LIVES = "lives"


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Samples ``[T]`` in order of time, the last one at the end of the movie."""

    frames: Array
    """int32, numbers of frames."""
    x: Array
    """int32, pixels of the level; of the stitched picture where the level has no coordinates."""
    y: Array
    """int32."""
    returns: Array
    """float64, sum of the rewards so far."""
    deaths: tuple[int, ...]
    """Indices of the samples at which a life was lost."""
    ending: Ending

    @property
    def episode_return(self) -> float:
        """Return at the end."""
        return float(self.returns[-1]) if len(self.returns) else 0.0

    @property
    def num_frames(self) -> int:
        """Frames up to the last sample."""
        return int(self.frames[-1]) + 1 if len(self.frames) else 0

    def stays(self) -> Array:
        """Frames that each sample stands for, int32 ``[T]``."""
        return np.diff(self.frames, prepend=-1).astype(np.int32)

    def breaks(self) -> Array:
        """Whether a sample does not follow from the one before it in space, bool ``[T]``; the first one does not."""
        far = (np.abs(np.diff(self.x)) > JUMP_PIXELS) | (np.abs(np.diff(self.y)) > JUMP_PIXELS)
        return np.concatenate([np.ones(min(1, len(self.x)), bool), far])

    def idle(self) -> Array:
        """Whether a sample is no progress, bool ``[T]``: the return was as high before."""
        best = np.maximum.accumulate(self.returns)
        return np.concatenate([np.zeros(min(1, len(best)), bool), self.returns[1:] <= best[:-1]])


class Sampler:
    """Takes samples while a movie is played; where nothing was added no place was known."""

    def __init__(self) -> None:
        self._frames, self._x, self._y = array("i"), array("i"), array("i")
        self._returns = array("d")
        self._deaths: list[int] = []
        self._lives: int | None = None

    def add(self, frame: int, place: tuple[int, int], episode_return: float, variables: Mapping[str, int]) -> None:
        """Add the sample of a frame."""
        lives = variables.get(_LIVES)
        if lives is not None:
            if self._lives is not None and lives < self._lives and self._frames:
                self._deaths.append(len(self._frames) - (1 if self._is_jump(place) else 0))
            self._lives = lives
        self._frames.append(frame)
        self._x.append(place[0])
        self._y.append(place[1])
        self._returns.append(episode_return)

    def finish(self, *, is_over: bool, is_at_goal: bool) -> Trajectory:
        """Return what was sampled.

        Args:
            is_over: whether the scenario ended the episode.
            is_at_goal: whether the goal was reached.
        """
        last = len(self._frames) - 1
        is_lost = bool(self._deaths) and (self._lives == 0 or self._deaths[-1] >= last - 1)
        ending: Ending = "goal" if is_at_goal else "cut" if not is_over else "death" if is_lost else "over"
        return Trajectory(
            np.array(self._frames, np.int32),
            np.array(self._x, np.int32),
            np.array(self._y, np.int32),
            np.array(self._returns, np.float64),
            tuple(min(index, last) for index in self._deaths),
            ending,
        )

    def _is_jump(self, place: tuple[int, int]) -> bool:
        return abs(place[0] - self._x[-1]) > JUMP_PIXELS or abs(place[1] - self._y[-1]) > JUMP_PIXELS


def trajectory_as_json(trajectory: Trajectory) -> dict[str, Any]:
    """Return a trajectory as numbers and lists, for :func:`read_trajectory`."""
    return {
        "frames": trajectory.frames.tolist(),
        "x": trajectory.x.tolist(),
        "y": trajectory.y.tolist(),
        "returns": trajectory.returns.tolist(),
        "deaths": list(trajectory.deaths),
        "ending": trajectory.ending,
    }


def read_trajectory(said: Mapping[str, Any]) -> Trajectory:
    """Return the trajectory that :func:`trajectory_as_json` wrote."""
    return Trajectory(
        np.array(said["frames"], np.int32),
        np.array(said["x"], np.int32),
        np.array(said["y"], np.int32),
        np.array(said["returns"], np.float64),
        tuple(said["deaths"]),
        said["ending"],
    )
