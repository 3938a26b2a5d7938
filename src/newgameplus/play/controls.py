"""Keyboard and game controllers: the console buttons held, and the player's commands."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pygame
from pygame._sdl2 import controller

from newgameplus.emulator.cores import Console
from newgameplus.games.key_codes import MODIFIERS, SCANCODES, key_name
from newgameplus.games.layout import Binding, possible
from newgameplus.session.commands import HELD, Action, Command, Request
from newgameplus.session.keys import Keys, key_of

STICK_THRESHOLD = 16_000
"""Threshold of an analog stick: half of its maximum, 32,767."""
TRIGGER_THRESHOLD = 8_000

_CONTROLS = {
    "A": pygame.CONTROLLER_BUTTON_A,
    "B": pygame.CONTROLLER_BUTTON_B,
    "X": pygame.CONTROLLER_BUTTON_X,
    "Y": pygame.CONTROLLER_BUTTON_Y,
    "Left shoulder": pygame.CONTROLLER_BUTTON_LEFTSHOULDER,
    "Right shoulder": pygame.CONTROLLER_BUTTON_RIGHTSHOULDER,
    "Back": pygame.CONTROLLER_BUTTON_BACK,
    "Start": pygame.CONTROLLER_BUTTON_START,
    "Left stick": pygame.CONTROLLER_BUTTON_LEFTSTICK,
    "Right stick": pygame.CONTROLLER_BUTTON_RIGHTSTICK,
    "D-pad up": pygame.CONTROLLER_BUTTON_DPAD_UP,
    "D-pad down": pygame.CONTROLLER_BUTTON_DPAD_DOWN,
    "D-pad left": pygame.CONTROLLER_BUTTON_DPAD_LEFT,
    "D-pad right": pygame.CONTROLLER_BUTTON_DPAD_RIGHT,
    "Guide": pygame.CONTROLLER_BUTTON_GUIDE,
}
_NAMES = {button: name for name, button in _CONTROLS.items()}
_TRIGGERS = {
    pygame.CONTROLLER_AXIS_TRIGGERLEFT: "Left trigger",
    pygame.CONTROLLER_AXIS_TRIGGERRIGHT: "Right trigger",
}
_STICK = {
    pygame.CONTROLLER_AXIS_LEFTX: ("LEFT", "RIGHT"),
    pygame.CONTROLLER_AXIS_LEFTY: ("UP", "DOWN"),
}
_MODIFIERS = dict(zip(MODIFIERS, (pygame.KMOD_CTRL, pygame.KMOD_ALT, pygame.KMOD_SHIFT), strict=True))
_NO_PLAIN_COMMANDS = pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_GUI
"""Modifiers with which a key is the system's, such as Alt Tab, unless a command has just these."""


