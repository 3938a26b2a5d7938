"""Plays a session's sound on the sound card."""

from __future__ import annotations

import pygame

from newgameplus.play.library import no_chatter
from newgameplus.play.sound_queue import SoundQueue
from newgameplus.types import Array

BUFFER_SAMPLES = 512
"""Sound card buffer in samples: 12 ms at 44,100 Hz."""
VOLUME_STEP = 0.1
FADE_MILLISECONDS = 15
"""Length of the fade-out, which avoids a click."""


class Sound:
    """The sound card, or silence if there is none.

    Chunks are played without a gap: while one plays, the next is queued.

    Args:
        samples_per_second: sample rate of the console.
        frames_per_second: frame rate of the console.
        is_muted: start muted.
    """

    def __init__(self, samples_per_second: float, frames_per_second: float, *, is_muted: bool = False) -> None:
        self.is_muted = is_muted
        self.num_starts = 0
        """How often playback started after silence; more than once per pause means that the sound card ran out of
        samples."""
        self.failure: str | None = None
        """Why there is no sound; None if there is."""
        self._volume = 1.0
        self._queue = SoundQueue(samples_per_second / frames_per_second)
        self._channel: pygame.mixer.Channel | None = None
        try:
            with no_chatter():
                pygame.mixer.init(round(samples_per_second), -16, 2, BUFFER_SAMPLES, allowedchanges=0)
            self._channel = pygame.mixer.Channel(0)
        except pygame.error as error:
            self.failure = str(error)
        self._apply_volume()

    @property
    def volume(self) -> float:
        """Volume from 0 to 1."""
        return self._volume

    def change_volume(self, change: float) -> None:
        """Raise or lower the volume; also unmutes."""
        self._volume = min(1.0, max(0.0, round(self._volume + change, 2)))
        self.is_muted = False
        self._apply_volume()

    def toggle_mute(self) -> None:
        """Mute or unmute."""
        self.is_muted = not self.is_muted
        self._apply_volume()

    def play(self, sound: Array, speed: float) -> None:
        """Queue one frame's sound, int16 ``[samples, 2]``, to be played at ``speed`` times the normal rate."""
        if self._channel is not None:
            self._queue.push(sound, speed=speed, num_ahead=self._num_ahead(self._channel))
            self.pump()

    def pump(self) -> None:
        """Pass queued sound to the sound card; call it every few milliseconds."""
        channel = self._channel
        if channel is None or channel.get_queue() is not None:
            return
        is_start = not channel.get_busy()
        chunk = self._queue.take(is_start=is_start)
        if chunk is None:
            return
        prepared = pygame.mixer.Sound(buffer=chunk.tobytes())
        if is_start:
            self.num_starts += 1
            channel.play(prepared)
            self.pump()
        else:
            channel.queue(prepared)

    def stop(self) -> None:
        """Stop playback at once, until the next frame."""
        self._queue.clear()
        if self._channel is not None and self._channel.get_busy():
            self._channel.fadeout(FADE_MILLISECONDS)

    def close(self) -> None:
        """Close the sound card."""
        if self._channel is not None:
            self._channel = None
            pygame.mixer.quit()

    def _num_ahead(self, channel: pygame.mixer.Channel) -> float:
        """Estimated samples in the sound card's queue; on average half of the current chunk has been played."""
        return self._queue.chunk * (0.5 * channel.get_busy() + (channel.get_queue() is not None))

    def _apply_volume(self) -> None:
        self._queue.volume = 0.0 if self.is_muted else self._volume
