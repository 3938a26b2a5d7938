"""Open a level, a window and a sound card, and let a person play."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pygame

from newgameplus.contest.plan import Plan
from newgameplus.contest.sitting import sit_down
from newgameplus.emulator.cores import Console
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.play.controls import Controls
from newgameplus.play.library import open_display
from newgameplus.play.player import Game, Player
from newgameplus.play.sound import Sound
from newgameplus.play.window import Window
from newgameplus.results.evaluations import Results
from newgameplus.session.beginning import Beginning, next_sessions, open_session
from newgameplus.session.keys import Keys, keys_file, read_keys
from newgameplus.session.playthrough import Playthrough
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
    session = open_session(level, record=options.record, core=options.core, beginning=beginning)
    playthrough: Playthrough | None = None
    try:
        emulator = session.emulator
        with (
            _controls(emulator.core.console) as (controls, note),
            _sound(emulator.samples_per_second, emulator.frames_per_second, options) as sound,
        ):
            playthrough = Playthrough(session, controls, sound, next_sessions(options.record, options.core))
            _run(playthrough, controls, sound, emulator.frames_per_second, note, options)
    finally:
        (session if playthrough is None else playthrough.session).close()
    return playthrough.session


def play_judged(results: Results, plan: Plan, options: Options) -> None:
    """Play what is not complete of an evaluation of a person, until it is or the person leaves.

    Args:
        results: a directory that holds the plan's manifest.
        plan: its plan, with at least one run that is not complete, of levels of one console.
        options: without ``record`` and ``core``.

    Raises:
        UsageError: there is no display, or the window cannot be opened.
        ResultsError: another process writes to the directory, or it is corrupt.
        NewGamePlusError: a level cannot be played.
    """
    open_display()
    console = plan.world.levels[0].integration.console
    with (
        _controls(console) as (controls, note),
        sit_down(results, plan, controls) as sitting,
        _sound(sitting.samples_per_second, sitting.frames_per_second, options) as sound,
    ):
        sitting.listen(sound)
        _run(sitting, controls, sound, sitting.frames_per_second, note, options)


def _run(game: Game, controls: Controls, sound: Sound, frames_per_second: float, note: str, options: Options) -> None:
    """Open a window and play until the person leaves; a note that is not empty is shown first."""
    title, console = str(game.level), game.level.integration.console.name
    window = Window(title, console, game.picture(), scale=options.scale, is_fullscreen=options.is_fullscreen)
    try:
        player = Player(game, window, controls, sound, frames_per_second)
        if note:
            player.say(note)
        player.run(options.max_turns)
    finally:
        pygame.display.quit()


@contextmanager
def _controls(console: Console) -> Iterator[tuple[Controls, str]]:
    """Keyboard and controllers, and a note for the person if the file of keys is wrong."""
    keys, failure = _read_keys()
    controls = Controls(console, keys)
    try:
        yield controls, "" if failure is None else "The file of keys is wrong; these are the usual ones"
    finally:
        controls.close()


@contextmanager
def _sound(samples_per_second: float, frames_per_second: float, options: Options) -> Iterator[Sound]:
    sound = Sound(samples_per_second, frames_per_second, is_muted=options.is_muted)
    if sound.failure is not None:
        print(f"There is no sound device ({sound.failure}); the level plays on silently.", file=sys.stderr)  # noqa: T201
    try:
        yield sound
    finally:
        sound.close()


def _read_keys() -> tuple[Keys, str | None]:
    """Return the keys, and why they are the default ones if the file is wrong."""
    try:
        return read_keys(keys_file()), None
    except UsageError as error:
        print(f"{error} The usual keys are used.", file=sys.stderr)  # noqa: T201
        return Keys(), str(error)
