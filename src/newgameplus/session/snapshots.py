"""Machine states along a movie, in a bounded amount of memory: the longer the movie, the farther apart."""

from __future__ import annotations

import bisect
import zlib
from dataclasses import dataclass

STATE_FRAMES = 60
"""Smallest interval of machine states in frames."""
MAX_BYTES = 64 * 2**20
"""Memory limit; when it is reached, every second state is dropped and the interval doubled."""
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class FilmSnapshot:
    """Machine state after a frame."""

    frame: int
    state: bytes
    """Compressed machine state."""
    checksum: int
    """CRC-32 of the memory."""

    def machine(self) -> bytes:
        """Uncompressed machine state."""
        return zlib.decompress(self.state)


class Snapshots:
    """Snapshots at regular intervals.

    Args:
        max_bytes: memory limit; at least the first two are kept in any case.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._interval = STATE_FRAMES
        self._kept: list[FilmSnapshot] = []
        self.size_bytes = 0
        """Memory used by the states."""

    def is_due(self, frame: int) -> bool:
        """Whether a snapshot is to be taken after ``frame``."""
        return frame % self._interval == 0

    def add(self, frame: int, state: bytes, checksum: int) -> None:
        """Add the state after a frame later than all others."""
        snapshot = FilmSnapshot(frame, zlib.compress(state, _FASTEST), checksum)
        self._kept.append(snapshot)
        self.size_bytes += len(snapshot.state)
        while self.size_bytes > self._max_bytes and len(self._kept) > 2:
            self._interval *= 2
            self._kept = [kept for kept in self._kept if self.is_due(kept.frame)]
            self.size_bytes = sum(len(kept.state) for kept in self._kept)

    def before(self, frame: int) -> FilmSnapshot | None:
        """Last snapshot before ``frame``, None if there is none."""
        at = bisect.bisect_left(self._kept, frame, key=lambda kept: kept.frame) - 1
        return self._kept[at] if at >= 0 else None

    def checksum(self, frame: int) -> int | None:
        """Checksum of the memory after ``frame``, None if there is no snapshot of it."""
        at = bisect.bisect_left(self._kept, frame, key=lambda kept: kept.frame)
        return self._kept[at].checksum if at < len(self._kept) and self._kept[at].frame == frame else None
