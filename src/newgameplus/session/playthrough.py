"""A person playing levels: buttons and commands in, frames, sound and notes out; for a window and for a browser.

No window, no clock: the time is an argument, and who calls :meth:`Playthrough.turn` does so once per frame of the
console.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, Protocol

from newgameplus.games.layout import Binding, names_of
from newgameplus.games.levels import Level
from newgameplus.session.commands import Action, Command, Request
from newgameplus.session.reel import PICTURE_FRAMES
from newgameplus.session.session import Session
from newgameplus.types import Array

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
FAST = 4
"""Frames per turn during fast forward."""
NOTE_SECONDS = 2.5
_FIRST_VARIABLES = ("x", "y", "score", "lives", "coins", "rings", "health", "zone", "act")
_MAX_VARIABLES = 8


class Sign(Enum):
    """Icon for paused, rewinding, fast or slow playback."""

    PAUSED = "Paused"
    REWINDING = "Rewind"
    FAST = "Fast"
    SLOW = "Slow"


@dataclass(frozen=True, slots=True)
class View:
    """What is shown over the picture; None and empty fields show nothing."""

    sign: Sign | None = None
    note: str = ""
    variables: Sequence[tuple[str, str]] = ()
    layout: Sequence[Binding] = ()
    """Bindings of the console's buttons, if the key help is shown."""
    actions: Sequence[Action] = ()
    """Commands with their keys, if the key help is shown."""
    ending: Sequence[str] = ()
    """Title, score, and what to do next."""
    reached: float | None = None
    """Position within what can be rewound, from 0 to 1, while rewinding."""


class Hands(Protocol):
    """What a person holds at the moment, and by which keys."""

    @property
    def is_rewinding(self) -> bool:
        """Whether the level is to go back."""

    @property
    def is_fast(self) -> bool:
        """Whether the level is to go fast forward."""

    def take_mask(self) -> int:
        """Mask of the buttons held now or pressed since the last call."""

    def key_of(self, request: Request) -> str:
        """What a person calls the key of a request; empty if it has none."""


class Ears(Protocol):
    """Where the sound goes."""

    def play(self, sound: Array, speed: float) -> None:
        """Play one frame's sound, int16 ``[samples, 2]``, at ``speed`` times the normal rate."""

    def stop(self) -> None:
        """Be silent until the next frame."""


