"""Replay buffer with prioritized sampling: each frame is stored once, stacks are assembled when sampled.

Every row of the world has its own ring buffer. A slot holds one frame, the action chosen for it, and the reward and end
that followed. If an episode was truncated, its final frame takes a slot without an action, since its value is
bootstrapped from.

What is stored first can be kept for good: the row then goes round in the slots behind it.

With a folder, the frames are in memory-mapped files. These hold as many more slots as are written between two
checkpoints, so that the frames of the last checkpoint still exist when a killed process resumes from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.priorities import SumTree
from newgameplus.types import Array, State, Step

SLACK = 60_000
"""Slots beyond the capacity, over all rows: how many frames may be written after a checkpoint without damaging it."""
_PARTS = (("action", np.int16), ("reward", np.float32), ("kind", np.uint8))
_STEP, _TERMINATED, _CUT, _LAST_FRAME = 0, 1, 2, 3
_FIRST = 16
"""Flag added to the kind of a slot that begins an episode."""
_SHOWN = 32
"""Flag added to the kind of a demonstration's slots."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``N`` n-step transitions; shorter at the end of an episode."""

    observation: Array
    """uint8 ``[N, H, W, C]``."""
    action: Array
    """int64 ``[N]``."""
    reward: Array
    """float32 ``[N]``: n-step return, the discounted sum of the rewards."""
    next_observation: Array
    """uint8 ``[N, H, W, C]``: observation n steps later; the transition's own where ``factor`` is 0."""
    factor: Array
    """float32 ``[N]``: factor of the next observation's value, ``discount ** steps``; 0 after a termination."""
    entries: Array
    """int64 ``[N]``: indices of the entries, for updating their priorities."""
    weight: Array
    """float32 ``[N]``: importance-sampling weights, scaled so that the largest of the batch is 1."""
    is_demonstration: Array
    """float32 ``[N]``: 1 for transitions of demonstrations, else 0."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``N`` transitions without their pictures; fields are as in :class:`Batch`."""

    action: Array
    reward: Array
    factor: Array
    entries: Array
    weight: Array
    is_demonstration: Array
    places: Array
    """int64 ``[C, N]``: indices of the frames stacked to the observation, oldest first."""
    next_places: Array
    """int64 ``[C, N]``: indices of the frames stacked to the next observation, oldest first."""


