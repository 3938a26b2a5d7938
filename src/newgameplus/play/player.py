"""Main loop around a session: turns the player's input into frames, sixty times per second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pygame

from newgameplus.games.layout import names_of
from newgameplus.games.levels import Level
from newgameplus.play.controls import Command, Controls, Request
from newgameplus.play.overlay import Sign, View, draw
from newgameplus.play.sound import VOLUME_STEP, Sound
from newgameplus.play.window import Window, save_png
from newgameplus.session.reel import PICTURE_FRAMES
from newgameplus.session.session import Session
from newgameplus.types import Array

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
FAST = 4
"""Frames per turn during fast forward."""
NOTE_SECONDS = 2.5
_PUMP_SECONDS = 0.004
_LATE_SECONDS = 0.1
"""Delays longer than this are not caught up."""
_FIRST_VARIABLES = ("x", "y", "score", "lives", "coins", "rings", "health", "zone", "act")
_MAX_VARIABLES = 8


@dataclass(slots=True)
class Clock:
    """Paces turns at the frame rate, and measures turns per second."""

    turns_per_second: float
    _mean_seconds: float = 0.0
    _next: float = field(default_factory=time.perf_counter)
    _last: float = field(default_factory=time.perf_counter)

    @property
    def measured(self) -> float:
        """Recent turns per second; 0 before the first measurement."""
        return 1 / self._mean_seconds if self._mean_seconds else 0.0

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Sleep until the next turn is due, and call ``meanwhile`` every few milliseconds."""
        self._next = max(self._next + 1 / self.turns_per_second, time.perf_counter() - _LATE_SECONDS)
        while (left := self._next - time.perf_counter()) > 0:
            time.sleep(min(left, _PUMP_SECONDS))
            meanwhile()
        now = time.perf_counter()
        spent, self._last = now - self._last, now
        self._mean_seconds += (0.05 if self._mean_seconds else 1.0) * (spent - self._mean_seconds)


