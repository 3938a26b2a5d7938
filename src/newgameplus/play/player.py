"""Main loop around a game in a window: events in, picture and sound out, once per frame of the console."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import pygame

from newgameplus.games.levels import Level
from newgameplus.play.controls import Controls
from newgameplus.play.overlay import draw
from newgameplus.play.sound import VOLUME_STEP, Sound
from newgameplus.play.window import Window
from newgameplus.session.commands import Command, Request
from newgameplus.session.playthrough import View
from newgameplus.types import Array

_PUMP_SECONDS = 0.004
_LATE_SECONDS = 0.1
"""Delays longer than this are not caught up."""


@dataclass(slots=True)
class Clock:
    """Paces turns at the frame rate."""

    turns_per_second: float
    _next: float = field(default_factory=time.perf_counter)

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Sleep until the next turn is due, and call ``meanwhile`` every few milliseconds."""
        self._next = max(self._next + 1 / self.turns_per_second, time.perf_counter() - _LATE_SECONDS)
        while (left := self._next - time.perf_counter()) > 0:
            time.sleep(min(left, _PUMP_SECONDS))
            meanwhile()


class Game(Protocol):
    """What a person plays: a :class:`~newgameplus.session.playthrough.Playthrough`, or one that is judged."""

    shows_help: bool
    """Whether the keys are shown."""

    @property
    def level(self) -> Level:
        """The level that is played."""

    @property
    def is_running(self) -> bool:
        """False after the person has asked to leave."""

    @property
    def choices(self) -> Mapping[Command, str]:
        """What a person can do at the end of a level."""

    @property
    def refused(self) -> frozenset[Command]:
        """Commands that are answered with a sentence only."""

    def turn(self, now: float) -> None:
        """Let the time of one frame pass."""

    def say(self, note: str) -> None:
        """Show a message for a moment."""

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""

    def do(self, request: Request) -> None:
        """Carry out a request."""

    def view(self) -> View:
        """What is shown over the picture."""


class Player:
    """A person playing in a window.

    Args:
        game: what is played.
        window: window to show it in.
        controls: keyboard and controllers.
        sound: the sound card.
        frames_per_second: turns per second.
    """

    def __init__(self, game: Game, window: Window, controls: Controls, sound: Sound, frames_per_second: float) -> None:
        self._game = game
        self._window, self._controls, self._sound = window, controls, sound
        self._titled = game.level
        """Level that the window's title names."""
        self._clock = Clock(frames_per_second)
        if key := controls.key_of(Request(Command.HELP)):
            self.say(f"{key} shows the keys")

    @property
    def is_running(self) -> bool:
        """False after the player has asked to leave."""
        return self._game.is_running

    def run(self, max_turns: int | None = None) -> None:
        """Play until the player leaves, or for ``max_turns`` turns."""
        num_turns = 0
        while self.is_running and (max_turns is None or num_turns < max_turns):
            self.turn()
            self._clock.wait(self._sound.pump)
            num_turns += 1

    def turn(self) -> None:
        """Process input, run the frames that are due, and show the picture."""
        for event in pygame.event.get():
            wanted = self._controls.handle(event)
            if isinstance(wanted, str):
                self.say(wanted)
            elif wanted is not None:
                self.do(wanted)
        self._game.turn(time.perf_counter())
        if self._game.level is not self._titled:
            self._titled = self._game.level
            self._window.set_title(str(self._titled))
        self._window.show(self.picture(), lambda surface, box: draw(surface, box, self.view()))

    def say(self, note: str) -> None:
        """Show a message for a moment."""
        self._game.say(note)

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""
        return self._game.picture()

    def do(self, request: Request) -> None:
        """Carry out a request, at the frame that is shown."""
        self._game.do(request)
        if request.command in _ACTIONS:
            _ACTIONS[request.command](self)

    def view(self) -> View:
        """Content of the overlay."""
        view = self._game.view()
        if self._game.shows_help:
            known = [each for each in self._controls.actions if each.request.command not in self._game.refused]
            view = replace(view, layout=self._controls.layout, actions=known)
        if view.ending:
            view = replace(view, ending=(*view.ending, "", self._choices()))
        return view

    def _choices(self) -> str:
        """The keys of what a person can do at the end of a level."""
        keys = {text: self._controls.key_of(Request(command)) for command, text in self._game.choices.items()}
        return "     ".join(f"{key} {text}" for text, key in keys.items() if key)

    def _toggle_mute(self) -> None:
        self._sound.toggle_mute()
        self.say("Muted" if self._sound.is_muted else f"Volume {self._sound.volume:.0%}")

    def _change_volume(self, change: float) -> None:
        self._sound.change_volume(change)
        self.say(f"Volume {self._sound.volume:.0%}")

    def _toggle_shape(self) -> None:
        self._window.toggle_shape()
        self.say("Square pixels" if self._window.is_square else "As on a television")

    def _toggle_fullscreen(self) -> None:
        self._window.toggle_fullscreen()


_ACTIONS: dict[Command, Callable[[Player], None]] = {
    Command.MUTE: Player._toggle_mute,
    Command.LOUDER: lambda player: player._change_volume(VOLUME_STEP),
    Command.SOFTER: lambda player: player._change_volume(-VOLUME_STEP),
    Command.ASPECT: Player._toggle_shape,
    Command.FULLSCREEN: Player._toggle_fullscreen,
}
