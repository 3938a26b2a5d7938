"""Demonstrations to imitate: what was seen, what was done, and the return that followed.

Each frame is stored once, and stacks are assembled when they are asked for. With a folder, the frames are in a file
there, which only grows, so that checkpoints need not contain them.

Shapes: ``N`` steps, ``K`` of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.records import RecordLog
from newgameplus.types import Array, State

FILE_NAME = "demonstrations.bin"
_HELD_OUT_SHARE = 0.1


class Demonstrations:
    """Steps of demonstrations, collected one by one and then taken up together.

    Args:
        observation_shape: ``(H, W, C)`` with C frames stacked, oldest first; at the start of an episode the first is
            repeated.
        discount: gamma of the returns.
    """

    def __init__(self, observation_shape: tuple[int, ...], discount: float) -> None:
        self._shape, self._discount = observation_shape, discount
        self._collected: list[tuple[Array, int, float, bool]] = []
        self._frames: RecordLog | None = None
        self._place = np.zeros(0, np.int64)
        """Number of steps before each in its episode, int64 ``[N]``."""
        self.action = np.zeros(0, np.int64)
        """Actions, int64 ``[N]``."""
        self.target = np.zeros(0, np.float32)
        """Discounted return from each step to the end of its demonstration, float32 ``[N]``."""
        self.is_held_out = np.zeros(0, np.bool_)
        """Which steps are not to be learned from, so that they show how well the others teach, bool ``[N]``."""

    def __len__(self) -> int:
        """N, without what is only collected."""
        return len(self.action)

    def add(self, observation: Array, action: int, reward: float, is_last: bool) -> None:
        """Collect one step; see ``close`` and ``extend``.

        Args:
            observation: uint8 ``[H, W, C]``.
            action: number of the action.
            reward: shaped reward.
            is_last: whether the demonstration ends with it.
        """
        self._collected.append((observation[..., -1].copy(), action, reward, is_last))

    def close(self, random: np.random.Generator, folder: Path | None = None) -> None:
        """Take up what was collected; a tenth of the steps, whole episodes as far as possible, is held out.

        Args:
            random: draws which.
            folder: where the frames are kept, created if missing; None for memory.

        Raises:
            UsageError: nothing was collected.
        """
        if not self._collected:
            raise UsageError("There are no demonstrations to learn from.")
        begins = self._take_up(folder)
        episode = np.repeat(np.arange(len(begins)), np.diff([*begins, len(self)]))
        order = np.argsort(random.permutation(len(begins))[episode], kind="stable")
        self.is_held_out[order[len(order) - int(len(order) * _HELD_OUT_SHARE) :]] = True

    def extend(self, capacity: int, folder: Path | None = None) -> None:
        """Take up what was collected since, none of which is held out; only the last ``capacity`` steps are kept.

        Frames of steps that are not kept stay in the file.
        """
        if self._collected:
            self._take_up(folder)
        for name in ("action", "target", "is_held_out", "_place"):
            setattr(self, name, getattr(self, name)[-capacity:])

    def observation(self, chosen: Array) -> Array:
        """Return the observations of steps int64 ``[K]``, uint8 ``[K, H, W, C]``."""
        stack = self._shape[-1]
        offsets = np.minimum(np.arange(stack)[::-1, None], self._place[chosen])
        assert self._frames is not None
        planes = self._frames.take(len(self._frames) - len(self) + chosen - offsets)["frame"]
        # OpenCV interleaves planes many times as fast as numpy copies a transposed array.
        stacked: Array = cv2.merge(list(planes.reshape(stack, -1, planes.shape[-1])))
        return stacked.reshape(len(chosen), *self._shape)

    def state(self) -> State:
        """Return everything, or with a folder everything but the frames."""
        assert self._frames is not None
        parts: dict[str, Array] = {
            "action": self.action,
            "target": self.target,
            "is_held_out": self.is_held_out,
            "place": self._place,
        }
        return {name: array.copy() for name, array in parts.items()} | {"frames": self._frames.state()}

    def restore(self, state: dict[str, Any], folder: Path | None = None) -> None:
        """Restore ``state``, with the frames in ``folder`` if it holds none.

        Raises:
            StateError: the frames are not there; nothing has changed then.
        """
        saved = state["frames"]
        frames = self._new_log(None if "records" in saved else folder)
        try:
            frames.restore(saved)
        except StateError as error:
            raise StateError(
                "The frames of the demonstrations are missing, or of another run; begin a new run."
            ) from error
        self._frames = frames
        self.action, self.target = state["action"].copy(), state["target"].copy()
        self.is_held_out, self._place = state["is_held_out"].copy(), state["place"].copy()

    def _take_up(self, folder: Path | None) -> Array:
        """Append what was collected; return the places in it where demonstrations begin."""
        frames, actions, rewards, ends = zip(*self._collected, strict=True)
        self._collected = []
        if self._frames is None:
            self._frames = self._new_log(folder)
        records = np.empty(len(frames), self._frames.dtype)
        records["frame"] = frames
        self._frames.append(records)
        begins = np.flatnonzero([True, *ends[:-1]])
        lengths = np.diff([*begins, len(ends)])
        self._place = np.append(self._place, np.arange(len(ends)) - np.repeat(begins, lengths))
        self.action = np.append(self.action, np.array(actions, np.int64))
        self.target = np.append(self.target, self._returns(rewards, ends))
        self.is_held_out = np.append(self.is_held_out, np.zeros(len(ends), np.bool_))
        return begins

    def _new_log(self, folder: Path | None) -> RecordLog:
        kind = np.dtype([("frame", np.uint8, self._shape[:2])])
        return RecordLog(kind, None if folder is None else folder / FILE_NAME)

    def _returns(self, rewards: tuple[float, ...], ends: tuple[bool, ...]) -> Array:
        returns, following = np.zeros(len(rewards), np.float32), 0.0
        for number in reversed(range(len(rewards))):
            following = rewards[number] + (0.0 if ends[number] else self._discount * following)
            returns[number] = following
        return returns