class Playthrough:
    """A person at a level, and at those after it.

    Args:
        session: the level; it is closed when the next one begins.
        hands: what the person holds.
        ears: where the sound goes.
        next_session: opens the level after a given one, or returns None after the last.
    """

    choices: ClassVar[Mapping[Command, str]] = {
        Command.AGAIN: "again",
        Command.NEXT: "next level",
        Command.REWIND: "rewinds",
        Command.LEAVE: "leaves",
    }
    """What a person can do at the end of a level."""
    refused: ClassVar[frozenset[Command]] = frozenset()
    """Commands that are answered with a sentence only; none."""

    def __init__(
        self, session: Session, hands: Hands, ears: Ears, next_session: Callable[[Level], Session | None]
    ) -> None:
        self.session = session
        self.is_running = True
        """False after the person has asked to leave."""
        self.is_paused = self.shows_help = self.shows_variables = False
        self._hands, self._ears = hands, ears
        self._next_session = next_session
        self._speed = 1.0
        self._credit = 0.0
        self._advances = 0
        self._note, self._note_until = "", 0.0
        self._cursor: int | None = None
        self._now: float | None = None
        self._mean_seconds = 0.0

    @property
    def level(self) -> Level:
        """The level that is played."""
        return self.session.level

    @property
    def frame(self) -> int:
        """Frame that is shown: the present one, or while rewinding an earlier one."""
        return self.session.num_frames if self._cursor is None else self._cursor

    @property
    def speed(self) -> float:
        """Frames per turn, without fast forward."""
        return self._speed

    def turn(self, now: float) -> None:
        """Let the time of one frame pass: run the frames that are due, or show an earlier one.

        Args:
            now: seconds of a monotonic clock.
        """
        if self._now is not None:
            spent = now - self._now
            self._mean_seconds += (0.05 if self._mean_seconds else 1.0) * (spent - self._mean_seconds)
        elif self._note:
            self._note_until = now + NOTE_SECONDS
        self._now = now
        if self._hands.is_rewinding:
            self._rewind()
            return
        self._settle()
        self._credit = self._frames_due()
        speed = self._speed * (FAST if self._hands.is_fast else 1)
        while self._credit >= 1 and not self.session.is_over:
            self._credit -= 1
            self.session.step(self._hands.take_mask())
            self._ears.play(self.session.sound(), speed)
        if self.session.is_over:
            self._ears.stop()

    def say(self, note: str) -> None:
        """Show a message for a moment."""
        self._note, self._note_until = note, (self._now or 0.0) + NOTE_SECONDS

    def picture(self) -> Array:
        """Picture of the game as shown, uint8 ``[H, W, 3]``."""
        glimpse = None if self._cursor is None else self.session.glimpse(self._cursor)
        return self.session.picture() if glimpse is None else glimpse

    def do(self, request: Request) -> None:
        """Carry out a request, at the frame that is shown; what concerns only the window is passed over."""
        self._settle()
        if request.command in (Command.SAVE, Command.LOAD):
            self._use_slot(request)
        elif request.command in _ACTIONS:
            _ACTIONS[request.command](self)

    def view(self) -> View:
        """What is shown over the picture; without the bindings, which the hands know."""
        is_noted = (self._now or 0.0) < self._note_until and self._cursor is None
        return View(
            sign=self._sign(),
            note=self._note if is_noted else "",
            variables=self._variables() if self.shows_variables else (),
            ending=self._ending() if self.session.is_over and self._cursor is None else (),
            reached=self._reached(),
        )

    def _frames_due(self) -> float:
        """Number of frames to run in this turn; fractions accumulate over turns."""
        if self._advances:
            self._advances -= 1
            return 1.0
        if self.is_paused or self.shows_help or self.session.is_over:
            return 0.0
        return self._credit + self._speed * (FAST if self._hands.is_fast else 1)

    def _rewind(self) -> None:
        """Show earlier pictures, at twice the speed; playback resumes at the one shown on release."""
        if self._cursor is None:
            self._cursor = self.session.num_frames
            self._ears.stop()
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
        if self._hands.is_fast or self._speed > 1:
            return Sign.FAST
        return Sign.SLOW if self._speed < 1 else None

    def _variables(self) -> list[tuple[str, str]]:
        session = self.session
        known = session.variables()
        names = [name for name in _FIRST_VARIABLES if name in known]
        names += [name for name in known if name not in names]
        rows = [
            (_score_name(session.level), f"{session.episode_return:,.0f}"),
            ("time", clock_time(session.seconds)),
            ("frame", f"{session.num_frames:,}"),
            ("per second", f"{1 / self._mean_seconds if self._mean_seconds else 0.0:.1f}"),
        ]
        rows += [(name, f"{known[name]:,}") for name in names[:_MAX_VARIABLES]]
        held = names_of(session.last_mask, session.buttons)
        return [*rows, ("held", " ".join(held) or "–")]

    def _ending(self) -> list[str]:
        session = self.session
        score = f"{session.episode_return:,.0f}"
        spent = f"{_score_name(session.level)} after {clock_time(session.seconds)}"
        return [session.level.state, score, spent]

    def _use_slot(self, request: Request) -> None:
        if request.command is Command.SAVE:
            self.session.save(request.slot)
            self.say(f"Saved to slot {request.slot}")
        elif self.session.load(request.slot):
            self._ears.stop()
            self.say(f"Loaded slot {request.slot}")
        else:
            key = self._hands.key_of(Request(Command.SAVE, request.slot))
            self.say(f"Slot {request.slot} is empty" + (f"; {key} saves to it" if key else ""))

    def _leave(self) -> None:
        self.is_running = False

    def _pause(self) -> None:
        self.is_paused = not self.is_paused
        self._ears.stop()

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
            self.say(f"{self._hands.key_of(Request(Command.RESTART)) or 'Restart'} restarts the level")

    def _restart(self) -> None:
        self.session.restart()
        self._stand_at_start(f"Again: {self.session.level.state}")

    def _next_level(self) -> None:
        if not (self.session.is_over or self.is_paused):
            self.say("Pause first: the next level then begins")
            return
        following = self._next_session(self.session.level)
        if following is None:
            self.say("This is the last level")
            return
        self.session.close()
        self.session = following
        self._stand_at_start(following.level.state)

    def _stand_at_start(self, note: str) -> None:
        self.is_paused, self._credit = False, 0.0
        self._hands.take_mask()
        self._ears.stop()
        self.say(note)

    def _change_speed(self, step: int) -> None:
        at = SPEEDS.index(self._speed) + step
        self._speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self.say(f"Speed {self._speed:.0%}")

    def _toggle_help(self) -> None:
        self.shows_help = not self.shows_help
        self._ears.stop()

    def _toggle_variables(self) -> None:
        self.shows_variables = not self.shows_variables

    def _screenshot(self) -> None:
        movie = self.session.movie_path or Path(f"{self.session.level.folder_name}.bk2")
        path = movie.with_name(f"{movie.stem}-{self.session.num_frames:06d}.png")
        try:
            path.write_bytes(_png(self.picture()))
        except OSError as error:
            self.say(f"Cannot write {path.name}: {error.strerror}")
        else:
            self.say(f"Picture: {path}")


_ACTIONS: dict[Command, Callable[[Playthrough], None]] = {
    Command.LEAVE: Playthrough._leave,
    Command.PAUSE: Playthrough._pause,
    Command.ADVANCE: Playthrough._advance,
    Command.STEP_BACK: Playthrough._step_back,
    Command.AGAIN: Playthrough._again,
    Command.RESTART: Playthrough._restart,
    Command.NEXT: Playthrough._next_level,
    Command.SLOWER: lambda playthrough: playthrough._change_speed(-1),
    Command.FASTER: lambda playthrough: playthrough._change_speed(1),
    Command.HELP: Playthrough._toggle_help,
    Command.HUD: Playthrough._toggle_variables,
    Command.SCREENSHOT: Playthrough._screenshot,
}


def _png(picture: Array) -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1])


def _score_name(level: Level) -> str:
    return "contest score" if level.scenario == "contest" else f"return ({level.scenario})"


def clock_time(seconds: float) -> str:
    """Return minutes, seconds and hundredths, as ``1:02.50``."""
    return f"{int(seconds) // 60}:{seconds % 60:05.2f}"
