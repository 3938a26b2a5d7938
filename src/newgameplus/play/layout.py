"""Which key and which part of a game controller holds which button of a console. Names only; nothing here knows SDL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

ARROWS = {"UP": "Up", "DOWN": "Down", "LEFT": "Left", "RIGHT": "Right"}
STICK = {"UP": "D-pad up", "DOWN": "D-pad down", "LEFT": "D-pad left", "RIGHT": "D-pad right"}
OPPOSITES = (("UP", "DOWN"), ("LEFT", "RIGHT"))
"""No pad can press these together."""

_SIX_BUTTONS = {"A": "Z", "B": "X", "C": "C", "X": "A", "Y": "S", "Z": "D"}
_SIX_ON_PAD = {"A": "X", "B": "A", "C": "B", "X": "Left shoulder", "Y": "Y", "Z": "Right shoulder"}
_DIAMOND = {"B": "Z", "A": "X", "Y": "A", "X": "S", "L": "Q", "R": "W"}
_DIAMOND_ON_PAD = {"B": "A", "A": "B", "Y": "X", "X": "Y", "L": "Left shoulder", "R": "Right shoulder"}
_NUMBERED = {"II": "Z", "I": "X", "III": "A", "IV": "S", "V": "D", "VI": "Q"}
_NUMBERED_ON_PAD = {"II": "A", "I": "B", "III": "X", "IV": "Y", "V": "Left shoulder", "VI": "Right shoulder"}
MIDDLE = {"START": "Enter", "RUN": "Enter", "PAUSE": "Enter", "RESET": "Enter", "MODE": "Right Shift",
           "SELECT": "Right Shift"}  # fmt: skip
_MIDDLE_ON_PAD = {"START": "Start", "RUN": "Start", "PAUSE": "Start", "RESET": "Start", "MODE": "Back",
                  "SELECT": "Back"}  # fmt: skip
_SPARE_KEYS = ("Z", "X", "C", "A", "S", "D", "Q", "W", "E", "V", "F", "G")
_SPARE_ON_PAD = ("A", "B", "X", "Y", "Left shoulder", "Right shoulder")


class Binding(NamedTuple):
    """How one button of the console is held."""

    button: str
    bit: int
    """Which bit of a mask it is."""
    key: str | None
    """A key, named by what a US keyboard has in that place."""
    control: str | None
    """A part of a game controller, named as on an Xbox controller."""


def layout_of(buttons: Sequence[str | None]) -> tuple[Binding, ...]:
    """Return how each button is held: arrows, Z X C and A S D as they lie on the console's own pad, Enter to start.

    Args:
        buttons: name of each bit of a mask, None where the bit does nothing.
    """
    names = [name for name in buttons if name is not None]
    keys = ARROWS | MIDDLE | _preferred(names, _SIX_BUTTONS, _DIAMOND, _NUMBERED)
    controls = STICK | _MIDDLE_ON_PAD | _preferred(names, _SIX_ON_PAD, _DIAMOND_ON_PAD, _NUMBERED_ON_PAD)
    by_key = _assigned(names, keys, _SPARE_KEYS)
    by_control = _assigned(names, controls, _SPARE_ON_PAD)
    return tuple(
        Binding(name, bit, by_key.get(name), by_control.get(name))
        for bit, name in enumerate(buttons)
        if name is not None
    )


def possible(mask: int, buttons: Sequence[str | None]) -> int:
    """Let go of both where opposite directions are held, which games were never made for."""
    for names in OPPOSITES:
        pair = sum(1 << buttons.index(name) for name in names if name in buttons)
        if pair and mask & pair == pair:
            mask &= ~pair
    return mask


def names_of(mask: int, buttons: Sequence[str | None]) -> list[str]:
    """Name the buttons of a mask."""
    return [name for bit, name in enumerate(buttons) if name is not None and mask >> bit & 1]


def _preferred(
    names: Sequence[str], six: Mapping[str, str], diamond: Mapping[str, str], numbered: Mapping[str, str]
) -> dict[str, str]:
    if "I" in names:
        return dict(numbered)
    return dict(six if "C" in names else diamond)


def _assigned(names: Sequence[str], wanted: Mapping[str, str], spare: Sequence[str]) -> dict[str, str]:
    """Give each button the place it wants, and the others what is left over, in order."""
    assigned = {name: wanted[name] for name in names if name in wanted}
    free = iter([place for place in spare if place not in assigned.values()])
    for name in names:
        if name not in assigned and (place := next(free, None)) is not None:
            assigned[name] = place
    return assigned
