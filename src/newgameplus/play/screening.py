"""A movie being watched: pause, speed and place, the same in a window and in a terminal."""

from __future__ import annotations

from newgameplus.games.layout import names_of
from newgameplus.printable import printable_number, printable_time
from newgameplus.session.film import Film, Moment

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
JUMP_SECONDS = 5.0
LATE_SECONDS = 0.25
"""Delays longer than this are not caught up."""
KEYS = "Space pause   ← → 5 s   , . frame   - + speed   Home End   Q leave"
"""Help on the keys."""


class Screening:
    """A movie that runs with the time until its last frame, where it stands still.

    Args:
        film: the movie.
    """

    def __init__(self, film: Film) -> None:
        self.film = film
        self.moment: Moment = film.show(0)
        """The frame that is shown."""
        self.is_paused = self.is_left = False
        self.speed = 1.0
        self._credit = 0.0

    @property
    def last_frame(self) -> int:
        """Number of the last frame."""
        return self.film.num_frames - 1

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console, about 60."""
        return self.film.emulator.frames_per_second

    def seek(self, frame: int) -> None:
        """Go to ``frame``, or to the first or the last one if there is no such frame."""
        self.moment = self.film.show(min(max(frame, 0), self.last_frame))

    def frames_due(self, seconds: float) -> int:
        """Number of frames to go on by after ``seconds`` have passed; fractions accumulate."""
        if self.is_paused or self.moment.frame >= self.last_frame:
            self._credit = 0.0
            return 0
        self._credit += min(seconds, LATE_SECONDS) * self.frames_per_second * self.speed
        due = int(self._credit)
        self._credit -= due
        return min(due, self.last_frame - self.moment.frame)

    def press(self, key: str) -> None:
        """Do what a key is for; other keys do nothing.

        Args:
            key: a character, or ``left``, ``right``, ``home``, ``end`` or ``escape``.
        """
        now, jump = self.moment.frame, round(JUMP_SECONDS * self.frames_per_second)
        places = {
            "left": now - jump,
            "right": now + jump,
            ",": now - 1,
            ".": now + 1,
            "home": 0,
            "end": self.last_frame,
        }
        if key in places:
            self.is_paused |= key in (",", ".")
            self.seek(places[key])
        elif key == " ":
            self._pause_or_go_on()
        elif key in ("-", "+", "="):
            at = SPEEDS.index(self.speed) + (-1 if key == "-" else 1)
            self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        elif key in ("q", "escape"):
            self.is_left = True

    def status(self) -> str:
        """Time, return, speed and the buttons held, in a line."""
        moment = self.moment
        seconds, whole = (printable_time(frame / self.frames_per_second) for frame in (moment.frame, self.last_frame))
        held = " / ".join(" ".join(names_of(mask, self.film.movie.buttons)) or "–" for mask in moment.masks)
        speed = "paused" if self.is_paused else f"{self.speed:g}×"
        earned = printable_number(moment.episode_return)
        return f"{seconds} of {whole}   frame {moment.frame}   return {earned}   {speed}   {held}"

    def _pause_or_go_on(self) -> None:
        if self.moment.frame >= self.last_frame:
            self.seek(0)
            self.is_paused = False
        else:
            self.is_paused = not self.is_paused
