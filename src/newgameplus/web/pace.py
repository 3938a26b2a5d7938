"""Which frame is due while something plays at a speed. No clock: the time is an argument."""

from __future__ import annotations

LATE_SECONDS = 0.25
"""Who is later than this goes on from where it is, at the speed that it manages."""


class Pace:
    """Frames of something that plays.

    Args:
        frame: frame that is shown when playing begins.
        last: the last frame.
        frames_per_second: rate at speed 1.
        speed: multiple of that rate; above 1, not every frame is shown.
        now: when playing begins, in seconds.
    """

    def __init__(self, frame: int, last: int, frames_per_second: float, speed: float, now: float) -> None:
        self.at = frame
        """Frame that was shown last; to be set by who shows another one."""
        self._last, self._rate = last, frames_per_second * speed
        self._stride = max(1, int(speed))
        self._since, self._first = now, frame

    @property
    def is_over(self) -> bool:
        """Whether the last frame is shown."""
        return self.at >= self._last

    def seconds_to_wait(self, now: float) -> float:
        """Seconds until the next frame is due; zero if one is."""
        return max(0.0, self._due(self.at + self._stride) - now)

    def frame(self, now: float) -> int:
        """The frame to show now."""
        following = self.at + self._stride
        if now - self._due(following) > LATE_SECONDS:
            self._since, self._first = now, following
        due = self._first + int((now - self._since) * self._rate)
        return min(max(due, following), self.at + 2 * self._stride, self._last)

    def _due(self, frame: int) -> float:
        return self._since + (frame - self._first) / self._rate
