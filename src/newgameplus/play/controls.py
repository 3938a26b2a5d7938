"""Keyboard and game controllers: the console buttons held, and the player's commands."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import pygame
from pygame._sdl2 import controller

from newgameplus.games.layout import Binding, layout_of, possible

STICK_THRESHOLD = 16_000
"""Threshold of an analog stick: half of its maximum, 32,767."""
TRIGGER_THRESHOLD = 8_000

_SCANCODES = {
    "Up": pygame.KSCAN_UP,
    "Down": pygame.KSCAN_DOWN,
    "Left": pygame.KSCAN_LEFT,
    "Right": pygame.KSCAN_RIGHT,
    "Enter": pygame.KSCAN_RETURN,
    "Right Shift": pygame.KSCAN_RSHIFT,
} | {letter: getattr(pygame, f"KSCAN_{letter}") for letter in "ZXCASDQWEVFG"}
_CONTROLS = {
    "A": pygame.CONTROLLER_BUTTON_A,
    "B": pygame.CONTROLLER_BUTTON_B,
    "X": pygame.CONTROLLER_BUTTON_X,
    "Y": pygame.CONTROLLER_BUTTON_Y,
    "Left shoulder": pygame.CONTROLLER_BUTTON_LEFTSHOULDER,
    "Right shoulder": pygame.CONTROLLER_BUTTON_RIGHTSHOULDER,
    "Start": pygame.CONTROLLER_BUTTON_START,
    "Back": pygame.CONTROLLER_BUTTON_BACK,
    "D-pad up": pygame.CONTROLLER_BUTTON_DPAD_UP,
    "D-pad down": pygame.CONTROLLER_BUTTON_DPAD_DOWN,
    "D-pad left": pygame.CONTROLLER_BUTTON_DPAD_LEFT,
    "D-pad right": pygame.CONTROLLER_BUTTON_DPAD_RIGHT,
}
_STICK = {
    pygame.CONTROLLER_AXIS_LEFTX: ("LEFT", "RIGHT"),
    pygame.CONTROLLER_AXIS_LEFTY: ("UP", "DOWN"),
}


class Command(Enum):
    """Commands of a player besides the console's buttons."""

    LEAVE = "leave"
    PAUSE = "pause"
    ADVANCE = "one frame forward"
    STEP_BACK = "one frame back"
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


class Request(NamedTuple):
    """A command with the number of its slot, if it has one."""

    command: Command
    slot: int = 1


_COMMANDS = {
    pygame.K_ESCAPE: Command.LEAVE,
    pygame.K_p: Command.PAUSE,
    pygame.K_PAUSE: Command.PAUSE,
    pygame.K_PERIOD: Command.ADVANCE,
    pygame.K_COMMA: Command.STEP_BACK,
    pygame.K_n: Command.NEXT,
    pygame.K_r: Command.AGAIN,
    pygame.K_F5: Command.SAVE,
    pygame.K_F8: Command.LOAD,
    pygame.K_MINUS: Command.SLOWER,
    pygame.K_KP_MINUS: Command.SLOWER,
    pygame.K_PLUS: Command.FASTER,
    pygame.K_EQUALS: Command.FASTER,
    pygame.K_KP_PLUS: Command.FASTER,
    pygame.K_m: Command.MUTE,
    pygame.K_PAGEUP: Command.LOUDER,
    pygame.K_PAGEDOWN: Command.SOFTER,
    pygame.K_F1: Command.HELP,
    pygame.K_F3: Command.HUD,
    pygame.K_F10: Command.ASPECT,
    pygame.K_F11: Command.FULLSCREEN,
    pygame.K_F12: Command.SCREENSHOT,
}
_DIGITS = {getattr(pygame, f"KSCAN_{digit}"): digit for digit in range(1, 10)}


