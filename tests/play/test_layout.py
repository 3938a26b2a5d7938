"""Every button of every console can be held, on the keyboard by a key of its own."""

from __future__ import annotations

import pytest

from newgameplus.emulator.cores import consoles
from newgameplus.games.key_codes import CONTROLS, SCANCODES
from newgameplus.games.layout import layout_of, names_of, possible

GENESIS = consoles()["Genesis"].buttons


@pytest.mark.parametrize("console", sorted(consoles()))
def test_every_button_of_a_console_has_a_key_of_its_own(console: str) -> None:
    buttons = consoles()[console].buttons
    layout = layout_of(buttons)
    assert [binding.button for binding in layout] == [name for name in buttons if name is not None]
    assert all(buttons[binding.bit] == binding.button for binding in layout)
    keys = [key for binding in layout for key in binding.keys]
    assert len(set(keys)) == len(keys) == len(layout)
    assert set(keys) <= set(SCANCODES)


@pytest.mark.parametrize("console", sorted(consoles()))
def test_no_part_of_a_controller_holds_two_buttons(console: str) -> None:
    controls = [control for each in layout_of(consoles()[console].buttons) for control in each.controls]
    assert len(set(controls)) == len(controls) >= 6
    assert set(controls) <= set(CONTROLS)


def test_the_mega_drive_has_its_two_rows() -> None:
    keys = {binding.button: binding.keys for binding in layout_of(GENESIS)}
    assert [keys[name] for name in "ABCXYZ"] == [(f"Key{letter}",) for letter in "ZXCASD"]
    assert (keys["START"], keys["UP"]) == (("Enter",), ("ArrowUp",))


def test_opposite_directions_let_go_of_each_other() -> None:
    bit = {name: 1 << GENESIS.index(name) for name in ("LEFT", "RIGHT", "UP", "B")}
    assert possible(bit["LEFT"] | bit["RIGHT"] | bit["B"], GENESIS) == bit["B"]
    assert possible(bit["LEFT"] | bit["UP"], GENESIS) == bit["LEFT"] | bit["UP"]


def test_a_mask_is_named_by_its_buttons() -> None:
    assert names_of(0b1000_0001, GENESIS) == ["B", "RIGHT"]
