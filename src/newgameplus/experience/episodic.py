"""Episodic memory: moments of earlier episodes, found by the similarity of what was seen.

Sources: Blundell et al., "Model-Free Episodic Control" (2016); Pritzel et al., "Neural Episodic Control" (2017); the
hybrid of policy, JERK and a memory in Annoy by gardenermike (2018). A *moment* is the features of an observation, the
action that followed, and the return that came after it. Features are compared by the cosine of their angle.

*Differences from the sources:* features come from a network that is trained elsewhere; the moments of an episode are
added when it ends, since only then it is known how it went.

Everything that is looked up depends on the moments in their order alone, so a memory that is restored from its log of
moments answers like an uninterrupted one. Shapes: ``N`` moments, ``H`` features, ``K`` neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from newgameplus.errors import StateError
from newgameplus.experience.nearest import IndexName, NearestIndex
from newgameplus.experience.records import RecordLog
from newgameplus.types import Array, State

FIRST_TRAINING, GROWTH = 1024, 4
"""Number of moments at which the index is trained first, and how many times as many it has when trained anew."""
_NO_ACTION = -1
"""Action of the first record, which is no moment."""
_TOLERANCE = 0.01
"""By which features of the same network may differ between machines and precisions."""
_KEPT_SHARE = 0.5
"""Share of the moments that are kept when the memory is full."""

Outcome = Callable[[Array], Array]
"""Function from an episode's rewards, float64 ``[L]``, to how well it went after each moment, ``[L]``."""


def outcome_so_far(reward: Array) -> Array:
    """Return the sum of the rewards up to and with each step's, ``[L]``, as the hybrid of 2018 did."""
    total: Array = np.cumsum(reward)
    return total