class Controls:
    """Tracks keyboard and controller events.

    Args:
        console: the console that is played.
        keys: what the person has changed.
    """

    def __init__(self, console: Console, keys: Keys | None = None) -> None:
        keys = keys or Keys()
        self.layout: tuple[Binding, ...] = keys.layout(console)
        self.actions: tuple[Action, ...] = keys.actions(console)
        self._buttons = console.buttons
        self._bits = {binding.button: 1 << binding.bit for binding in self.layout}
        self._by_key = {SCANCODES[key]: 1 << each.bit for each in self.layout for key in each.keys}
        self._commands = {_chord(key): each.request for each in self.actions for key in each.keys}
        self._by_control: dict[str, int | Request] = {
            **{control: each.request for each in self.actions for control in each.controls},
            **{control: 1 << each.bit for each in self.layout for control in each.controls},
        }
        self._down: dict[Hashable, int | Request] = {}
        self._tapped = 0
        self._devices: dict[int, controller.Controller] = {}
        controller.init()

    @property
    def is_rewinding(self) -> bool:
        """Whether rewinding is asked for, by default by Backspace or the left trigger."""
        return Request(Command.REWIND) in self._down.values()

    @property
    def is_fast(self) -> bool:
        """Whether fast forward is asked for, by default by Tab or the right trigger."""
        return Request(Command.FAST) in self._down.values()

    def take_mask(self) -> int:
        """Mask of the buttons held now or pressed since the last call."""
        mask, self._tapped = self._tapped, 0
        for held in self._down.values():
            mask |= held if isinstance(held, int) else 0
        return possible(mask, self._buttons)

    def key_of(self, request: Request) -> str:
        """What a person calls the key of a request; empty if it has none."""
        return key_name(key_of(self.actions, request))

    def handle(self, event: pygame.Event) -> Request | str | None:
        """Process one event; return its request, or a message for the player."""
        handler = _HANDLERS.get(event.type)
        return None if handler is None else handler(self, event)

    def release_all(self) -> None:
        """Release all buttons, as when the window loses keyboard focus."""
        self._down.clear()
        self._tapped = 0

    def close(self) -> None:
        """Close the controllers."""
        self._devices.clear()
        controller.quit()

    def _key_down(self, event: pygame.Event) -> Request | None:
        modifiers = tuple(name for name, flag in _MODIFIERS.items() if event.mod & flag)
        meant: int | Request | None = self._commands.get((modifiers, event.scancode)) if modifiers else None
        if meant is None:
            meant = self._by_key.get(event.scancode)
        if meant is None and not event.mod & _NO_PLAIN_COMMANDS:
            meant = self._commands.get(((), event.scancode))
        return self._press(("key", event.scancode), meant)

    def _key_up(self, event: pygame.Event) -> None:
        self._down.pop(("key", event.scancode), None)

    def _button_down(self, event: pygame.Event) -> Request | None:
        name = _NAMES.get(event.button, "")
        return self._press(("button", event.instance_id, event.button), self._by_control.get(name))

    def _button_up(self, event: pygame.Event) -> None:
        self._down.pop(("button", event.instance_id, event.button), None)

    def _axis(self, event: pygame.Event) -> Request | None:
        if event.axis in _TRIGGERS:
            token = ("trigger", event.instance_id, event.axis)
            if event.value > TRIGGER_THRESHOLD:
                return None if token in self._down else self._press(token, self._by_control.get(_TRIGGERS[event.axis]))
            self._down.pop(token, None)
            return None
        for name, sign in zip(_STICK.get(event.axis, ()), (-1, 1), strict=False):
            token = ("stick", event.instance_id, name)
            if event.value * sign > STICK_THRESHOLD and name in self._bits:
                self._press(token, self._bits[name])
            else:
                self._down.pop(token, None)
        return None

    def _press(self, token: Hashable, meant: int | Request | None) -> Request | None:
        """Note what is held; return a request that is given once."""
        if meant is None:
            return None
        self._down[token] = meant
        if isinstance(meant, int):
            self._tapped |= meant
            return None
        return None if meant.command in HELD else meant

    def _plugged_in(self, event: pygame.Event) -> str | None:
        try:
            device = controller.Controller(event.device_index)
        except pygame.error:
            return None  # disconnected before it could be opened
        self._devices[device.id] = device
        return f"Controller: {device.name}"

    def _unplugged(self, event: pygame.Event) -> str | None:
        device = self._devices.pop(event.instance_id, None)
        for token in [token for token in self._down if isinstance(token, tuple) and token[1] == event.instance_id]:
            if token[0] != "key":
                del self._down[token]
        return None if device is None else "The controller is gone"

    def _quit(self, event: pygame.Event) -> Request:
        del event
        return Request(Command.LEAVE)

    def _focus_lost(self, event: pygame.Event) -> None:
        del event
        self.release_all()


def _chord(key: str) -> tuple[tuple[str, ...], int]:
    *modifiers, code = key.split("+")
    return tuple(modifiers), SCANCODES[code]


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