class Player:
    """A person playing a level.

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
        self.session = session
        self.is_running = True
        """False after the player has asked to leave."""
        self.is_paused = False
        self._window, self._controls, self._sound = window, controls, sound
        self._next_session = next_session
        self._speed = 1.0
        self._credit = 0.0
        self._advances = 0
        self._shows_help = self._shows_variables = False
        self._note, self._note_until = "", 0.0
        self._cursor: int | None = None
        self._clock = Clock(session.emulator.frames_per_second)
        self.say("F1 shows the keys")

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
        self._pass_time()
        self._window.show(self.picture(), lambda surface, box: draw(surface, box, self.view()))

    def say(self, note: str) -> None:
        """Show a message for a moment."""
        self._note, self._note_until = note, time.perf_counter() + NOTE_SECONDS

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""
        glimpse = None if self._cursor is None else self.session.glimpse(self._cursor)
        return self.session.picture() if glimpse is None else glimpse

    def do(self, request: Request) -> None:
        """Carry out a request, at the frame that is shown."""
        self._settle()
        if request.command in (Command.SAVE, Command.LOAD):
            self._use_slot(request)
        else:
            _ACTIONS[request.command](self)

    def view(self) -> View:
        """Content of the overlay."""
        is_noted = time.perf_counter() < self._note_until and self._cursor is None
        return View(
            sign=self._sign(),
            note=self._note if is_noted else "",
            variables=self._variables() if self._shows_variables else (),
            layout=self._controls.layout if self._shows_help else (),
            ending=self._ending() if self.session.is_over and self._cursor is None else (),
            reached=self._reached(),
        )

    def _pass_time(self) -> None:
        if self._controls.is_rewinding:
            self._rewind()
            return
        self._settle()
        self._credit = self._frames_due()
        speed = self._speed * (FAST if self._controls.is_fast else 1)
        while self._credit >= 1 and not self.session.is_over:
            self._credit -= 1
            self.session.step(self._controls.take_mask())
            self._sound.play(self.session.sound(), speed)
        if self.session.is_over:
            self._sound.stop()

    def _frames_due(self) -> float:
        """Number of frames to run in this turn; fractions accumulate over turns."""
        if self._advances:
            self._advances -= 1
            return 1.0
        if self.is_paused or self._shows_help or self.session.is_over:
            return 0.0
        return self._credit + self._speed * (FAST if self._controls.is_fast else 1)

    def _rewind(self) -> None:
        """Show earlier pictures, at twice the speed; playback resumes at the one shown on release."""
        if self._cursor is None:
            self._cursor = self.session.num_frames
            self._sound.stop()
        self._cursor = max(self._cursor - PICTURE_FRAMES, min(self._cursor, self.session.first_rewindable_frame))

    def _settle(self) -> None:
        """Return to the frame that rewinding has reached."""
        if self._cursor is not None:
            self.session.go_back(self._cursor)
            self._cursor = None

    def _reached(self) -> float | None:
        if self._cursor is None:
            return None
        first, last = self.session.first_rewindable_frame, self.session.num_frames
        return (self._cursor - first) / max(1, last - first)

    def _sign(self) -> Sign | None:
        if self._cursor is not None:
            return Sign.REWINDING
        if self.is_paused:
            return Sign.PAUSED
        if self._controls.is_fast or self._speed > 1:
            return Sign.FAST
        return Sign.SLOW if self._speed < 1 else None

    def _variables(self) -> list[tuple[str, str]]:
        session = self.session
        known = session.variables()
        names = [name for name in _FIRST_VARIABLES if name in known]
        names += [name for name in known if name not in names]
        rows = [
            (_score_name(session.level), f"{session.episode_return:,.0f}"),
            ("time", _clock_time(session.seconds)),
            ("frame", f"{session.num_frames:,}"),
            ("per second", f"{self._clock.measured:.1f}"),
        ]
        rows += [(name, f"{known[name]:,}") for name in names[:_MAX_VARIABLES]]
        held = names_of(session.last_mask, session.buttons)
        return [*rows, ("held", " ".join(held) or "–")]

    def _ending(self) -> list[str]:
        session = self.session
        score = f"{session.episode_return:,.0f}"
        spent = f"{_score_name(session.level)} after {_clock_time(session.seconds)}"
        return [session.level.state, score, spent, "", "R again     N next level     Backspace rewinds     Esc leaves"]

    def _use_slot(self, request: Request) -> None:
        if request.command is Command.SAVE:
            self.session.save(request.slot)
            self.say(f"Saved to slot {request.slot}")
        elif self.session.load(request.slot):
            self._sound.stop()
            self.say(f"Loaded slot {request.slot}")
        else:
            self.say(f"Slot {request.slot} is empty; Shift+{request.slot} saves to it")

    def _leave(self) -> None:
        self.is_running = False

    def _pause(self) -> None:
        self.is_paused = not self.is_paused
        self._sound.stop()

    def _advance(self) -> None:
        self.is_paused = True
        self._advances += not self.session.is_over

    def _step_back(self) -> None:
        self.is_paused = True
        self.session.go_back(max(0, self.session.num_frames - 1))

    def _again(self) -> None:
        if self.session.is_over or self.is_paused:
            self._restart()
        else:
            self.say("Ctrl+R restarts the level")

    def _restart(self) -> None:
        self.session.restart()
        self._stand_at_start(f"Again: {self.session.level.state}")

    def _next_level(self) -> None:
        if not (self.session.is_over or self.is_paused):
            self.say("Pause first (P): N goes to the next level")
            return
        following = self._next_session(self.session.level)
        if following is None:
            self.say("This is the last level")
            return
        self.session.close()
        self.session = following
        self._window.set_title(str(following.level))
        self._stand_at_start(following.level.state)

    def _stand_at_start(self, note: str) -> None:
        self.is_paused, self._credit = False, 0.0
        self._controls.take_mask()
        self._sound.stop()
        self.say(note)

    def _change_speed(self, step: int) -> None:
        at = SPEEDS.index(self._speed) + step
        self._speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self.say(f"Speed {self._speed:.0%}")

    def _toggle_mute(self) -> None:
        self._sound.toggle_mute()
        self.say("Muted" if self._sound.is_muted else f"Volume {self._sound.volume:.0%}")

    def _change_volume(self, change: float) -> None:
        self._sound.change_volume(change)
        self.say(f"Volume {self._sound.volume:.0%}")

    def _toggle_help(self) -> None:
        self._shows_help = not self._shows_help
        self._sound.stop()

    def _toggle_variables(self) -> None:
        self._shows_variables = not self._shows_variables

    def _toggle_shape(self) -> None:
        self._window.toggle_shape()
        self.say("Square pixels" if self._window.is_square else "As on a television")

    def _toggle_fullscreen(self) -> None:
        self._window.toggle_fullscreen()

    def _screenshot(self) -> None:
        movie = self.session.movie_path or Path(f"{self.session.level.folder_name}.bk2")
        path = movie.with_name(f"{movie.stem}-{self.session.num_frames:06d}.png")
        try:
            save_png(self.picture(), str(path))
        except OSError as error:
            self.say(f"Cannot write {path.name}: {error}")
        else:
            self.say(f"Picture: {path}")


_ACTIONS: dict[Command, Callable[[Player], None]] = {
    Command.LEAVE: Player._leave,
    Command.PAUSE: Player._pause,
    Command.ADVANCE: Player._advance,
    Command.STEP_BACK: Player._step_back,
    Command.AGAIN: Player._again,
    Command.RESTART: Player._restart,
    Command.NEXT: Player._next_level,
    Command.SLOWER: lambda player: player._change_speed(-1),
    Command.FASTER: lambda player: player._change_speed(1),
    Command.MUTE: Player._toggle_mute,
    Command.LOUDER: lambda player: player._change_volume(VOLUME_STEP),
    Command.SOFTER: lambda player: player._change_volume(-VOLUME_STEP),
    Command.HELP: Player._toggle_help,
    Command.HUD: Player._toggle_variables,
    Command.ASPECT: Player._toggle_shape,
    Command.FULLSCREEN: Player._toggle_fullscreen,
    Command.SCREENSHOT: Player._screenshot,
}


def _score_name(level: Level) -> str:
    return "contest score" if level.scenario == "contest" else f"return ({level.scenario})"


def _clock_time(seconds: float) -> str:
    return f"{int(seconds) // 60}:{seconds % 60:05.2f}"
