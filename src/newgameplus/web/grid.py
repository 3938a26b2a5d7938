"""Several movies side by side in step: frames of one number are sent together, at most two on their way.

A movie that has ended keeps its last picture. The consoles of different movies run in threads, as the engine lets go of
the interpreter while a frame runs, and so does the compression of pictures. A message of frames is, little-endian::

    u8  2 (grid)    u8 number of cells    u16 0    u32 generation    u32 frame
    then for each cell:  u32 cell    u32 bytes    message of its frame (``messages``)

Cells that show the same as in the message before are left out.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from newgameplus.errors import NewGamePlusError
from newgameplus.executor.local import available_cores
from newgameplus.session.film import Film
from newgameplus.web.messages import Request, frame_message, read_request, told
from newgameplus.web.pace import Pace
from newgameplus.web.playing import MAX_ON_WAY, SLICE_FRAMES

MAX_CELLS = 16
"""Most movies side by side."""
MAX_POINTS = 300
"""Most points of a curve that is sent."""
MAX_STATE_BYTES = 256 * 2**20
"""Memory limit of the machine states of all movies together."""
GRID = 2
"""First byte of a message of frames."""
Result = TypeVar("Result")
_HEAD = struct.Struct("<BBHII")
_CELL = struct.Struct("<II")
_SURVEY_SHARE = 10
"""Progress of the surveys is told after each of so many parts."""


@dataclass(slots=True)
class _Cell:
    """One movie of the grid."""

    number: int
    path: str
    fault: str | None
    """Why it is not shown."""
    film: Film | None = None
    shown: int = -1
    """Frame that was sent last in this generation."""

    def last(self) -> int:
        """The last frame."""
        return -1 if self.film is None else self.film.num_frames - 1


def open_grid(movies: Sequence[tuple[str, str | None]], frame: int) -> Grid:
    """Return a grid of movies.

    Args:
        movies: path of each, and why it cannot be shown, if that is known.
        frame: frame to begin with.
    """
    return Grid(movies, frame)


class Grid:
    """Movies side by side: a scene (:mod:`newgameplus.web.scene`). They are opened one after another as it goes on.

    Args:
        movies: path of each, and why it cannot be shown, if that is known.
        frame: frame to begin with.
    """

    def __init__(self, movies: Sequence[tuple[str, str | None]], frame: int = 0) -> None:
        self._cells = [_Cell(number, path, fault) for number, (path, fault) in enumerate(movies[:MAX_CELLS])]
        self._unopened = deque(self._cells)
        self._num_threads = max(1, min(available_cores(), len(self._cells)))
        self._threads = ThreadPoolExecutor(self._num_threads, "cell")
        self._said: deque[str] = deque()
        """What the page is still to be told."""
        self._wanted: Request | None = Request("seek", 0, frame)
        self._pace: Pace | None = None
        self._num_on_way = self._generation = 0
        self._told_share = -1

    def opened(self) -> str:
        """Message that tells how many cells there are."""
        return told("opened", num_cells=len(self._cells))

    def ask(self, text: str, now: float) -> None:
        """Take a message of the page."""
        request = read_request(text)
        if request is None:
            return
        if request.do == "drawn":
            self._num_on_way = max(0, self._num_on_way - 1)
        elif request.generation >= self._generation:
            self._take(request, now)

    def seconds_to_wait(self, now: float) -> float | None:
        """How long there is nothing to do unless the page asks for something; None for ever."""
        if self._unopened or self._said or self._unsurveyed():
            return 0.0
        if self._num_on_way == MAX_ON_WAY or not self._playing():
            return None
        if self._wanted is not None:
            return 0.0
        return None if self._pace is None else self._pace.seconds_to_wait(now)

    def go_on(self, now: float) -> bytes | str | None:
        """Do a little of what there is to do; return what is to be sent, if anything."""
        if self._said:
            return self._said.popleft()
        if self._unopened:
            return self._open(self._unopened.popleft())
        if self._num_on_way < MAX_ON_WAY and self._playing():
            if self._wanted is not None:
                return self._seek(min(self._wanted.frame, self._last()))
            if self._pace is not None and self._pace.seconds_to_wait(now) == 0.0:
                return self._play(self._pace, now)
        return self._survey()

    def close(self) -> None:
        """Free the consoles of all movies."""
        self._threads.shutdown()
        for cell in self._playing():
            assert cell.film is not None
            cell.film.close()
            cell.film = None

    def _take(self, request: Request, now: float) -> None:
        self._generation, self._pace, self._wanted = request.generation, None, None
        for cell in self._cells:
            cell.shown = -1
        if request.do == "seek" or self._unopened:
            self._wanted = request
        elif request.do == "play" and self._playing():
            last = self._last()
            self._pace = Pace(min(request.frame, last), last, self._frames_per_second(), request.speed, now)

    def _playing(self) -> list[_Cell]:
        """Cells that show a movie."""
        return [cell for cell in self._cells if cell.film is not None]

    def _unsurveyed(self) -> list[_Cell]:
        return [cell for cell in self._cells if cell.film is not None and not cell.film.is_surveyed]

    def _last(self) -> int:
        """Last frame of the longest movie."""
        return max(cell.last() for cell in self._cells)

    def _frames_per_second(self) -> float:
        """Rate of the first movie, which all follow."""
        return next(cell.film.emulator.frames_per_second for cell in self._cells if cell.film is not None)

    def _open(self, cell: _Cell) -> str:
        if cell.fault is None:
            try:
                cell.film = Film(Path(cell.path), max_bytes=MAX_STATE_BYTES // len(self._cells))
            except NewGamePlusError as error:
                cell.fault = str(error)
        if not self._unopened:
            playing = self._playing()
            rate = self._frames_per_second() if playing else 0.0
            self._said.append(told("ready", num_frames=self._last() + 1, frames_per_second=rate))
        console = None if cell.film is None else cell.film.emulator.core.console.name
        return told("cell", cell=cell.number, fault=cell.fault, num_frames=cell.last() + 1, console=console)

    def _seek(self, frame: int) -> bytes | str | None:
        if not self._approach(frame):
            return self._progress()
        self._wanted = None
        return self._sent(frame)

    def _play(self, pace: Pace, now: float) -> bytes | str | None:
        frame = pace.frame(now)
        if not self._approach(frame):
            return self._progress()
        pace.at = frame
        if pace.is_over:
            self._pace = None
        return self._sent(frame)

    def _survey(self) -> str | None:
        """Let the movies be surveyed that are farthest behind, as many as there are threads."""

        def survey(film: Film, cell: _Cell) -> None:
            film.survey(SLICE_FRAMES)

        behind = sorted(self._unsurveyed(), key=lambda cell: cell.film.num_surveyed if cell.film else 0)
        self._each(survey, behind[: self._num_threads])
        return self._progress()

    def _approach(self, frame: int) -> bool:
        """Run some frames of each cell towards a frame; return whether all of them are there."""

        def approach(film: Film, cell: _Cell) -> bool:
            return film.approach(min(frame, cell.last()), SLICE_FRAMES)

        return all(is_there is not False for is_there in self._each(approach, self._playing()))

    def _sent(self, frame: int) -> bytes:
        """Message of the cells that show something else than before."""

        def message(film: Film, cell: _Cell) -> bytes:
            cell.shown = min(frame, cell.last())
            return frame_message(film.show(cell.shown), self._generation, has_sound=False)

        changed = [cell for cell in self._playing() if cell.shown != min(frame, cell.last())]
        messages = self._each(message, changed)
        parts = [
            _CELL.pack(cell.number, len(content)) + content
            for cell, content in zip(changed, messages, strict=True)
            if content is not None
        ]
        self._num_on_way += 1
        return _HEAD.pack(GRID, len(parts), 0, self._generation, frame) + b"".join(parts)

    def _each(self, work: Callable[[Film, _Cell], Result], cells: Sequence[_Cell]) -> list[Result | None]:
        """Do something with some cells, in threads; None for those that fail, which show no longer."""
        return list(self._threads.map(partial(self._tried, work), cells))

    def _tried(self, work: Callable[[Film, _Cell], Result], cell: _Cell) -> Result | None:
        assert cell.film is not None
        try:
            return work(cell.film, cell)
        except NewGamePlusError as error:
            cell.fault = str(error)
            with suppress(NewGamePlusError):
                cell.film.close()
            cell.film = None
            self._said.append(told("cell", cell=cell.number, fault=cell.fault, num_frames=0, console=None))
            return None

    def _progress(self) -> str | None:
        """Tell of the surveys after each tenth of the movies, with the return of each at every ``interval`` frames."""
        films = [cell.film for cell in self._cells if cell.film is not None]
        share = (
            _SURVEY_SHARE * sum(film.num_surveyed for film in films) // max(1, sum(film.num_frames for film in films))
        )
        if share == self._told_share:
            return None
        self._told_share = share
        interval = max(1, -(-(self._last() + 1) // MAX_POINTS))
        return told(
            "survey",
            share=share / _SURVEY_SHARE,
            agrees=[None if cell.film is None else cell.film.agrees() for cell in self._cells],
            interval=interval,
            returns=[[] if cell.film is None else list(cell.film.returns[::interval]) for cell in self._cells],
        )
