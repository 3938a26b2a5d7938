"""Plays a session's sound on the sound card."""

from __future__ import annotations

import pygame

from newgameplus.play.library import no_chatter
from newgameplus.play.sound_queue import SoundQueue
from newgameplus.types import Array

BUFFER_SAMPLES = 512
"""What the sound card takes at a time: 12 ms at 44,100 Hz."""
VOLUME_STEP = 0.1
FADE_MILLISECONDS = 15
"""Sound that is cut off would click."""


class Sound:
    """The sound card, or silence where there is none.

    Chunks are played one after the other without a gap: while one plays, the next waits behind it.

    Args:
        samples_per_second: of the console.
        frames_per_second: of the console.
        is_muted: whether to begin silent.
    """

    def __init__(self, samples_per_second: float, frames_per_second: float, *, is_muted: bool = False) -> None:
        self.is_muted = is_muted
        self.num_starts = 0
        """How often sound began after silence; more than once per pause means that the sound card has run dry."""
        self.failure: str | None = None
        """Why there is no sound."""
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
        """From 0 to 1."""
        return self._volume

    def change_volume(self, change: float) -> None:
        """Make it louder or softer; a change of volume is heard, so it ends a mute."""
        self._volume = min(1.0, max(0.0, round(self._volume + change, 2)))
        self.is_muted = False
        self._apply_volume()

    def toggle_mute(self) -> None:
        """Fall silent, or sound again."""
        self.is_muted = not self.is_muted
        self._apply_volume()

    def play(self, sound: Array, speed: float) -> None:
        """Play one frame's sound, int16 ``[samples, 2]``, ``speed`` times as fast as it was made."""
        if self._channel is not None:
            self._queue.push(sound, speed=speed, num_ahead=self._num_ahead(self._channel))
            self.pump()

    def pump(self) -> None:
        """Hand the sound card what it has room for; wants to be called every few milliseconds."""
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
        """Fall silent at once, until the next frame."""
        self._queue.clear()
        if self._channel is not None and self._channel.get_busy():
            self._channel.fadeout(FADE_MILLISECONDS)

    def close(self) -> None:
        """Let go of the sound card."""
        if self._channel is not None:
            self._channel = None
            pygame.mixer.quit()

    def _num_ahead(self, channel: pygame.mixer.Channel) -> float:
        """Samples that the sound card has yet to play, as far as it tells: half of a chunk has sounded on average."""
        return self._queue.chunk * (0.5 * channel.get_busy() + (channel.get_queue() is not None))

    def _apply_volume(self) -> None:
        self._queue.volume = 0.0 if self.is_muted else self._volume
