"""When which frame of a film is sent: seeks, playing at a speed, at most two frames on their way, sound at speed 1.

No clock and no pipe: the time is an argument, and what is to be sent is returned.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from newgameplus.session.film import Film, Moment
from newgameplus.web.messages import Request, frame_message, read_request, told
from newgameplus.web.pace import Pace

MAX_ON_WAY = 2
"""Frames that are sent and not yet drawn."""
SLICE_FRAMES = 8
"""Frames that are run between two looks at what the page asks."""
MAX_POINTS = 1000
"""Most points of a curve that is sent."""


def open_movie(path: str, frame: int) -> Playing:
    """Open a movie at a frame.

    Raises:
        NewGamePlusError: it cannot be played here.
    """
    return Playing(Film(Path(path)), frame)


class Playing:
    """One film and what a page wants of it: a scene.

    Args:
        film: the film.
        frame: frame to begin with.
    """

    def __init__(self, film: Film, frame: int = 0) -> None:
        self.film = film
        self._wanted: Request | None = Request("seek", 0, min(frame, film.num_frames - 1))
        self._pace: Pace | None = None
        """While it plays."""
        self._has_sound = False
        self._num_on_way = 0
        self._generation = 0
        self._told_tenths = -1

    def opened(self) -> str:
        """Message that tells what film it is."""
        film = self.film
        return told(
            "opened",
            num_frames=film.num_frames,
            num_players=film.movie.num_players,
            frames_per_second=film.emulator.frames_per_second,
            samples_per_second=film.emulator.samples_per_second,
            console=film.emulator.core.console.name,
            core=film.emulator.core.name,
            buttons=list(film.movie.buttons),
            variables=list(film.samples.columns),
            is_exact=film.is_exact,
        )

    def ask(self, text: str, now: float) -> None:
        """Take a message of the page."""
        request = read_request(text)
        if request is not None:
            self.take(request, now)

    def close(self) -> None:
        """Free the consoles."""
        self.film.close()

    def take(self, request: Request, now: float) -> None:
        """Take what the page asks."""
        if request.do == "drawn":
            self._num_on_way = max(0, self._num_on_way - 1)
            return
        if request.generation < self._generation:
            return
        frame = min(request.frame, self.film.num_frames - 1)
        self._generation, self._pace, self._wanted = request.generation, None, None
        if request.do == "seek":
            self._wanted = replace(request, frame=frame)
        elif request.do == "play":
            rate = self.film.emulator.frames_per_second
            self._pace = Pace(frame, self.film.num_frames - 1, rate, request.speed, now)
            self._has_sound = request.has_sound and request.speed == 1

    def seconds_to_wait(self, now: float) -> float | None:
        """How long there is nothing to do unless the page asks for something; None for ever."""
        if not self.film.is_surveyed:
            return 0.0
        if self._num_on_way == MAX_ON_WAY:
            return None
        if self._wanted is not None:
            return 0.0
        return None if self._pace is None else self._pace.seconds_to_wait(now)

    def go_on(self, now: float) -> bytes | str | None:
        """Do a little of what there is to do; return what is to be sent, if anything."""
        if self._wanted is not None and self._num_on_way < MAX_ON_WAY:
            wanted = self._wanted
            if not self.film.approach(wanted.frame, SLICE_FRAMES):
                return self._progress()
            self._wanted = None
            return self._sent(self.film.show(wanted.frame), has_sound=False)
        if self._pace is not None and self._num_on_way < MAX_ON_WAY and self._pace.seconds_to_wait(now) == 0.0:
            return self._play(self._pace, now)
        if not self.film.is_surveyed:
            self.film.survey(SLICE_FRAMES)
            return self._progress()
        return None

    def _survey_message(self) -> str:
        """Return what the survey knows: sums of rewards, returns and variables along the movie."""
        film = self.film
        num = film.num_surveyed
        step = max(1, -(-num // MAX_POINTS))
        returns = np.frombuffer(film.returns, np.float64) if num else np.zeros(0)
        frames = np.minimum(np.arange(0, num + step - 1, step), num - 1) if num else np.zeros(0, np.int64)
        every = max(1, -(-max(map(len, film.samples.columns.values()), default=0) // MAX_POINTS))
        return told(
            "survey",
            num_surveyed=num,
            num_frames=film.num_frames,
            frames=frames.tolist(),
            returns=returns[frames].tolist(),
            rewards=np.diff(returns[frames], prepend=0.0).tolist(),
            interval=film.samples.interval * every,
            variables={name: list(column[::every]) for name, column in film.samples.columns.items()},
            agrees=film.agrees(),
            is_exact=film.is_exact,
        )

    def _play(self, pace: Pace, now: float) -> bytes | str | None:
        frame = pace.frame(now)
        if not self.film.approach(frame, SLICE_FRAMES):
            return self._progress()
        pace.at = frame
        if pace.is_over:
            self._pace = None
        return self._sent(self.film.show(frame), has_sound=self._has_sound)

    def _sent(self, moment: Moment, *, has_sound: bool) -> bytes:
        self._num_on_way += 1
        return frame_message(moment, self._generation, has_sound=has_sound)

    def _progress(self) -> str | None:
        """Tell of the survey after each tenth of the movie."""
        tenths = 10 * self.film.num_surveyed // self.film.num_frames
        if tenths == self._told_tenths:
            return None
        self._told_tenths = tenths
        return self._survey_message()
