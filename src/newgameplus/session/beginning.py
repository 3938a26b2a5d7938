"""Where a person begins to play: a level's start, or any frame of a movie; and which level comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from newgameplus.errors import IntegrationError, MovieError, RomError, UsageError
from newgameplus.games.levels import Level, find_level, find_split, levels_of, split_files
from newgameplus.movies.names import level_of
from newgameplus.movies.playback import Playback
from newgameplus.session.live_movie import movie_paths
from newgameplus.session.session import Session


@dataclass(frozen=True, slots=True)
class Beginning:
    """A movie to continue from."""

    level: Level
    core: str
    state: bytes
    masks: tuple[int, ...]
    """Button mask of each frame after the first."""


def read_beginning(path: Path, level: Level | None = None, frame: int | None = None) -> Beginning:
    """Read a movie to continue from, with its own core and scenario.

    Args:
        path: the movie.
        level: level of a movie that does not name one.
        frame: frame of the movie to continue from; None for its last.

    Raises:
        MovieError: it cannot be read or played here, has more than one player, no such frame, or is of another level.
    """
    with Playback(path) as playback:
        movie, core = playback.movie, playback.emulator.core.name
        named = playback.record.level or level_of(path, movie.game)
    if movie.num_players != 1:
        raise MovieError(f"The movie {path} is for {movie.num_players} players; only movies of one can be continued.")
    if frame is not None and not 0 <= frame < movie.num_frames:
        raise MovieError(f"The movie {path} has the frames 0 to {movie.num_frames - 1}, not {frame}.")
    if named is None and level is None:
        raise MovieError(f"The movie {path} does not say its level; name it: ngp play LEVEL --movie {path}")
    found = find_level(named, playback.scenario_name) if named is not None else level
    assert found is not None
    if level is not None and str(level) != str(found):
        raise MovieError(f"The movie {path} is of {found}, not of {level}.")
    assert movie.start_state is not None
    masks = tuple(int(mask) for mask in movie.masks[1 : None if frame is None else frame + 1, 0])
    return Beginning(replace(found, scenario=playback.scenario_name), core, movie.start_state, masks)


def open_session(
    level: Level, *, record: Path | None = None, core: str | None = None, beginning: Beginning | None = None
) -> Session:
    """Open a level, and continue from a movie if one is given.

    Args:
        level: the level.
        record: file name of the movie, or a folder; None for the user's movie folder.
        core: name of the core; None for the game's default, or the one of ``beginning``.
        beginning: the movie to continue from.

    Raises:
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be written.
    """
    if beginning is None:
        return Session(level, core=core, movies=movie_paths(record, level))
    session = begin(beginning, record)
    try:
        session.follow(beginning.masks)
    except BaseException:
        session.close()
        raise
    return session


def begin(beginning: Beginning, record: Path | None = None) -> Session:
    """Open a movie's level at its start; to continue, let the session follow the movie.

    Raises:
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be written.
    """
    movies = movie_paths(record, beginning.level)
    return Session(beginning.level, core=beginning.core, start_state=beginning.state, movies=movies)


def following_level(level: Level) -> Level | None:
    """Return the level after ``level`` in the first split that has one, else in its game; None after the last."""
    for name in split_files():
        try:
            levels = find_split(name).levels
        except IntegrationError:
            continue  # a broken split of the user; ngp levels reports it
        if (following := _after(level, levels)) is not None:
            return following
    return _after(level, levels_of(level.integration, level.scenario))


def next_sessions(record: Path | None, core: str | None) -> Callable[[Level], Session | None]:
    """Return what opens the level after a given one; it returns None after the last.

    Args:
        record: file name of the first level's movie, from which those of the next are named, or a folder.
        core: name of the core; None for each game's default.
    """

    def open_next(level: Level) -> Session | None:
        following = following_level(level)
        if following is None:
            return None
        named = record
        if named is not None and named.suffix:
            named = named.with_name(f"{named.stem}-{following.state}{named.suffix}")
        try:
            return open_session(following, record=named, core=core)
        except (RomError, UsageError):
            return None

    return open_next


def _after(level: Level, levels: Sequence[Level]) -> Level | None:
    ids = [str(each) for each in levels]
    at = ids.index(str(level)) + 1 if str(level) in ids else len(ids)
    return levels[at] if at < len(ids) else None
