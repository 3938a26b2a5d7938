"""Moments of earlier episodes, found by how far they had come and by what was seen and pressed.

Where the reward is progress, the sum of the rewards says where in the level a moment was. Only moments from about the
same place are compared, so that a search is exact and takes less time than an approximate one among all of them.

Sources: Blundell et al., "Model-Free Episodic Control" (2016), and Pritzel et al., "Neural Episodic Control" (2017),
whose estimate is a mean over similar moments, too. *Differences:* similarity is computed from a tiny picture and a few
numbers, the *clues*, instead of a network's features.

Shapes: ``N`` moments, ``L`` steps of an episode, ``P`` pixels, ``K`` similar moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import StateError
from newgameplus.experience.records import RecordLog
from newgameplus.types import Array, State

CLUES = ("progress", "reward", "reward_before", "held", "since_jump", "direction", "jump")
"""Numbers of a moment: sum of the episode's rewards, the last two rewards, steps for which the jump button is held,
half the steps since it was pressed, and direction and jump button of the last step."""

_RECENT, _FAST = 5000, 0.95
"""Number of the latest moments that tell how much a fast step earns, and the quantile of their rewards."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Units in which moments differ; their squared distance is the sum of the squared differences."""

    window: float = 0.6
    """Moments are compared within this many fast steps of progress to either side."""
    progress: float = 0.25
    """Unit of the sum of the rewards, in fast steps."""
    reward: float = 0.25
    """Unit of each of the last two rewards, in fast steps."""
    held: float = 1.8
    """Unit of ``held`` and ``since_jump``."""
    direction: float = 1.0
    """Unit of ``direction``."""
    jump: float = 4.0
    """Unit of ``jump``, which is 0 or 4."""
    gray: float = 6.0
    """Unit of the mean absolute difference of two pictures, in gray levels."""
    most_compared: int = 500
    """Moments whose clues are compared; of more, every second, third, … is."""
    most_seen: int = 32
    """Moments whose pictures are compared: those whose clues are nearest."""

    def scale(self, fast_step: float) -> Array:
        """Return the factor of each clue, float32 ``[7]``, where a fast step earns ``fast_step``."""
        progress, reward = self.progress * fast_step, self.reward * fast_step
        units = (progress, reward, reward, self.held, self.held, self.direction, self.jump)
        return 1 / np.array(units, np.float32)


@dataclass(frozen=True, slots=True)
class Similar:
    """Moments similar to a query, at least one, in no order."""

    distance: Array
    """float32 ``[K]``, squared."""
    action: Array
    """uint8 ``[K]``, what was pressed."""
    progress: Array
    """float32 ``[K]``: sum of the rewards before the action."""
    reached: Array
    """float32 ``[K]``: sum of the rewards some steps later, or at the end of the episode if that came before."""
    earned: Array
    """float32 ``[K]``: return of the episode, where it is to be blamed on the moment or credited to it; NaN where only
    ``reached`` is."""


class MomentStore:
    """All moments of one row.

    Args:
        num_pixels: P.
        similarity: units of the differences.
        folder: folder of the files that hold them; None keeps them in memory, and in every state.
    """

    def __init__(self, num_pixels: int, similarity: Similarity, folder: Path | None = None) -> None:
        self._similarity = similarity
        self._pictures = _log(folder, "pictures", [("picture", np.uint8, (num_pixels,))])
        self._moments = _log(folder, "moments", [("clue", np.float32, (len(CLUES),)), ("action", np.uint8)])
        self._outcomes = _log(folder, "outcomes", [("reached", np.float32), ("earned", np.float32)])
        self._index()

    def __len__(self) -> int:
        """Number of moments that can be found."""
        return len(self._outcomes)

    def add(self, clue: Array, picture: Array, action: int) -> None:
        """Add a moment of the current episode, float32 ``[7]`` and uint8 ``[P]``; it can be found once that ends."""
        self._pictures.append(np.array([(picture,)], self._pictures.dtype))
        self._moments.append(np.array([(clue, action)], self._moments.dtype))

    def end_episode(self, reached: Array, earned: Array) -> None:
        """Let the episode's moments be found.

        Args:
            reached: float32 ``[L]``; this and the next are as in :class:`Similar`.
            earned: float32 ``[L]``.
        """
        outcomes = np.empty(len(reached), self._outcomes.dtype)
        outcomes["reached"], outcomes["earned"] = reached, earned
        self._outcomes.append(outcomes)
        self._index()

    def similar(self, clue: Array, picture: Array) -> Similar | None:
        """Return the moments that are most similar to float32 ``[7]`` and uint8 ``[P]``; None if none is near."""
        similarity, reach = self._similarity, self._similarity.window * self._fast_step
        begin, end = np.searchsorted(self._progress, (clue[0] - reach, clue[0] + reach))
        if begin == end:
            return None
        chosen = slice(begin, end, 1 + (end - begin) // similarity.most_compared)
        places, difference = self._place[chosen], self._scaled[chosen] - clue * self._scale
        distance = np.einsum("ij,ij->i", difference, difference)
        if len(distance) > similarity.most_seen:
            nearest = np.argpartition(distance, similarity.most_seen)[: similarity.most_seen]
            places, distance = places[nearest], distance[nearest]
        seen = self._pictures.take(places)["picture"]
        gray = np.abs(seen - picture.astype(np.int16)).mean(axis=1, dtype=np.float32) / similarity.gray
        moments, outcomes = self._moments.take(places), self._outcomes.take(places)
        return Similar(
            distance=distance + gray * gray,
            action=moments["action"],
            progress=moments["clue"][:, 0],
            reached=outcomes["reached"],
            earned=outcomes["earned"],
        )

    def state(self) -> State:
        """Return everything, or with files what is not in them."""
        return {name: log.state() for name, log in self._logs.items()}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: files are missing, or the state was made without them, or the other way round.
        """
        lengths = {name: state[name]["length"] for name in self._logs}
        if not lengths["pictures"] == lengths["moments"] >= lengths["outcomes"]:
            raise StateError("The saved moments do not add up; begin a new run.")
        for name, log in self._logs.items():
            log.restore(state[name])
        self._index()

    @property
    def _logs(self) -> dict[str, RecordLog]:
        return {"pictures": self._pictures, "moments": self._moments, "outcomes": self._outcomes}

    def _index(self) -> None:
        """Sort what can be found by progress."""
        clues = self._moments.read(0, len(self))["clue"]
        self._place = np.argsort(clues[:, 0], kind="stable")
        self._fast_step = _fast_step(clues[-_RECENT:, 1])
        self._scale = self._similarity.scale(self._fast_step)
        self._progress = np.ascontiguousarray(clues[self._place, 0])
        self._scaled = clues[self._place] * self._scale


def _fast_step(rewards: Array) -> float:
    """Return the reward that a twentieth of the rewarded steps exceed, 1 if none was rewarded."""
    rewarded = rewards[rewards > 0]
    return float(np.quantile(rewarded, _FAST)) if len(rewarded) else 1.0


def _log(folder: Path | None, name: str, fields: list[tuple[Any, ...]]) -> RecordLog:
    return RecordLog(np.dtype(fields), folder / f"{name}.bin" if folder else None)
