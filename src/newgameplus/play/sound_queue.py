"""The console's sound between the frames that make it and the sound card that plays it. Pure arithmetic.

Two clocks drive the sound: frames come at the computer's time, samples leave at the sound card's, and the two differ by
a fraction of a percent. So that neither silence nor delay builds up, each frame's sound is stretched or squeezed by up
to half a percent, by how much is waiting: too little to be heard as a pitch.
"""

from __future__ import annotations

import numpy as np

from newgameplus.types import Array

CHUNK_FRAMES = 1.5
"""How much goes to the sound card at a time, in frames: 25 ms."""
MAX_STRETCH = 0.005
"""A twelfth of a semitone."""
_SMOOTHING = 0.05
_MAX_WAITING_CHUNKS = 4


class SoundQueue:
    """Sound that waits to be played, int16 ``[samples, 2]``.

    Args:
        samples_per_frame: how much sound one frame makes at normal speed.
    """

    def __init__(self, samples_per_frame: float) -> None:
        self.volume = 1.0
        """From 0 to 1."""
        self._chunk = round(CHUNK_FRAMES * samples_per_frame)
        self._waiting = np.empty((0, 2), np.int16)
        self._mean_waiting = float(self._chunk)
        self._last = np.zeros((1, 2), np.int16)

    @property
    def num_waiting(self) -> int:
        """Samples that wait."""
        return len(self._waiting)

    def push(self, sound: Array, speed: float = 1.0) -> None:
        """Add one frame's sound, played ``speed`` times as fast as it was made; what is far too much is left out."""
        if not len(sound):
            return
        length = max(1, round(len(sound) * self._stretch() / speed))
        joined = np.concatenate([self._last, sound])  # the step between two frames is none
        self._last = sound[-1:]
        places = np.arange(1, length + 1) * (len(sound) / length)
        at = np.arange(len(joined))
        stretched = np.stack([np.interp(places, at, joined[:, side]) for side in (0, 1)], axis=1)
        new = (stretched * self.volume).astype(np.int16)
        self._waiting = np.concatenate([self._waiting, new])[-_MAX_WAITING_CHUNKS * self._chunk :]

    def take(self) -> Array | None:
        """Return a chunk, or None while not enough waits."""
        if len(self._waiting) < self._chunk:
            return None
        self._mean_waiting += _SMOOTHING * (len(self._waiting) - self._mean_waiting)
        taken, self._waiting = self._waiting[: self._chunk], self._waiting[self._chunk :]
        return taken

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting = self._waiting[:0]
        self._mean_waiting = float(self._chunk)

    def _stretch(self) -> float:
        """More than 1 makes more sound of a frame: when less than a chunk and a half waits on average."""
        wanted = 1.5 * self._chunk
        return 1.0 + MAX_STRETCH * float(np.clip((wanted - self._mean_waiting) / wanted, -1.0, 1.0))
