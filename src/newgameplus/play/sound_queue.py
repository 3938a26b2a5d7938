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
WANTED_CHUNKS = 2.5
"""How much sound lies between making and hearing, on average: 60 ms."""
MAX_STRETCH = 0.005
"""A twelfth of a semitone."""
_START_CHUNKS = 2
"""One to play and one behind it: what waits when sound begins."""
_MAX_CHUNKS = 5
_SMOOTHING = 0.05


class SoundQueue:
    """Sound that waits to be played, int16 ``[samples, 2]``.

    Args:
        samples_per_frame: how much sound one frame makes at normal speed.
    """

    def __init__(self, samples_per_frame: float) -> None:
        self.volume = 1.0
        """From 0 to 1."""
        self.chunk = round(CHUNK_FRAMES * samples_per_frame)
        """How many samples are taken at a time."""
        self._wanted = WANTED_CHUNKS * self.chunk
        self._mean = self._wanted
        self._waiting: Array = np.empty((0, 2), np.int16)
        self._last: Array = np.zeros((1, 2), np.int16)

    @property
    def num_waiting(self) -> int:
        """Samples that wait."""
        return len(self._waiting)

    def push(self, sound: Array, *, speed: float = 1.0, num_ahead: float = 0.0) -> None:
        """Add one frame's sound; what is far too much is left out.

        Args:
            sound: int16 ``[samples, 2]``.
            speed: how many times as fast as it was made it is to be played.
            num_ahead: samples that the sound card has taken and not yet played.
        """
        if not len(sound):
            return
        self._mean += _SMOOTHING * (num_ahead + len(self._waiting) - self._mean)
        length = max(1, round(len(sound) * self._stretch() / speed))
        joined = np.concatenate([self._last, sound])  # so that there is no step between two frames
        self._last = sound[-1:]
        places = np.arange(1, length + 1) * (len(sound) / length)
        at = np.arange(len(joined))
        stretched = np.stack([np.interp(places, at, joined[:, side]) for side in (0, 1)], axis=1)
        new = (stretched * self.volume).astype(np.int16)
        self._waiting = np.concatenate([self._waiting, new])[-_MAX_CHUNKS * self.chunk :]

    def take(self, *, is_start: bool = False) -> Array | None:
        """Return a chunk, or None while not enough waits; the start waits for another behind it."""
        if len(self._waiting) < self.chunk * (_START_CHUNKS if is_start else 1):
            return None
        taken, self._waiting = self._waiting[: self.chunk], self._waiting[self.chunk :]
        return taken

    def clear(self) -> None:
        """Drop what waits."""
        self._waiting = self._waiting[:0]
        self._last = np.zeros((1, 2), np.int16)
        self._mean = self._wanted

    def _stretch(self) -> float:
        """More than 1 makes more sound of a frame: when less waits than is wanted, fully when a quarter is missing."""
        return 1.0 + MAX_STRETCH * float(np.clip(4 * (self._wanted - self._mean) / self._wanted, -1.0, 1.0))
