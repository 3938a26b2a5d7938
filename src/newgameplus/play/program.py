"""Open a level, a window and a sound card, and let a person play."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pygame

from newgameplus.errors import IntegrationError, MovieError, RomError, UsageError
from newgameplus.games.levels import Level, find_level, find_split, levels_of, split_files
from newgameplus.movies.names import level_of
from newgameplus.movies.playback import Playback
from newgameplus.play.controls import Controls
from newgameplus.play.library import open_display
from newgameplus.play.player import Player
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.session.live_movie import movie_paths
from newgameplus.session.session import Session


@dataclass(frozen=True, slots=True)
class Options:
    """Options of ``ngp play``."""

    scale: int | None = None
    """Height of each line in pixels; None takes what fits."""
    is_fullscreen: bool = False
    is_muted: bool = False
    record: Path | None = None
    """File name of the movie, or a folder; None for the user's movie folder."""
    core: str | None = None
    """Name of the core; None for the game's default."""
    max_turns: int | None = None
    """Stop after this many turns; None for no limit."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A movie to continue from."""

    level: Level
    core: str
    state: bytes
    masks: tuple[int, ...]
    """Button mask of each frame after the first."""


def play(level: Level, options: Options, beginning: Beginning | None = None) -> Session:
    """Play until the person leaves; return the last session, closed.

    Raises:
        UsageError: there is no display, or the window cannot be opened.
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be written.
    """
    open_display()
    session = open_session(level, options, beginning)
    try:
        controls = Controls(session.buttons)
        emulator = session.emulator
        title, console = str(level), emulator.core.console.name
        window = Window(title, console, session.picture(), scale=options.scale, is_fullscreen=options.is_fullscreen)
        sound = Sound(emulator.samples_per_second, emulator.frames_per_second, is_muted=options.is_muted)
    except BaseException:
        session.close()
        raise
    if sound.failure is not None:
        print(f"There is no sound device ({sound.failure}); the level plays on silently.", file=sys.stderr)  # noqa: T201
    player = Player(session, window, controls, sound, _opener(options))
    try:
        player.run(options.max_turns)
    finally:
        sound.close()
        player.session.close()
        controls.close()
        pygame.display.quit()
    return player.session


def open_session(level: Level, options: Options, beginning: Beginning | None = None) -> Session:
    """Open a level, and continue from a movie if one is given.

    Raises:
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be written.
    """
    movies = movie_paths(options.record, level)
    if beginning is None:
        return Session(level, core=options.core, movies=movies)
    session = Session(level, core=beginning.core, start_state=beginning.state, movies=movies)
    try:
        session.follow(beginning.masks)
    except BaseException:
        session.close()
        raise
    return session


def read_beginning(path: Path, level: Level | None = None) -> Beginning:
    """Read a movie to continue from, with its own core and scenario.

    Args:
        path: the movie.
        level: level of a movie that does not name one.

    Raises:
        MovieError: it cannot be read or played here, has more than one player, or is of another level.
    """
    with Playback(path) as playback:
        movie, core = playback.movie, playback.emulator.core.name
        named = playback.record.level or level_of(path, movie.game)
    if movie.num_players != 1:
        raise MovieError(f"The movie {path} is for {movie.num_players} players; only movies of one can be continued.")
    if named is None and level is None:
        raise MovieError(f"The movie {path} does not say its level; name it: ngp play LEVEL --movie {path}")
    found = find_level(named, playback.scenario_name) if named is not None else level
    assert found is not None
    if level is not None and str(level) != str(found):
        raise MovieError(f"The movie {path} is of {found}, not of {level}.")
    assert movie.start_state is not None
    masks = tuple(int(mask) for mask in movie.masks[1:, 0])
    return Beginning(replace(found, scenario=playback.scenario_name), core, movie.start_state, masks)


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


def _after(level: Level, levels: Sequence[Level]) -> Level | None:
    ids = [str(each) for each in levels]
    at = ids.index(str(level)) + 1 if str(level) in ids else len(ids)
    return levels[at] if at < len(ids) else None


def _opener(options: Options) -> Callable[[Level], Session | None]:
    def open_next(level: Level) -> Session | None:
        following = following_level(level)
        if following is None:
            return None
        record = options.record
        if record is not None and record.suffix:
            record = record.with_name(f"{record.stem}-{following.state}{record.suffix}")
        try:
            return open_session(following, replace(options, record=record))
        except (RomError, UsageError):
            return None

    return open_next
