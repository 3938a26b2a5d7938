"""Demonstrations to imitate: what was seen, what was done, and the return that followed.

Each frame is stored once, and stacks are assembled when they are asked for. With a folder, the frames are in a file
there, which is written once and never changed, so that checkpoints need not contain them.

Shapes: ``N`` steps, ``K`` of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from newgameplus.durable import write_atomically
from newgameplus.errors import StateError, UsageError
from newgameplus.types import Array, State

FILE_NAME = "demonstrations.bin"
_HELD_OUT_SHARE = 0.1


class Demonstrations:
    """Steps of demonstrations, collected one by one and then closed.

    Args:
        observation_shape: ``(H, W, C)`` with C frames stacked, oldest first; at the start of an episode the first is
            repeated.
        discount: gamma of the returns.
    """

    def __init__(self, observation_shape: tuple[int, ...], discount: float) -> None:
        self._shape, self._discount = observation_shape, discount
        self._collected: list[tuple[Array, int, float, bool]] = []
        self._is_in_file = False
        height, width, _ = observation_shape
        self._frame = np.zeros((0, height, width), np.uint8)
        self._place = np.zeros(0, np.int64)
        """Number of steps before each in its episode, int64 ``[N]``."""
        self.action = np.zeros(0, np.int64)
        """Actions, int64 ``[N]``."""
        self.target = np.zeros(0, np.float32)
        """Discounted return from each step to the end of its demonstration, float32 ``[N]``."""
        self.is_held_out = np.zeros(0, np.bool_)
        """Which steps are not to be learned from, so that they show how well the others teach, bool ``[N]``."""

    def __len__(self) -> int:
        """N, 0 before they are closed."""
        return len(self.action)

    def add(self, observation: Array, action: int, reward: float, is_last: bool) -> None:
        """Collect one step; see ``close``.

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
        frames, actions, rewards, ends = zip(*self._collected, strict=True)
        self._collected = []
        self._frame = np.stack(frames)
        self.action = np.array(actions, np.int64)
        begins = np.flatnonzero([True, *ends[:-1]])
        episode = np.repeat(np.arange(len(begins)), np.diff([*begins, len(ends)]))
        self._place = np.arange(len(ends)) - begins[episode]
        self.target = self._returns(rewards, ends)
        order = np.argsort(random.permutation(len(begins))[episode], kind="stable")
        self.is_held_out = np.zeros(len(ends), np.bool_)
        self.is_held_out[order[len(order) - int(len(order) * _HELD_OUT_SHARE) :]] = True
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / FILE_NAME, [self._frame.data])
            self._frame, self._is_in_file = self._in_file(folder, len(self)), True

    def observation(self, chosen: Array) -> Array:
        """Return the observations of steps int64 ``[K]``, uint8 ``[K, H, W, C]``."""
        stack = self._shape[-1]
        offsets = np.minimum(np.arange(stack)[::-1, None], self._place[chosen])
        planes = self._frame[chosen - offsets]
        # OpenCV interleaves planes many times as fast as numpy copies a transposed array.
        stacked: Array = cv2.merge(list(planes.reshape(stack, -1, planes.shape[-1])))
        return stacked.reshape(len(chosen), *self._shape)

    def state(self) -> State:
        """Return everything, or with a folder everything but the frames."""
        parts: dict[str, Array] = {
            "action": self.action,
            "target": self.target,
            "is_held_out": self.is_held_out,
            "place": self._place,
        }
        state = {name: array.copy() for name, array in parts.items()}
        return state if self._is_in_file else state | {"frame": self._frame.copy()}

    def restore(self, state: dict[str, Any], folder: Path | None = None) -> None:
        """Restore ``state``, with the frames in ``folder`` if it holds none.

        Raises:
            StateError: the frames are not there; nothing has changed then.
        """
        is_in_file = "frame" not in state
        self._frame = self._in_file(folder, len(state["action"])) if is_in_file else state["frame"].copy()
        self._is_in_file = is_in_file
        self.action, self.target = state["action"].copy(), state["target"].copy()
        self.is_held_out, self._place = state["is_held_out"].copy(), state["place"].copy()

    def _in_file(self, folder: Path | None, num_steps: int) -> Array:
        """Frames in the file in ``folder``, uint8 ``[N, H, W]``."""
        shape = (num_steps, *self._shape[:2])
        path = None if folder is None else folder / FILE_NAME
        if path is None or not path.is_file() or path.stat().st_size != int(np.prod(shape)):
            raise StateError("The frames of the demonstrations are missing, or of another run; begin a new run.")
        return np.memmap(path, np.uint8, "r", shape=shape)

    def _returns(self, rewards: tuple[float, ...], ends: tuple[bool, ...]) -> Array:
        returns, following = np.zeros(len(rewards), np.float32), 0.0
        for number in reversed(range(len(rewards))):
            following = rewards[number] + (0.0 if ends[number] else self._discount * following)
            returns[number] = following
        return returns
