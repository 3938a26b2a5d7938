"""Who plays here: what the command line asked for, and the movies that were recorded since the server began."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from newgameplus.errors import MovieError
from newgameplus.games.folders import home
from newgameplus.games.levels import Level
from newgameplus.movies.bk2 import read_head
from newgameplus.movies.record import episode_record
from newgameplus.printable import printable_number
from newgameplus.session.live_movie import SUFFIX, numbered
from newgameplus.web.session_scene import Sought

_SAY = partial(print, flush=True)


class Wish(NamedTuple):
    """What the address of a page asks for; without anything, what the command line did."""

    level: Level | None = None
    movie: str | None = None
    """Path of a movie of the library."""
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    level: Level | None = None
    movie: str | None = None
    record: Path | None = None
    """File name of the first movie, or a folder; None for the user's movie folder."""
    core: str | None = None

    @property
    def folder(self) -> Path:
        """Where movies are recorded."""
        if self.record is None:
            return home() / "movies"
        return self.record.parent if self.record.suffix.lower() == SUFFIX else self.record


class Seat:
    """Everybody who plays in a page of this server.

    Args:
        asked: what the command line asked for.
        tell: called with a line for each movie that is kept.
    """

    def __init__(self, asked: Asked | None = None, tell: Callable[[str], None] = _SAY) -> None:
        self.asked = asked or Asked()
        self._tell = tell
        self._kept: dict[str, Path] = {}
        """Movies by the name of their file."""
        self._unfinished: dict[Wish, Path] = {}

    def sit_down(self, wish: Wish) -> Sought:
        """Return what is to be opened: what is wished, or where its page was when it was left without saying so."""
        asked = self.asked
        record = None if asked.record is None else str(_free(asked.record))
        sought = Sought(wish.level, wish.movie, wish.frame, record, asked.core)
        if wish == Wish():
            sought = replace(sought, level=asked.level, movie=asked.movie)
        before = self._unfinished.pop(wish, None)
        if before is None or not before.exists():
            return sought
        return replace(sought, movie=str(before), frame=None, note=f"On from where you were; {before.name} is kept")

    def stand_up(self, wish: Wish, sought: Sought, heard: Heard) -> None:
        """Note what somebody who has left has recorded."""
        kept = [path for path in heard.movies if path.exists()]
        for path in kept:
            self._kept[path.name] = path
            self._tell(_line(path))
        if heard.has_left:
            return
        if kept:
            self._unfinished[wish] = kept[-1]
        elif sought.note and sought.movie is not None:  # it was to go on from there, and has not
            self._unfinished[wish] = Path(sought.movie)

    def kept(self, name: str) -> Path | None:
        """Movie that was recorded here, by the name of its file; None if there is none."""
        return self._kept.get(name)


class Heard:
    """What a player process tells of what it records."""

    def __init__(self) -> None:
        self.movies: list[Path] = []
        """One for each episode."""
        self.has_left = False
        """Whether the person has ended playing, rather than closed or reloaded the page."""

    def __call__(self, text: str) -> None:
        """Take a message."""
        said = json.loads(text)
        if said["is"] == "state" and said["movie"] is not None and Path(said["movie"]) not in self.movies:
            self.movies.append(Path(said["movie"]))
        self.has_left = self.has_left or said["is"] == "left"


def _free(record: Path) -> Path:
    """A file of that name that is not there yet; a folder stays what it is."""
    if record.suffix.lower() != SUFFIX:
        return record
    return next(path for path in numbered(record) if not path.exists())


def _line(path: Path) -> str:
    """Path, length and return of a movie; those that a killed process has not written are left out."""
    with suppress(MovieError):
        record = episode_record(read_head(path).extra, str(path))
        if record.num_frames is not None and record.episode_return is not None:
            return f"{path}  {record.num_frames - 1} frames, return {printable_number(record.episode_return)}"
    return str(path)
