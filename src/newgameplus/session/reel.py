"""The last minutes of an episode as pictures and machine states, in a bounded amount of memory."""

from __future__ import annotations

import bisect
import zlib
from collections import deque
from dataclasses import dataclass

import numpy as np

from newgameplus.types import Array

PICTURE_FRAMES = 2
"""A picture is kept of every second frame: 30 per second are enough to see where one goes back to."""
STATE_FRAMES = 60
"""A machine state is kept every second; the frames from there to the wanted one are run again."""
MAX_BYTES = 64 * 2**20
"""The oldest pictures and states go when all of them together take more."""
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The judge after one frame, and the machine where it can be saved."""

    frame: int
    state: bytes
    """The machine, compressed; empty where it cannot be saved."""
    judge: tuple[int, ...]

    @classmethod
    def of(cls, frame: int, state: bytes | None, judge: tuple[int, ...]) -> Snapshot:
        """Compress a machine state."""
        return cls(frame, b"" if state is None else zlib.compress(state, _FASTEST), judge)

    def machine(self) -> bytes | None:
        """The machine state as the emulator takes it."""
        return zlib.decompress(self.state) if self.state else None


@dataclass(frozen=True, slots=True)
class _Picture:
    frame: int
    pixels: bytes
    shape: tuple[int, ...]


class Reel:
    """Pictures and snapshots in the order of their frames.

    Args:
        max_bytes: what they may take together; the last picture stays in any case.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pictures: deque[_Picture] = deque()
        self._snapshots: deque[Snapshot] = deque()
        self.size_bytes = 0
        """What pictures and states take."""

    @property
    def first_frame(self) -> int | None:
        """The earliest frame with a picture, None where there is none."""
        return self._pictures[0].frame if self._pictures else None

    def add_picture(self, frame: int, picture: Array) -> None:
        """Keep the picture ``[H, W, 3]`` of a frame behind all others."""
        pixels = zlib.compress(np.ascontiguousarray(picture).data, _FASTEST)
        self._pictures.append(_Picture(frame, pixels, picture.shape))
        self.size_bytes += len(pixels)
        while self.size_bytes > self._max_bytes and len(self._pictures) > 1:
            self._drop_first()

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot behind all others."""
        self._snapshots.append(snapshot)
        self.size_bytes += len(snapshot.state)

    def picture(self, frame: int) -> Array | None:
        """The picture of ``frame``, or the one before it; None where the reel does not reach back that far."""
        at = bisect.bisect_right(self._pictures, frame, key=lambda kept: kept.frame) - 1
        if at < 0:
            return None
        kept = self._pictures[at]
        return np.frombuffer(zlib.decompress(kept.pixels), np.uint8).reshape(kept.shape)

    def snapshot_before(self, frame: int) -> Snapshot | None:
        """The last snapshot that lies before ``frame``, None where there is none."""
        return next((snapshot for snapshot in reversed(self._snapshots) if snapshot.frame < frame), None)

    def cut(self, frame: int) -> None:
        """Forget everything behind ``frame``."""
        while self._pictures and self._pictures[-1].frame > frame:
            self.size_bytes -= len(self._pictures.pop().pixels)
        while self._snapshots and self._snapshots[-1].frame > frame:
            self.size_bytes -= len(self._snapshots.pop().state)

    def clear(self) -> None:
        """Forget everything."""
        self._pictures.clear()
        self._snapshots.clear()
        self.size_bytes = 0

    def _drop_first(self) -> None:
        """Drop the oldest picture, and the snapshots that no picture needs any more."""
        self.size_bytes -= len(self._pictures.popleft().pixels)
        first = self._pictures[0].frame
        while len(self._snapshots) > 1 and self._snapshots[1].frame < first:
            self.size_bytes -= len(self._snapshots.popleft().state)
