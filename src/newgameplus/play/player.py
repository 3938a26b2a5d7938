"""Main loop around a playthrough in a window: events in, picture and sound out, once per frame of the console."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pygame

from newgameplus.games.levels import Level
from newgameplus.play.controls import Controls
from newgameplus.play.overlay import draw
from newgameplus.play.sound import VOLUME_STEP, Sound
from newgameplus.play.window import Window
from newgameplus.session.commands import Command, Request
from newgameplus.session.playthrough import Playthrough, View
from newgameplus.session.session import Session
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


class Player:
    """A person playing a level in a window.

    Args:
        session: the level.
        window: window to show it in.
        controls: keyboard and controllers.
        sound: the sound card.
        next_session: opens the level after a given one, or returns None after the last.
    """

    def __init__(
        self,
        session: Session,
        window: Window,
        controls: Controls,
        sound: Sound,
        next_session: Callable[[Level], Session | None],
    ) -> None:
        self._playthrough = Playthrough(session, controls, sound, next_session)
        self._window, self._controls, self._sound = window, controls, sound
        self._clock = Clock(session.emulator.frames_per_second)
        if key := controls.key_of(Request(Command.HELP)):
            self.say(f"{key} shows the keys")

    @property
    def session(self) -> Session:
        """The level that is played."""
        return self._playthrough.session

    @property
    def is_running(self) -> bool:
        """False after the player has asked to leave."""
        return self._playthrough.is_running

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
        self._playthrough.turn(time.perf_counter())
        self._window.show(self.picture(), lambda surface, box: draw(surface, box, self.view()))

    def say(self, note: str) -> None:
        """Show a message for a moment."""
        self._playthrough.say(note)

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""
        return self._playthrough.picture()

    def do(self, request: Request) -> None:
        """Carry out a request, at the frame that is shown."""
        before = self.session
        self._playthrough.do(request)
        if request.command in _ACTIONS:
            _ACTIONS[request.command](self)
        if self.session is not before:
            self._window.set_title(str(self.session.level))

    def view(self) -> View:
        """Content of the overlay."""
        view = self._playthrough.view()
        if self._playthrough.shows_help:
            view = replace(view, layout=self._controls.layout, actions=self._controls.actions)
        if view.ending:
            view = replace(view, ending=(*view.ending, "", self._choices()))
        return view

    def _choices(self) -> str:
        """What a person can do at the end of a level."""
        choices = {
            Command.AGAIN: "again",
            Command.NEXT: "next level",
            Command.REWIND: "rewinds",
            Command.LEAVE: "leaves",
        }
        keys = {text: self._controls.key_of(Request(command)) for command, text in choices.items()}
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