class ReplayBuffer:
    """The latest experience of B rows, sampled by priority.

    Args:
        capacity: number of transitions, over all rows.
        num_rows: B.
        observation_shape: ``(H, W, C)`` with C frames stacked, oldest first; at the start of an episode the first is
            repeated.
        n_step: n of the n-step returns.
        discount: gamma.
        priority_alpha: priority exponent (alpha); 0 samples uniformly.
        folder: folder of the files; None keeps everything in memory.
        slack: slots beyond the capacity if there are files; see ``SLACK``.

    Raises:
        UsageError: the capacity is too small for the rows.
        StateError: the folder holds files of a buffer of another size.
    """

    def __init__(
        self,
        capacity: int,
        num_rows: int,
        observation_shape: tuple[int, ...],
        *,
        n_step: int = 1,
        discount: float = 0.99,
        priority_alpha: float = 0.5,
        folder: Path | None = None,
        slack: int = SLACK,
    ) -> None:
        height, width, self._stack = observation_shape
        self._capacity = capacity // num_rows
        if self._capacity <= n_step + self._stack:
            raise UsageError(f"A replay buffer of {capacity} transitions is too small for {num_rows} rows.")
        self._num_rows, self._n_step, self._priority_alpha = num_rows, n_step, priority_alpha
        self._powers = discount ** np.arange(n_step + 1)
        num_beyond = -(-slack // num_rows) if folder else 0
        self._size = self._capacity + n_step + self._stack + num_beyond
        self._frame = _array(folder, "frame", np.uint8, (num_rows, self._size, height, width))
        self._action, self._reward, self._kind = (
            _array(folder, name, dtype, (num_rows, self._size)) for name, dtype in _PARTS
        )
        self._written = np.zeros(num_rows, np.int64)
        self._kept = np.zeros(num_rows, np.int64)
        self._is_first = np.ones(num_rows, np.bool_)
        self.has_demonstrations = False
        """Whether demonstrations were ever stored."""
        self._tree = SumTree(num_rows * self._size)
        self._highest = 1.0
        self._is_in_files = folder is not None
        self._followed: list[int] | None = None

    def __len__(self) -> int:
        """Number of slots in use, over all rows."""
        return int(np.minimum(self._written, self._capacity).sum())

    def add(
        self,
        observation: Array,
        action: Array,
        reward: Array,
        step: Step,
        rows: Sequence[int] | None = None,
        *,
        is_demonstration: bool = False,
    ) -> None:
        """Store one step of every row, or of R rows.

        Args:
            observation: uint8 ``[R, H, W, C]``, observation before the step.
            action: int ``[R]``.
            reward: float ``[R]``, shaped reward.
            step: the step, which gives ends and final observations.
            rows: indices of the rows ``[R]``; None for all B.
            is_demonstration: whether the step is marked as that of a demonstration.
        """
        self.has_demonstrations |= is_demonstration
        rows = range(self._num_rows) if rows is None else rows
        cut = np.logical_and(step.truncated, np.logical_not(step.terminated))
        kind = np.where(step.terminated, _TERMINATED, np.where(cut, _CUT, _STEP)) + _FIRST * self._is_first[rows]
        kind += _SHOWN * is_demonstration
        for place, row in enumerate(rows):
            self._write(row, observation[place, :, :, -1], int(action[place]), float(reward[place]), int(kind[place]))
            if cut[place]:
                self._write(row, step.final_observation[place][:, :, -1], 0, 0.0, _LAST_FRAME)
        self._is_first[rows] = step.done

    def keep(self) -> None:
        """Keep what is stored for good; the next step of each row begins an episode.

        Raises:
            UsageError: too little would be left for what follows.
        """
        most = int(self._written.max())
        if self._capacity - most <= self._n_step + self._stack:
            raise UsageError(
                f"{most:,} transitions cannot be kept in a row's {self._capacity:,} of the replay buffer: "
                "take fewer, or a larger one with --set capacity=…"
            )
        self._kept, self._is_first[:] = self._written.copy(), True

    def draw(self, num: int, priority_beta: float, random: np.random.Generator) -> Batch:
        """Sample transitions, see :meth:`choose`, and assemble their pictures."""
        return self.stacked(self.choose(num, priority_beta, random))

    def choose(self, num: int, priority_beta: float, random: np.random.Generator) -> Choice:
        """Sample ``num`` transitions, one from each of ``num`` equal intervals of the sum of priorities.

        ``P(i) = p_i^alpha / sum p^alpha`` and ``w_i = (N P(i))^-beta / max w`` (Schaul et al., "Prioritized Experience
        Replay", 2016, eq. 1 and section 3.4).

        Args:
            num: batch size.
            priority_beta: importance-sampling exponent (beta).
            random: generator of the positions within the intervals.

        Raises:
            UsageError: the buffer is empty.
        """
        total = self._tree.total
        if not total:
            raise UsageError("Nothing can be drawn from an empty replay buffer.")
        entries = self._tree.find((np.arange(num) + random.random(num)) * (total / num))
        share = self._tree.get(entries) / total
        weight = (len(self) * share) ** -priority_beta
        row, slot = np.divmod(entries, self._size)
        reward, factor, ahead = self._sum_rewards(row, slot)
        return Choice(
            action=self._action[row, slot].astype(np.int64),
            reward=reward,
            factor=factor,
            entries=entries,
            weight=(weight / weight.max()).astype(np.float32),
            is_demonstration=self.are_demonstrations(entries).astype(np.float32),
            places=self._places(row, slot),
            next_places=self._places(row, ahead),
        )

    def stacked(self, choice: Choice) -> Batch:
        """Return sampled transitions with their pictures."""
        return Batch(
            observation=self._pictures(choice.places),
            action=choice.action,
            reward=choice.reward,
            next_observation=self._pictures(choice.next_places),
            factor=choice.factor,
            entries=choice.entries,
            weight=choice.weight,
            is_demonstration=choice.is_demonstration,
        )

    def are_demonstrations(self, entries: Array) -> Array:
        """Return which of the entries int64 ``[N]`` are of demonstrations, bool ``[N]``."""
        are_shown: Array = self._kind.reshape(-1)[entries] & _SHOWN > 0
        return are_shown

    @property
    def frames(self) -> Array:
        """All frames, uint8 ``[B, slots, H, W]``; frame indices are into ``[B * slots]``."""
        return self._frame

    @property
    def num_stacked(self) -> int:
        """Number C of frames in an observation."""
        return self._stack

    @property
    def num_used(self) -> int:
        """Number of slots of each row that may hold a frame."""
        return int(min(self._written.max(), self._size))

    def follow(self) -> list[int]:
        """Return a list to which the index of every frame written from now on is appended; its reader empties it.

        Only the most recently requested list is filled.
        """
        self._followed = []
        return self._followed

    def set_priorities(self, entries: Array, priorities: Array) -> None:
        """Set the priorities ``[N]``, above 0, of entries ``[N]``; entries overwritten since stay at 0."""
        self._highest = max(self._highest, float(priorities.max()))
        alive = self._tree.get(entries) > 0
        self._tree.set(entries[alive], priorities[alive] ** self._priority_alpha)

    def state(self) -> State:
        """Return everything, or with files everything that is not in them."""
        state: State = {
            "written": self._written.copy(),
            "kept": self._kept.copy(),
            "is_first": self._is_first.copy(),
            "has_demonstrations": self.has_demonstrations,
            "priorities": self._tree.leaves(),
            "highest": self._highest,
        }
        if not self._is_in_files:
            used = int(min(self._written.max(), self._size))
            arrays = (self._frame, self._action, self._reward, self._kind)
            names = ("frame", "action", "reward", "kind")
            return state | {name: array[:, :used].copy() for name, array in zip(names, arrays, strict=True)}
        for array in (self._frame, self._action, self._reward, self._kind):
            array.flush()  # type: ignore[attr-defined]  # np.memmap
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state``.

        Raises:
            StateError: it was made with files and this one has none, or the other way round, or the sizes differ.
        """
        if self._is_in_files == ("frame" in state) or len(state["priorities"]) != self._tree.size:
            raise StateError("The saved replay buffer is of another size, or its files are missing; begin a new run.")
        self._written, self._is_first = state["written"].copy(), state["is_first"].copy()
        self._kept = state["kept"].copy() if "kept" in state else np.zeros_like(self._written)  # older ones kept none
        self.has_demonstrations = state.get("has_demonstrations", False)
        self._tree.restore(state["priorities"])
        self._highest = state["highest"]
        for name in () if self._is_in_files else ("frame", "action", "reward", "kind"):
            getattr(self, f"_{name}")[:, : state[name].shape[1]] = state[name]

    def _write(self, row: int, frame: Array, action: int, reward: float, kind: int) -> None:
        """Fill the next slot; the entry n steps back becomes available for sampling, the oldest one unavailable."""
        count, kept = int(self._written[row]), int(self._kept[row])
        slot = self._slot(row, count)
        self._frame[row, slot] = frame
        if self._followed is not None:
            self._followed.append(row * self._size + slot)
        self._action[row, slot], self._reward[row, slot], self._kind[row, slot] = action, reward, kind
        self._written[row] = count + 1
        base = row * self._size
        entries, priorities = [base + slot], [0.0]
        if (oldest := count - self._capacity + kept) >= kept:
            entries.append(base + self._slot(row, oldest))
            priorities.append(0.0)
        for ready in self._made_ready(row, count, kind % _FIRST):
            entries.append(base + self._slot(row, ready))
            priorities.append(self._highest**self._priority_alpha)
        self._tree.set(np.array(entries), np.array(priorities))

    def _made_ready(self, row: int, count: int, kind: int) -> list[int]:
        """Counts of the slots that become available: the one n steps back, at an episode's end all since then."""
        is_over = kind in (_TERMINATED, _LAST_FRAME)
        last = count if kind == _TERMINATED else count - 1 if is_over else count - self._n_step
        candidates = range(count - self._n_step, last + 1)
        return [back for back in candidates if back >= 0 and self._has_no_end_between(row, back, count)]

    def _has_no_end_between(self, row: int, begin: int, end: int) -> bool:
        kinds = self._kind[row, [self._slot(row, count) for count in range(begin, end)]] % _FIRST
        return not ((kinds == _TERMINATED) | (kinds == _LAST_FRAME)).any()

    def _sum_rewards(self, row: Array, slot: Array) -> tuple[Array, Array, Array]:
        """Return the n-step rewards, the factor of the next value, and the next observation's slot, each ``[N]``."""
        steps = self._ahead(row[:, None], slot[:, None], np.arange(self._n_step))
        kinds = self._kind[row[:, None], steps] % _FIRST
        is_end = kinds != _STEP
        is_before_end = np.cumsum(is_end, 1) - is_end == 0
        num_steps = is_before_end.sum(1)
        reward = (self._reward[row[:, None], steps] * self._powers[:-1] * is_before_end).sum(1)
        last = kinds[np.arange(len(slot)), num_steps - 1]
        is_terminated = last == _TERMINATED
        factor = np.where(is_terminated, 0.0, self._powers[num_steps])
        # After a termination comes nothing; the slot behind it may be unwritten, or of steps that a killed run took.
        ahead = self._ahead(row, slot, np.where(is_terminated, 0, num_steps))
        return reward.astype(np.float32), factor.astype(np.float32), ahead

    def _places(self, row: Array, slot: Array) -> Array:
        """Return int64 ``[C, N]``: the slots' frames after those before them, none from an earlier episode."""
        before = self._behind(row[:, None], slot[:, None], np.arange(max(1, self._stack - 1)))
        first = self._kind[row[:, None], before] & _FIRST > 0
        reach = np.where(first.any(1), first.argmax(1), self._stack)
        offsets = np.minimum(np.arange(self._stack)[::-1, None], reach)
        places: Array = row * self._size + self._behind(row, slot, offsets)
        return places

    def _slot(self, row: int, count: int) -> int:
        """Slot of a row's step number ``count``."""
        kept = int(self._kept[row])
        return count if count < kept else kept + (count - kept) % (self._size - kept)

    def _ahead(self, row: Array, slot: Array, num: Array) -> Array:
        """Slots ``num`` after others of the rows; what is kept ends with an episode, so that nothing goes beyond."""
        found = slot + num
        return np.where(found < self._size, found, found - self._size + self._kept[row])

    def _behind(self, row: Array, slot: Array, num: Array) -> Array:
        """Slots ``num`` before others of the rows; some before a row's first slot are negative, and not of use."""
        found, kept = slot - num, self._kept[row]
        is_round = np.logical_and(slot >= kept, found < kept)
        return np.where(is_round, found + self._size - kept, found)

    def _pictures(self, places: Array) -> Array:
        """Return uint8 ``[N, H, W, C]``, the frames at indices ``[C, N]``."""
        frames = self._frame.reshape(-1, *self._frame.shape[2:])[places]
        # OpenCV interleaves planes many times as fast as numpy copies a transposed array.
        planes = list(frames.reshape(self._stack, -1, frames.shape[-1]))
        stacked: Array = cv2.merge(planes).reshape(*frames.shape[1:], self._stack)
        return stacked


def _array(folder: Path | None, name: str, dtype: Any, shape: tuple[int, ...]) -> Array:
    if folder is None:
        return np.zeros(shape, dtype)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.bin"
    size_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if path.is_file() and path.stat().st_size != size_bytes:
        raise StateError(f"{path} holds a replay buffer of another size; begin a new run in another folder.")
    mode: Any = "r+" if path.is_file() else "w+"
    return np.memmap(path, dtype, mode, shape=shape)