def discounted_outcome(discount: float) -> Outcome:
    """Return the function to the discounted sum of the rewards of each step and after it, ``[L]``."""

    def outcome(reward: Array) -> Array:
        result, later = np.empty(len(reward)), 0.0
        for step in range(len(reward) - 1, -1, -1):
            result[step] = later = float(reward[step]) + discount * later
        return result

    return outcome


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Moments similar to a query, the most similar first."""

    similarity: Array
    """float32 ``[K]``, cosine."""
    action: Array
    """int64 ``[K]``."""
    outcome: Array
    """float32 ``[K]``, how well it went after the moment."""
    place: Array
    """int64 ``[K]``, place in the log."""

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """Settings of an episodic memory."""

    index: IndexName = "hnsw"
    """How the index searches, once there are ``FIRST_TRAINING`` moments; fewer are all compared."""
    capacity: int = 100_000
    """Moments that can be found; when there are more, half of them are forgotten, those of the worst episodes."""
    only_rewarded: bool = False
    """Whether only moments that were rewarded can be found."""
    duplicate_similarity: float | None = None
    """Cosine from which on a moment whose nearest neighbour has the same action is a duplicate: of the two the one
    with the better outcome counts. None keeps duplicates."""


class EpisodicMemory:
    """The moments of one row.

    Args:
        num_features: H.
        settings: settings.
        outcome: how well it went after each moment of an episode.
        path: file of the log; None keeps it in memory.
        owner: unit features of a fixed observation, float32 ``[H]``, by which the network is recognised that all
            features come from; the first record of the log.
    """

    def __init__(
        self,
        num_features: int,
        settings: MemorySettings,
        outcome: Outcome,
        path: Path | None = None,
        owner: Array | None = None,
    ) -> None:
        self._settings, self._outcome_of = settings, outcome
        self._owner = np.zeros(num_features, np.float32) if owner is None else owner
        kinds = [("feature", np.float16, (num_features,)), ("action", np.int16), ("reward", np.float32)]
        self._log = RecordLog(np.dtype(kinds), path)
        self._begin = 1
        self._batches: list[int] = []
        self._place, self._action = np.empty(0, np.int64), np.empty(0, np.int64)
        self._outcome, self._total = np.empty(0, np.float32), np.empty(0, np.float32)
        self._index: NearestIndex | None = None
        self._num_trained = 0

    def __len__(self) -> int:
        """Number of moments that can be found."""
        return len(self._place)

    @property
    def begin(self) -> int:
        """Place in the log of the first moment of the current episode."""
        return self._begin

    @property
    def num_logged(self) -> int:
        """Number of moments in the log."""
        return len(self._log)

    def add(self, feature: Array, action: int, reward: float, done: bool) -> None:
        """Add a moment of the current episode; with its last, all of them can be found.

        Args:
            feature: float32 ``[H]``, of length 1.
            action: the action that followed.
            reward: the reward that followed.
            done: whether the episode ended.
        """
        if not len(self._log):
            self._log.append(np.array([(self._owner, _NO_ACTION, 0.0)], self._log.dtype))
        self._log.append(np.array([(feature, action, reward)], self._log.dtype))
        if done:
            self._end_episode()

    def features(self, begin: int, end: int) -> Array:
        """Return the features of the moments from one place in the log to another, float32 ``[N, H]``."""
        found: Array = self._log.read(begin, end)["feature"].astype(np.float32)
        return found

    def nearest(self, feature: Array, count: int) -> Neighbours:
        """Return up to ``count`` moments similar to float32 ``[H]``; none while the memory is empty."""
        if self._index is None:
            nothing = np.empty(0, np.int64)
            return Neighbours(np.empty(0, np.float32), nothing, np.empty(0, np.float32), nothing)
        similarity, found = self._index.search(feature[None], count)
        is_found = found[0] >= 0
        chosen = found[0][is_found]
        return Neighbours(similarity[0][is_found], self._action[chosen], self._outcome[chosen], self._place[chosen])

    def num_bytes(self) -> int:
        """Return the size of index and log in bytes."""
        index = 0 if self._index is None else self._index.num_bytes()
        return index + len(self._log) * self._log.dtype.itemsize

    def state(self) -> State:
        """Return what can be found; the features only if they are not in a file."""
        return {
            "log": self._log.state(),
            "begin": self._begin,
            "batches": np.array(self._batches, np.int64),
            "num_trained": self._num_trained,
            "place": self._place.copy(),
            "outcome": self._outcome.copy(),
            "total": self._total.copy(),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``, and build the index again in the same batches.

        Raises:
            StateError: its features are of another network, or the log does not fit.
        """
        places, batches = state["place"], state["batches"]
        if not len(places) == len(state["outcome"]) == len(state["total"]) == batches.sum():
            raise StateError("The saved moments do not add up; begin a new run.")
        if places.max(initial=-1) >= state["log"]["length"] or not 0 <= state["num_trained"] <= len(places):
            raise StateError("The saved memory names moments that its log lacks; begin a new run.")
        self._log.restore(state["log"])
        self._check_owner()
        self._begin, self._num_trained = state["begin"], state["num_trained"]
        self._place, self._outcome, self._total = (state[name].copy() for name in ("place", "outcome", "total"))
        self._action = self._log.take(self._place)["action"].astype(np.int64)
        self._build(batches.tolist())

    def _check_owner(self) -> None:
        """Make sure that the restored features come from this network, computed on whatever machine.

        Raises:
            StateError: they do not.
        """
        first = self._log.read(0, 1)["feature"].astype(np.float32)
        if not np.allclose(first, self._owner, atol=_TOLERANCE):  # true where nothing was logged
            raise StateError(
                "The saved memory belongs to another policy, whose features cannot be compared with this one's; "
                "begin a new run."
            )

    def _end_episode(self) -> None:
        """Make the episode's moments findable, and begin the next one."""
        episode = self._log.read(self._begin, len(self._log))
        reward = episode["reward"].astype(np.float64)
        places = np.arange(self._begin, len(self._log))
        self._begin = len(self._log)
        outcome = self._outcome_of(reward).astype(np.float32)
        wanted = reward > 0 if self._settings.only_rewarded else np.ones(len(reward), np.bool_)
        features = episode["feature"].astype(np.float32)
        if self._settings.duplicate_similarity is not None:
            wanted &= self._is_new(features, episode["action"], outcome, self._settings.duplicate_similarity)
        chosen = np.flatnonzero(wanted)
        if not len(chosen):
            return
        self._place = np.append(self._place, places[chosen])
        self._action = np.append(self._action, episode["action"][chosen].astype(np.int64))
        self._outcome = np.append(self._outcome, outcome[chosen])
        self._total = np.append(self._total, np.full(len(chosen), reward.sum(), np.float32))
        self._grow(features[chosen])

    def _is_new(self, features: Array, action: Array, outcome: Array, least: float) -> Array:
        """Whether each moment is no duplicate, bool ``[N]``; a better outcome goes to the one that it duplicates."""
        if self._index is None:
            return np.ones(len(features), np.bool_)
        similarity, found = self._index.search(features, 1)
        twin = found[:, 0]
        is_duplicate = (similarity[:, 0] >= least) & (twin >= 0) & (self._action[twin] == action)
        np.maximum.at(self._outcome, twin[is_duplicate], outcome[is_duplicate])
        is_new: Array = np.logical_not(is_duplicate)
        return is_new

    def _grow(self, features: Array) -> None:
        """Add the features of the newest moments; train anew, or forget, when it is time."""
        if len(self) > self._settings.capacity:
            best = np.argsort(-self._total, kind="stable")[: int(self._settings.capacity * _KEPT_SHARE)]
            kept = np.sort(best)
            self._place, self._action = self._place[kept], self._action[kept]
            self._outcome, self._total = self._outcome[kept], self._total[kept]
            self._num_trained = len(kept)
            self._build([len(kept)])
        elif len(self) >= max(FIRST_TRAINING, self._num_trained * GROWTH):
            self._num_trained = len(self)
            self._build([len(self)])
        else:
            self._add_batch(features)

    def _build(self, batches: list[int]) -> None:
        """Build the index of all moments, in these batches."""
        self._index, self._batches, done = None, [], 0
        for size in batches:
            self._add_batch(self._log.take(self._place[done : done + size])["feature"].astype(np.float32))
            done += size

    def _add_batch(self, features: Array) -> None:
        """Add a batch to the index; the first batch of a trained index is what it is trained on."""
        if self._index is None:
            kind = self._settings.index if self._num_trained >= FIRST_TRAINING else "flat"
            self._index = NearestIndex(kind, features)
        self._index.add(features)
        self._batches.append(len(features))
