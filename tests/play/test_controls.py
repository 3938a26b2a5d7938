"""Keys and controllers hold buttons and ask for things; nothing stays held that nobody holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from newgameplus.emulator.cores import consoles
from newgameplus.games.key_codes import CONTROLS, SCANCODES, key_name
from newgameplus.play.controls import _NAMES, _TRIGGERS, Controls
from newgameplus.play.library import open_display
from newgameplus.session.commands import Command, Request
from newgameplus.session.keys import read_keys

GENESIS = consoles()["Genesis"]
BIT = {name: 1 << index for index, name in enumerate(GENESIS.buttons)}


@pytest.fixture
def controls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Controls]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    open_display()
    opened = Controls(GENESIS)
    yield opened
    opened.close()
    pygame.display.quit()


def key(kind: int, key: int, scancode: int, mod: int = 0) -> pygame.Event:
    return pygame.Event(kind, key=key, scancode=scancode, mod=mod)


def press(controls: Controls, name: str, mod: int = 0) -> Request | str | None:
    return controls.handle(key(pygame.KEYDOWN, getattr(pygame, f"K_{name}"), _scancode(name), mod))


def release(controls: Controls, name: str) -> None:
    controls.handle(key(pygame.KEYUP, getattr(pygame, f"K_{name}"), _scancode(name)))


def _scancode(name: str) -> int:
    return int(getattr(pygame, f"KSCAN_{name.upper()}", 0))


def test_a_held_key_holds_its_button_until_it_is_let_go(controls: Controls) -> None:
    press(controls, "RIGHT")
    press(controls, "x")
    assert [controls.take_mask() for _ in range(3)] == [BIT["RIGHT"] | BIT["B"]] * 3
    release(controls, "RIGHT")
    assert controls.take_mask() == BIT["B"]
    release(controls, "x")
    assert controls.take_mask() == 0


def test_a_tap_between_two_frames_is_not_lost(controls: Controls) -> None:
    press(controls, "RETURN")
    release(controls, "RETURN")
    assert controls.take_mask() == BIT["START"]
    assert controls.take_mask() == 0


def test_opposite_directions_are_never_held_together(controls: Controls) -> None:
    press(controls, "LEFT")
    press(controls, "RIGHT")
    assert controls.take_mask() == 0
    release(controls, "LEFT")
    assert controls.take_mask() == BIT["RIGHT"]


@pytest.mark.parametrize(
    ("name", "mod", "request_"),
    [
        ("p", 0, Request(Command.PAUSE)),
        ("F5", 0, Request(Command.SAVE)),
        ("F8", 0, Request(Command.LOAD)),
        ("4", pygame.KMOD_LSHIFT, Request(Command.SAVE, 4)),
        ("4", 0, Request(Command.LOAD, 4)),
        ("RETURN", pygame.KMOD_LALT, Request(Command.FULLSCREEN)),
        ("F11", 0, Request(Command.FULLSCREEN)),
        ("r", 0, Request(Command.AGAIN)),
        ("r", pygame.KMOD_LCTRL, Request(Command.RESTART)),
        ("ESCAPE", 0, Request(Command.LEAVE)),
    ],
)
def test_keys_ask_for_things_and_hold_nothing(controls: Controls, name: str, mod: int, request_: Request) -> None:
    assert press(controls, name, mod) == request_
    assert controls.take_mask() == 0


def test_backspace_and_tab_count_while_they_are_held(controls: Controls) -> None:
    press(controls, "BACKSPACE")
    press(controls, "TAB")
    assert controls.is_rewinding
    assert controls.is_fast
    release(controls, "BACKSPACE")
    release(controls, "TAB")
    assert not controls.is_rewinding
    assert not controls.is_fast


def test_nothing_stays_held_when_another_window_takes_the_keyboard(controls: Controls) -> None:
    press(controls, "RIGHT")
    press(controls, "BACKSPACE")
    controls.handle(pygame.Event(pygame.WINDOWFOCUSLOST))
    assert controls.take_mask() == 0
    assert not controls.is_rewinding


def test_a_controller_holds_buttons_and_directions(controls: Controls) -> None:
    down = {"button": pygame.CONTROLLER_BUTTON_A, "instance_id": 5}
    controls.handle(pygame.Event(pygame.CONTROLLERBUTTONDOWN, down))
    stick = {"axis": pygame.CONTROLLER_AXIS_LEFTX, "instance_id": 5}
    controls.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, stick | {"value": -30_000}))
    assert controls.take_mask() == BIT["B"] | BIT["LEFT"]
    controls.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, stick | {"value": 30_000}))
    controls.handle(pygame.Event(pygame.CONTROLLERBUTTONUP, down))
    assert controls.take_mask() == BIT["RIGHT"] | BIT["LEFT"] & 0
    controls.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, stick | {"value": 900}))
    assert controls.take_mask() == 0


def test_the_triggers_rewind_and_hurry(controls: Controls) -> None:
    left = {"axis": pygame.CONTROLLER_AXIS_TRIGGERLEFT, "instance_id": 5}
    controls.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, left | {"value": 20_000}))
    assert controls.is_rewinding
    controls.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, left | {"value": 0}))
    assert not controls.is_rewinding


def test_an_unplugged_controller_lets_go_of_everything(controls: Controls) -> None:
    down = {"button": pygame.CONTROLLER_BUTTON_DPAD_UP, "instance_id": 5}
    controls.handle(pygame.Event(pygame.CONTROLLERBUTTONDOWN, down))
    press(controls, "x")
    assert controls.take_mask() == BIT["UP"] | BIT["B"]
    controls.handle(pygame.Event(pygame.CONTROLLERDEVICEREMOVED, instance_id=5))
    assert controls.take_mask() == BIT["B"]


def test_a_controller_that_is_gone_before_it_is_opened_is_ignored(controls: Controls) -> None:
    assert controls.handle(pygame.Event(pygame.CONTROLLERDEVICEADDED, device_index=77)) is None


def test_every_part_of_a_controller_is_one_of_sdl() -> None:
    assert {*_NAMES.values(), *_TRIGGERS.values()} == set(CONTROLS)


def test_every_key_is_the_one_that_sdl_means() -> None:
    known = {number for name, number in vars(pygame).items() if name.startswith("KSCAN_")}
    assert len(known & set(SCANCODES.values())) > 80
    for code, name in {
        "KeyZ": "KSCAN_Z", "Digit0": "KSCAN_0", "F12": "KSCAN_F12", "Numpad7": "KSCAN_KP7", "Slash": "KSCAN_SLASH",
        "ControlRight": "KSCAN_RCTRL", "ShiftLeft": "KSCAN_LSHIFT", "ArrowUp": "KSCAN_UP", "Pause": "KSCAN_PAUSE",
    }.items():  # fmt: skip
        assert getattr(pygame, name) == SCANCODES[code]
    names = [key_name(name) for name in ("Control+KeyR", "ArrowUp", "ShiftRight", "Numpad7")]
    assert names == ["Ctrl R", "Up", "Right Shift", "Numpad 7"]


def test_keys_of_the_persons_own_hold_buttons_and_ask_for_things(controls: Controls, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(
        '[Genesis.keyboard]\nA = "KeyP"\n[Genesis.gamepad]\nB = "Left trigger"\n'
        '[commands.keyboard]\nrewind = "KeyB"\n[commands.gamepad]\npause = "Guide"\n'
    )
    own = Controls(GENESIS, read_keys(file))
    assert press(own, "p") is None
    assert own.take_mask() == BIT["A"]
    release(own, "p")
    press(own, "b")
    assert own.is_rewinding
    guide = {"button": pygame.CONTROLLER_BUTTON_GUIDE, "instance_id": 5}
    assert own.handle(pygame.Event(pygame.CONTROLLERBUTTONDOWN, guide)) == Request(Command.PAUSE)
    left = {"axis": pygame.CONTROLLER_AXIS_TRIGGERLEFT, "instance_id": 5, "value": 20_000}
    own.handle(pygame.Event(pygame.CONTROLLERAXISMOTION, left))
    own.take_mask()
    assert own.take_mask() == BIT["B"]
    assert own.key_of(Request(Command.PAUSE)) == "Pause"


def test_alt_tab_is_the_systems(controls: Controls) -> None:
    press(controls, "TAB", pygame.KMOD_LALT)
    assert not controls.is_fast
