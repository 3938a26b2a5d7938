"""A level that a person plays in a browser: a scene whose frames run at the console's rate, watched or not.

The page says which buttons are held whenever that changes, gives commands by their names in ``session.commands``, and
says when it has drawn a frame. The process sends frames as for a movie, at most two of them on their way: while these
are not drawn the level goes on, and the next picture that is sent is the present one, with all sound since the last.
A page that draws nothing for longer than :data:`STALL_SECONDS` is waited for. The level begins with the first button.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.emulator.cores import Console
from newgameplus.errors import UsageError
from newgameplus.games.key_codes import key_name
from newgameplus.games.layout import possible
from newgameplus.games.levels import Level
from newgameplus.session.beginning import begin, next_sessions, open_session, read_beginning
from newgameplus.session.commands import ACTIONS, Command, Request
from newgameplus.session.film import Moment
from newgameplus.session.keys import Keys, key_of, keys_file, read_keys
from newgameplus.session.playthrough import Playthrough
from newgameplus.session.session import Session
from newgameplus.types import Array
from newgameplus.web.messages import MAX_FRAME, MAX_REQUEST_BYTES, frame_message, told

MAX_ON_WAY = 2
"""Frames that are sent and not yet drawn."""
STALL_SECONDS = 0.25
LATE_SECONDS = 0.1
"""Delays longer than this are not caught up."""
SLICE_FRAMES = 30
"""Frames of a movie that are followed between two looks at what the page asks."""
MAX_SOUND_FRAMES = 30
"""Frames whose sound waits to be sent, at most."""
_REQUESTS = {action.name: action.request for action in ACTIONS}
_NO_SOUND = np.zeros((0, 2), np.int16)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a page wants to play."""

    level: Level | None = None
    """None for that of the movie."""
    movie: str | None = None
    """Movie to continue from."""
    frame: int | None = None
    """Frame of the movie to continue from; None for its last."""
    record: str | None = None
    """File name of the new movie, or a folder; None for the user's movie folder."""
    core: str | None = None
    """Name of the core; None for the game's default, or the movie's."""
    note: str = ""
    """What is said at the beginning."""


def open_level(sought: Sought) -> SessionScene:
    """Open a level, at its start or at a frame of a movie.

    Raises:
        NewGamePlusError: the level or its core cannot be played, or the movie cannot be read or written.
    """
    record = None if sought.record is None else Path(sought.record)
    if sought.movie is None:
        assert sought.level is not None
        return SessionScene(open_session(sought.level, record=record, core=sought.core), sought)
    beginning = read_beginning(Path(sought.movie), sought.level, sought.frame)
    return SessionScene(begin(beginning, record), sought, beginning.masks)


class PageHands:
    """What the page says is held.

    Args:
        console: the console that is played.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.is_rewinding = self.is_fast = False
        self._held = self._tapped = 0

    def hold(self, mask: int) -> None:
        """Take the mask of the buttons that are held now."""
        self._tapped |= mask & ~self._held
        self._held = mask

    def take_mask(self) -> int:
        """Mask of the buttons held now or pressed since the last call."""
        mask, self._tapped = self._held | self._tapped, 0
        return possible(mask, self.console.buttons)

    def key_of(self, request: Request) -> str:
        """What a person calls the key of a request, by the file of keys as it is now."""
        return key_name(key_of(_keys().actions(self.console), request))


class Waiting:
    """Sound that is sent with the next frame."""

    def __init__(self) -> None:
        self._sounds: deque[Array] = deque(maxlen=MAX_SOUND_FRAMES)

    def play(self, sound: Array, speed: float) -> None:
        """Take a frame's sound; at other speeds than 1 there is silence."""
        if speed == 1:
            self._sounds.append(sound.copy())

    def stop(self) -> None:
        """Forget it."""
        self._sounds.clear()

    def take(self) -> Array:
        """Return the sound since the last call, int16 ``[samples, 2]``."""
        sound = np.concatenate(list(self._sounds)) if self._sounds else _NO_SOUND
        self._sounds.clear()
        return sound