class Controls:
    """Tracks keyboard and controller events.

    Args:
        buttons: the console's buttons, in the bit order of a mask.
    """

    def __init__(self, buttons: Sequence[str | None]) -> None:
        self.layout: tuple[Binding, ...] = layout_of(buttons)
        self._buttons = tuple(buttons)
        self._bits = {binding.button: 1 << binding.bit for binding in self.layout}
        self._by_key = {_SCANCODES[each.key]: 1 << each.bit for each in self.layout if each.key}
        self._by_control = {_CONTROLS[each.control]: 1 << each.bit for each in self.layout if each.control}
        self._held: dict[Hashable, int] = {}
        self._tapped = 0
        self._asked: set[Hashable] = set()
        self._devices: dict[int, controller.Controller] = {}
        controller.init()

    @property
    def is_rewinding(self) -> bool:
        """Whether Backspace or the left trigger is held."""
        return bool(self._asked & {pygame.K_BACKSPACE, pygame.CONTROLLER_AXIS_TRIGGERLEFT})

    @property
    def is_fast(self) -> bool:
        """Whether Tab or the right trigger is held."""
        return bool(self._asked & {pygame.K_TAB, pygame.CONTROLLER_AXIS_TRIGGERRIGHT})

    def take_mask(self) -> int:
        """Mask of the buttons held now or pressed since the last call."""
        mask, self._tapped = self._tapped, 0
        for held in self._held.values():
            mask |= held
        return possible(mask, self._buttons)

    def handle(self, event: pygame.Event) -> Request | str | None:
        """Process one event; return its request, or a message for the player."""
        handler = _HANDLERS.get(event.type)
        return None if handler is None else handler(self, event)

    def release_all(self) -> None:
        """Release all buttons, as when the window loses keyboard focus."""
        self._held.clear()
        self._asked.clear()
        self._tapped = 0

    def close(self) -> None:
        """Close the controllers."""
        self._devices.clear()
        controller.quit()

    def _key_down(self, event: pygame.Event) -> Request | None:
        if event.key in (pygame.K_BACKSPACE, pygame.K_TAB):
            if not event.mod & pygame.KMOD_ALT:
                self._asked.add(event.key)
            return None
        request = self._request(event)
        if request is not None:
            return request
        if event.scancode in self._by_key:
            self._hold(("key", event.scancode), self._by_key[event.scancode])
        return None

    def _request(self, event: pygame.Event) -> Request | None:
        if event.scancode in _DIGITS:
            is_save = bool(event.mod & pygame.KMOD_SHIFT)
            return Request(Command.SAVE if is_save else Command.LOAD, _DIGITS[event.scancode])
        if event.key == pygame.K_RETURN and event.mod & pygame.KMOD_ALT:
            return Request(Command.FULLSCREEN)
        if event.key == pygame.K_r and event.mod & pygame.KMOD_CTRL:
            return Request(Command.RESTART)
        if event.scancode in self._by_key or event.key not in _COMMANDS:
            return None
        return Request(_COMMANDS[event.key])

    def _key_up(self, event: pygame.Event) -> None:
        self._asked.discard(event.key)
        self._held.pop(("key", event.scancode), None)

    def _button_down(self, event: pygame.Event) -> None:
        if event.button in self._by_control:
            self._hold(("button", event.instance_id, event.button), self._by_control[event.button])

    def _button_up(self, event: pygame.Event) -> None:
        self._held.pop(("button", event.instance_id, event.button), None)

    def _axis(self, event: pygame.Event) -> None:
        if event.axis in (pygame.CONTROLLER_AXIS_TRIGGERLEFT, pygame.CONTROLLER_AXIS_TRIGGERRIGHT):
            change = self._asked.add if event.value > TRIGGER_THRESHOLD else self._asked.discard
            change(event.axis)
            return
        for name, sign in zip(_STICK.get(event.axis, ()), (-1, 1), strict=False):
            token = ("stick", event.instance_id, name)
            if event.value * sign > STICK_THRESHOLD and name in self._bits:
                self._hold(token, self._bits[name])
            else:
                self._held.pop(token, None)

    def _plugged_in(self, event: pygame.Event) -> str | None:
        try:
            device = controller.Controller(event.device_index)
        except pygame.error:
            return None  # disconnected before it could be opened
        self._devices[device.id] = device
        return f"Controller: {device.name}"

    def _unplugged(self, event: pygame.Event) -> str | None:
        device = self._devices.pop(event.instance_id, None)
        for token in [token for token in self._held if isinstance(token, tuple) and token[1] == event.instance_id]:
            del self._held[token]
        return None if device is None else "The controller is gone"

    def _quit(self, event: pygame.Event) -> Request:
        del event
        return Request(Command.LEAVE)

    def _focus_lost(self, event: pygame.Event) -> None:
        del event
        self.release_all()

    def _hold(self, token: Hashable, mask: int) -> None:
        self._held[token] = mask
        self._tapped |= mask


_HANDLERS: dict[int, Any] = {
    pygame.QUIT: Controls._quit,
    pygame.KEYDOWN: Controls._key_down,
    pygame.KEYUP: Controls._key_up,
    pygame.CONTROLLERBUTTONDOWN: Controls._button_down,
    pygame.CONTROLLERBUTTONUP: Controls._button_up,
    pygame.CONTROLLERAXISMOTION: Controls._axis,
    pygame.CONTROLLERDEVICEADDED: Controls._plugged_in,
    pygame.CONTROLLERDEVICEREMOVED: Controls._unplugged,
    pygame.WINDOWFOCUSLOST: Controls._focus_lost,
}
