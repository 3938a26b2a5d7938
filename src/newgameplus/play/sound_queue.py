"""Queue between the console, which produces sound per frame, and the sound card, which plays it. Pure arithmetic.

Frames follow the computer's clock and samples the sound card's; the two differ by a fraction of a percent. To avoid
gaps and growing delay, each frame's sound is resampled by up to half a percent, depending on the amount queued. This is
too little to be heard as a change of pitch.
"""

from __future__ import annotations

import numpy as np

from newgameplus.types import Array

CHUNK_FRAMES = 1.5
"""Chunk size in frames: 25 ms."""
WANTED_CHUNKS = 2.5
"""Average latency between producing and playing sound, in chunks: 60 ms."""
MAX_STRETCH = 0.005
"""Largest change of rate: a twelfth of a semitone."""
_START_CHUNKS = 2
"""Chunks queued before playback starts: one to play and one behind it."""
_MAX_CHUNKS = 5
_SMOOTHING = 0.05


class SoundQueue:
    """Queue of sound, int16 ``[samples, 2]``.

    Args:
        samples_per_frame: samples per frame at normal speed.
    """

    def __init__(self, samples_per_frame: float) -> None:
        self.volume = 1.0
        """Volume from 0 to 1."""
        self.chunk = round(CHUNK_FRAMES * samples_per_frame)
        """Chunk size in samples."""
        self._wanted = WANTED_CHUNKS * self.chunk
        self._mean = self._wanted
        self._waiting: Array = np.empty((0, 2), np.int16)
        self._last: Array = np.zeros((1, 2), np.int16)

    @property
    def num_waiting(self) -> int:
        """Number of samples in the queue."""
        return len(self._waiting)

    def push(self, sound: Array, *, speed: float = 1.0, num_ahead: float = 0.0) -> None:
        """Append one frame's sound; drop it if the queue is far too long.

        Args:
            sound: int16 ``[samples, 2]``.
            speed: playback speed, 1 for normal.
            num_ahead: samples already taken by the sound card and not yet played.
        """
        if not len(sound):
            return
        self._mean += _SMOOTHING * (num_ahead + len(self._waiting) - self._mean)
        length = max(1, round(len(sound) * self._stretch() / speed))
        joined = np.concatenate([self._last, sound])  # avoids a discontinuity between frames
        self._last = sound[-1:]
        places = np.arange(1, length + 1) * (len(sound) / length)
        at = np.arange(len(joined))
        stretched = np.stack([np.interp(places, at, joined[:, side]) for side in (0, 1)], axis=1)
        new = (stretched * self.volume).astype(np.int16)
        self._waiting = np.concatenate([self._waiting, new])[-_MAX_CHUNKS * self.chunk :]

    def take(self, *, is_start: bool = False) -> Array | None:
        """Return a chunk, or None if too little is queued; the first chunk waits for a second one."""
        if len(self._waiting) < self.chunk * (_START_CHUNKS if is_start else 1):
            return None
        taken, self._waiting = self._waiting[: self.chunk], self._waiting[self.chunk :]
        return taken

    def clear(self) -> None:
        """Empty the queue."""
        self._waiting = self._waiting[:0]
        self._last = np.zeros((1, 2), np.int16)
        self._mean = self._wanted

    def _stretch(self) -> float:
        """Resampling factor: above 1 if less than the target is queued, at its maximum when a quarter is missing."""
        return 1.0 + MAX_STRETCH * float(np.clip(4 * (self._wanted - self._mean) / self._wanted, -1.0, 1.0))
