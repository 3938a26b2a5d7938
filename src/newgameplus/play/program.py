"""Open a level, a window and a sound card, and let a person play."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pygame

from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.play.controls import Controls
from newgameplus.play.library import open_display
from newgameplus.play.player import Player
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.session.beginning import Beginning, next_sessions, open_session
from newgameplus.session.keys import Keys, keys_file, read_keys
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


def play(level: Level, options: Options, beginning: Beginning | None = None) -> Session:
    """Play until the person leaves; return the last session, closed.

    Raises:
        UsageError: there is no display, or the window cannot be opened.
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be written.
    """
    open_display()
    keys, failure = _read_keys()
    session = open_session(level, record=options.record, core=options.core, beginning=beginning)
    try:
        emulator = session.emulator
        controls = Controls(emulator.core.console, keys)
        title, console = str(level), emulator.core.console.name
        window = Window(title, console, session.picture(), scale=options.scale, is_fullscreen=options.is_fullscreen)
        sound = Sound(emulator.samples_per_second, emulator.frames_per_second, is_muted=options.is_muted)
    except BaseException:
        session.close()
        raise
    if sound.failure is not None:
        print(f"There is no sound device ({sound.failure}); the level plays on silently.", file=sys.stderr)  # noqa: T201
    player = Player(session, window, controls, sound, next_sessions(options.record, options.core))
    if failure is not None:
        player.say("The file of keys is wrong; these are the usual ones")
    try:
        player.run(options.max_turns)
    finally:
        sound.close()
        player.session.close()
        controls.close()
        pygame.display.quit()
    return player.session


def _read_keys() -> tuple[Keys, str | None]:
    """Return the keys, and why they are the default ones if the file is wrong."""
    try:
        return read_keys(keys_file()), None
    except UsageError as error:
        print(f"{error} The usual keys are used.", file=sys.stderr)  # noqa: T201
        return Keys(), str(error)
