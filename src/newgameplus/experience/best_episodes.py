"""The best episodes of each row, as demonstrations for a learner (self-imitation).

Source: Oh et al., "Self-Imitation Learning" (2018), arXiv:1806.05635. *Differences:* whole episodes are chosen by their
return, up to where it was highest, instead of single steps by their advantage.

Only the episode that is being played is stored here, each frame once; a learner keeps what it is shown.

Shapes: ``L`` steps of the episode, ``K`` best returns, ``c`` channels of a frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.types import Array, State, Step

MOST_STEPS = 4500
"""Steps of the contest's longest episode; of longer ones nothing is told, so that there is a bound of what is stored
and shown."""


@dataclass(slots=True)
class _Played:
    """The episode that a row plays, up to one step more than ``MOST_STEPS``."""

    frame: list[Array] = field(default_factory=list)
    """uint8 ``[H, W, c]`` each."""
    action: list[int] = field(default_factory=list)
    reward: list[float] = field(default_factory=list)
    """One fewer than actions between ``see`` and ``observe``."""

    def state(self, frame_shape: tuple[int, ...]) -> State:
        return {
            "frame": np.array(self.frame, np.uint8).reshape(-1, *frame_shape),
            "action": np.array(self.action, np.int64),
            "reward": np.array(self.reward, np.float64),
        }


@dataclass(frozen=True, slots=True)
class BestEpisode:
    """An episode, up to where its return was highest."""

    row: int
    frame: Array
    """uint8 ``[L + 1, H, W, c]``."""
    action: Array
    """int64 ``[L]``."""
    reward: Array
    """float64 ``[L]``."""
    is_terminated: bool
    """Whether the scenario ended it there; otherwise it is cut off."""
    stack: int
    """Number of frames in an observation."""

    def __len__(self) -> int:
        return len(self.action)

    def steps(self) -> Iterator[tuple[Array, Array, Step]]:
        """Yield the observation before each step, ``[1, …]``, its action and the step, the last of which is an end."""
        for place in range(len(self)):
            reached, is_last = self._observation(place + 1), place == len(self) - 1
            yield (
                self._observation(place)[None],
                self.action[place : place + 1],
                Step(
                    reached[None],
                    self.reward[place : place + 1],
                    np.array([is_last and self.is_terminated]),
                    np.array([is_last and not self.is_terminated]),
                    {0: reached} if is_last else {},
                ),
            )

    def _observation(self, place: int) -> Array:
        """Frames up to ``place`` as they were stacked, the first of the episode repeated."""
        return np.concatenate(self.frame[np.maximum(np.arange(place - self.stack + 1, place + 1), 0)], axis=-1)


class BestEpisodes:
    """Watches B rows, and tells each episode that is one of its row's best so far.

    Args:
        num_rows: B.
        num_best: number of a row's best episodes; one with no return above 0 is none of them.
        observation_shape: ``(H, W, C)``.
        stack: number of frames in an observation; each has c = C / stack channels.
    """

    def __init__(self, num_rows: int, num_best: int, observation_shape: tuple[int, ...], stack: int) -> None:
        self._num_best, self._stack = num_best, stack
        self._frame_shape = (*observation_shape[:-1], observation_shape[-1] // stack)
        self._played = [_Played() for _ in range(num_rows)]
        self._best: list[list[float]] = [[] for _ in range(num_rows)]

    def see(self, observation: Array, action: Array) -> None:
        """Store the last frame of uint8 ``[B, H, W, C]`` and the action, ``[B]``, that follows."""
        for row, played in enumerate(self._played):
            if len(played.action) <= MOST_STEPS:
                played.frame.append(observation[row, ..., -self._frame_shape[-1] :].copy())
                played.action.append(int(action[row]))

    def observe(self, step: Step) -> list[BestEpisode]:
        """Store the rewards; return the episodes that ended with this step and are among the best of their rows."""
        found = []
        for row, played in enumerate(self._played):
            if len(played.reward) < len(played.action):
                played.reward.append(float(step.reward[row]))
            if step.done[row]:
                if len(played.action) <= MOST_STEPS and self._is_best(row, total := np.cumsum(played.reward)):
                    found.append(self._best_part(row, int(total.argmax()) + 1, step))
                self._played[row] = _Played()
        return found

    def state(self) -> State:
        """Return the full state, with the frames of the episodes that are being played."""
        return {
            "best": [np.array(returns, np.float64) for returns in self._best],
            "played": [played.state(self._frame_shape) for played in self._played],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is damaged, or of other rows; nothing has changed then.
        """
        counts = len(state["best"]), len(state["played"])
        lengths = [[len(played[name]) for name in ("frame", "action", "reward")] for played in state["played"]]
        if counts != (len(self._best), len(self._played)) or any(
            num_frames != num_actions or num_actions - num_rewards not in (0, 1)
            for num_frames, num_actions, num_rewards in lengths
        ):
            raise StateError("The saved episodes to imitate do not add up; begin a new run.")
        self._best = [returns.tolist() for returns in state["best"]]
        self._played = [
            _Played([*played["frame"].copy()], played["action"].tolist(), played["reward"].tolist())
            for played in state["played"]
        ]

    def _is_best(self, row: int, total: Array) -> bool:
        """Take note of an episode by its return after each step, float64 ``[L]``, if it is one of the best."""
        best, highest = self._best[row], float(total.max(initial=0.0))
        if highest <= 0 or (len(best) == self._num_best and highest <= best[-1]):
            return False
        self._best[row] = sorted([*best, highest], reverse=True)[: self._num_best]
        return True

    def _best_part(self, row: int, length: int, step: Step) -> BestEpisode:
        """Return the first ``length`` steps of the episode that ended with ``step``."""
        played = self._played[row]
        last = step.final_observation[row][..., -self._frame_shape[-1] :]
        is_whole = length == len(played.action)
        return BestEpisode(
            row,
            np.array([*played.frame, last])[: length + 1],
            np.array(played.action[:length], np.int64),
            np.array(played.reward[:length]),
            is_whole and bool(step.terminated[row]),
            self._stack,
        )
