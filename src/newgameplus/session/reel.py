"""Pictures and machine states of an episode's last minutes, in a bounded amount of memory."""

from __future__ import annotations

import bisect
import zlib
from collections import deque
from dataclasses import dataclass

import numpy as np

from newgameplus.types import Array

PICTURE_FRAMES = 2
"""Interval of pictures in frames: 30 per second are enough for rewinding."""
STATE_FRAMES = 60
"""Interval of machine states in frames: one second; the frames between are run again."""
MAX_BYTES = 64 * 2**20
"""Memory limit of pictures and states; the oldest are dropped first."""
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of the scenario after one frame, and of the machine if it can be saved."""

    frame: int
    state: bytes
    """Compressed machine state; empty if it cannot be saved."""
    judge: tuple[int, ...]

    @classmethod
    def of(cls, frame: int, state: bytes | None, judge: tuple[int, ...]) -> Snapshot:
        """Compress a machine state."""
        return cls(frame, b"" if state is None else zlib.compress(state, _FASTEST), judge)

    def machine(self) -> bytes | None:
        """Uncompressed machine state."""
        return zlib.decompress(self.state) if self.state else None


@dataclass(frozen=True, slots=True)
class _Picture:
    frame: int
    pixels: bytes
    shape: tuple[int, ...]


class Reel:
    """Pictures and snapshots in the order of their frames.

    Args:
        max_bytes: memory limit; the last picture is kept in any case.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pictures: deque[_Picture] = deque()
        self._snapshots: deque[Snapshot] = deque()
        self.size_bytes = 0
        """Memory used by pictures and states."""

    @property
    def first_frame(self) -> int | None:
        """Earliest frame with a picture, None if there is none."""
        return self._pictures[0].frame if self._pictures else None

    def add_picture(self, frame: int, picture: Array) -> None:
        """Add the picture ``[H, W, 3]`` of a frame later than all others."""
        pixels = zlib.compress(np.ascontiguousarray(picture).data, _FASTEST)
        self._pictures.append(_Picture(frame, pixels, picture.shape))
        self.size_bytes += len(pixels)
        while self.size_bytes > self._max_bytes and len(self._pictures) > 1:
            self._drop_first()

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Add a snapshot later than all others."""
        self._snapshots.append(snapshot)
        self.size_bytes += len(snapshot.state)

    def picture(self, frame: int) -> Array | None:
        """Picture of ``frame`` or the nearest one before it; None if it is no longer kept."""
        at = bisect.bisect_right(self._pictures, frame, key=lambda kept: kept.frame) - 1
        if at < 0:
            return None
        kept = self._pictures[at]
        return np.frombuffer(zlib.decompress(kept.pixels), np.uint8).reshape(kept.shape)

    def snapshot_before(self, frame: int) -> Snapshot | None:
        """Last snapshot before ``frame``, None if there is none."""
        return next((snapshot for snapshot in reversed(self._snapshots) if snapshot.frame < frame), None)

    def cut(self, frame: int) -> None:
        """Drop everything after ``frame``."""
        while self._pictures and self._pictures[-1].frame > frame:
            self.size_bytes -= len(self._pictures.pop().pixels)
        while self._snapshots and self._snapshots[-1].frame > frame:
            self.size_bytes -= len(self._snapshots.pop().state)

    def clear(self) -> None:
        """Drop everything."""
        self._pictures.clear()
        self._snapshots.clear()
        self.size_bytes = 0

    def _drop_first(self) -> None:
        """Drop the oldest picture, and the snapshots that no picture needs any more."""
        self.size_bytes -= len(self._pictures.popleft().pixels)
        first = self._pictures[0].frame
        while len(self._snapshots) > 1 and self._snapshots[1].frame < first:
            self.size_bytes -= len(self._snapshots.popleft().state)
