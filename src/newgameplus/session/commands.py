"""What a person asks of a level besides the console's buttons, in a window or in a browser."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

NUM_SLOTS = 9


class Command(Enum):
    """Commands of a player besides the console's buttons."""

    LEAVE = "leave"
    PAUSE = "pause"
    ADVANCE = "one frame forward"
    STEP_BACK = "one frame back"
    REWIND = "rewind"
    FAST = "fast forward"
    AGAIN = "again"
    """Restart that loses nothing: only at the end and while paused."""
    RESTART = "restart"
    NEXT = "next level"
    SAVE = "save"
    LOAD = "load"
    SLOWER = "slower"
    FASTER = "faster"
    MUTE = "mute"
    LOUDER = "louder"
    SOFTER = "softer"
    HELP = "help"
    HUD = "variables"
    ASPECT = "shape of the picture"
    FULLSCREEN = "fullscreen"
    SCREENSHOT = "screenshot"


HELD = frozenset({Command.REWIND, Command.FAST})
"""Commands that last as long as their key is held; the others are given once."""


class Request(NamedTuple):
    """A command with the number of its slot, if it has one."""

    command: Command
    slot: int = 1


class Action(NamedTuple):
    """A request, with what gives it."""

    name: str
    """Name in the file of keys."""
    request: Request
    text: str
    keys: tuple[str, ...]
    """Names of keys, with modifiers before them (see :mod:`newgameplus.games.key_codes`)."""
    controls: tuple[str, ...] = ()
    """Parts of a controller."""


def _slots() -> tuple[Action, ...]:
    saving, loading = [], []
    for slot in range(1, NUM_SLOTS + 1):
        save, load = (("F5",), ("F8",)) if slot == 1 else ((), ())
        save, load = (*save, f"Shift+Digit{slot}"), (*load, f"Digit{slot}")
        saving.append(Action(f"save_{slot}", Request(Command.SAVE, slot), f"save to slot {slot}", save))
        loading.append(Action(f"load_{slot}", Request(Command.LOAD, slot), f"load slot {slot}", load))
    return (*saving, *loading)


def _action(name: str, command: Command, *keys: str, text: str = "", controls: tuple[str, ...] = ()) -> Action:
    return Action(name, Request(command), text or command.value, keys, controls)


ACTIONS: tuple[Action, ...] = (
    _action("pause", Command.PAUSE, "KeyP", "Pause"),
    _action("frame_forward", Command.ADVANCE, "Period"),
    _action("frame_back", Command.STEP_BACK, "Comma"),
    _action("rewind", Command.REWIND, "Backspace", text="rewind (hold)", controls=("Left trigger",)),
    _action("fast_forward", Command.FAST, "Tab", text="fast forward (hold)", controls=("Right trigger",)),
    _action("slower", Command.SLOWER, "Minus", "NumpadSubtract"),
    _action("faster", Command.FASTER, "Equal", "NumpadAdd"),
    *_slots(),
    _action("again", Command.AGAIN, "KeyR", text="play again, at the end or while paused"),
    _action("restart", Command.RESTART, "Control+KeyR", text="restart the level"),
    _action("next_level", Command.NEXT, "KeyN", text="next level, at the end or while paused"),
    _action("mute", Command.MUTE, "KeyM"),
    _action("louder", Command.LOUDER, "PageUp"),
    _action("softer", Command.SOFTER, "PageDown"),
    _action("variables", Command.HUD, "F3", text="variables and score"),
    _action("shape", Command.ASPECT, "F10", text="television or square pixels"),
    _action("fullscreen", Command.FULLSCREEN, "F11", "Alt+Enter"),
    _action("screenshot", Command.SCREENSHOT, "F12"),
    _action("help", Command.HELP, "F1", text="these keys"),
    _action("leave", Command.LEAVE, "Escape"),
)
"""All requests, with their default keys."""