class SessionScene:
    """A person playing in a page.

    Args:
        session: the level, at its start.
        sought: what was asked for.
        masks: buttons to be followed before the person plays, one mask for each frame after the first.
    """

    def __init__(self, session: Session, sought: Sought, masks: tuple[int, ...] = ()) -> None:
        self._hands = PageHands(session.emulator.core.console)
        self._sound = Waiting()
        following = next_sessions(None if sought.record is None else Path(sought.record), sought.core)
        self._play = Playthrough(session, self._hands, self._sound, following)
        self._play.is_paused = self._awaits_button = True
        self._num_ahead = len(masks)
        self._ahead: Iterator[int] | None = session.following(masks) if masks else None
        self._to_tell: deque[str] = deque()
        self._told: dict[str, Any] = {}
        self._shown: tuple[Session, int, int] | None = None
        self._num_on_way, self._num_moves = 0, 0
        self._next_turn = 0.0
        self._waits_since: float | None = None
        """Since when a picture waits for those before it to be drawn."""
        if sought.note:
            self._play.say(sought.note)

    def opened(self) -> str:
        """Message that tells what level it is."""
        session = self._play.session
        emulator = session.emulator
        return told(
            "opened",
            level=str(session.level),
            frames_per_second=emulator.frames_per_second,
            samples_per_second=emulator.samples_per_second,
            console=emulator.core.console.name,
            core=emulator.core.name,
            buttons=list(session.buttons),
            variables=list(session.variables()),
        )

    def ask(self, text: str, now: float) -> None:
        """Take a message of the page."""
        said = _read(text)
        if said.get("do") == "drawn":
            if self._is_stalled(now):
                self._next_turn = now
            self._num_on_way, self._waits_since = max(0, self._num_on_way - 1), None
        elif said.get("do") == "hold" and type(mask := said.get("mask")) is int and 0 <= mask <= MAX_FRAME:
            self._hold(mask & self._hands.console.button_mask)
            self._hands.is_rewinding, self._hands.is_fast = said.get("rewind") is True, said.get("fast") is True
        elif (
            said.get("do") == "command"
            and self._can_obey()
            and (request := _REQUESTS.get(str(said.get("name")))) is not None
        ):
            self._obey(request)

    def seconds_to_wait(self, now: float) -> float | None:
        """How long there is nothing to do unless the page asks for something; None for ever."""
        if self._to_tell or self._ahead is not None or self._can_send():
            return 0.0
        if not self._play.is_running or self._is_stalled(now):
            return None
        return max(0.0, self._next_turn - now)

    def go_on(self, now: float) -> bytes | str | None:
        """Do a little of what there is to do; return what is to be sent, if anything."""
        if self._to_tell:
            return self._to_tell.popleft()
        if self._can_send():
            return self._frame()
        if self._ahead is not None:
            return self._follow(self._ahead)
        if not self._play.is_running or now < self._next_turn:
            return None
        rate = self._play.session.emulator.frames_per_second
        self._next_turn = max(self._next_turn + 1 / rate, now - LATE_SECONDS)
        self._play.turn(now)
        self._tell_state()
        if self._present() != self._shown and self._num_on_way >= MAX_ON_WAY and self._waits_since is None:
            self._waits_since = now
        return self._frame() if self._can_send() else None

    def close(self) -> None:
        """Finish the movie and free the console; who has not played on after a movie leaves no copy of it."""
        try:
            if self._ahead is not None or (self._awaits_button and self._num_ahead):
                self._ahead, self._awaits_button = None, False
                self._play.session.go_back(0)
        finally:
            self._play.session.close()

    def _hold(self, mask: int) -> None:
        self._hands.hold(mask)
        if mask and self._awaits_button and self._ahead is None:
            self._play.is_paused = self._awaits_button = False

    def _obey(self, request: Request) -> None:
        before = self._play.session
        self._play.do(request)
        if request.command in (Command.ADVANCE, Command.STEP_BACK) or not self._play.is_paused:
            self._awaits_button = False
        self._num_moves += 1
        session = self._play.session
        if session is not before:
            self._hands.console = session.emulator.core.console
            self._to_tell.append(self.opened())
        if not self._play.is_running:
            self.close()
            self._tell_state()
            self._to_tell.append(told("left", num_frames=session.num_frames, episode_return=session.episode_return))

    def _can_obey(self) -> bool:
        return self._ahead is None and self._play.is_running

    def _is_stalled(self, now: float) -> bool:
        """Whether the page has drawn nothing for so long that it is waited for."""
        return self._waits_since is not None and now - self._waits_since > STALL_SECONDS

    def _follow(self, ahead: Iterator[int]) -> str | None:
        """Follow a movie for a while."""
        if len(list(islice(ahead, SLICE_FRAMES))) < SLICE_FRAMES:
            self._ahead = None
            self._tell_state()
            return None
        return told("following", frame=self._play.session.num_frames, num_frames=self._num_ahead)

    def _present(self) -> tuple[Session, int, int]:
        """What tells one picture from another."""
        return self._play.session, self._play.frame, self._num_moves

    def _can_send(self) -> bool:
        """Whether there is a picture that is new, and room on the way."""
        return self._can_obey() and self._num_on_way < MAX_ON_WAY and self._present() != self._shown

    def _frame(self) -> bytes:
        self._shown = self._present()
        self._num_on_way += 1
        session = self._play.session
        moment = Moment(
            frame=self._play.frame,
            picture=self._play.picture(),
            masks=(session.last_mask,),
            reward=session.last_reward,
            episode_return=session.episode_return,
            variables=session.variables(),
            sound=self._sound.take(),
        )
        return frame_message(moment, 0, has_sound=True)

    def _tell_state(self) -> None:
        """Tell what is shown around the picture if it has changed."""
        play, session = self._play, self._play.session
        view = play.view()
        state = {
            "sign": None if view.sign is None else view.sign.value,
            "note": view.note,
            "ending": list(view.ending),
            "reached": view.reached,
            "speed": play.speed,
            "is_paused": play.is_paused,
            "awaits_button": self._awaits_button,
            "shows_help": play.shows_help,
            "slots": session.slots,
            "movie": None if session.movie_path is None else str(session.movie_path),
        }
        if state != self._told:
            self._told = state
            self._to_tell.append(told("state", **state))


def _keys() -> Keys:
    """The person's keys; the default ones if their file is wrong."""
    try:
        return read_keys(keys_file())
    except UsageError:
        return Keys()


def _read(text: str) -> dict[str, Any]:
    """What the page says; empty if it is nothing."""
    if len(text) > MAX_REQUEST_BYTES:
        return {}
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
