"""Default key and controller bindings of each console button, by the names of :mod:`newgameplus.games.key_codes`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

ARROWS = {"UP": "ArrowUp", "DOWN": "ArrowDown", "LEFT": "ArrowLeft", "RIGHT": "ArrowRight"}
STICK = {"UP": "D-pad up", "DOWN": "D-pad down", "LEFT": "D-pad left", "RIGHT": "D-pad right"}
OPPOSITES = (("UP", "DOWN"), ("LEFT", "RIGHT"))
"""Opposite directions, which a real pad cannot press together."""

_SIX_BUTTONS = {"A": "KeyZ", "B": "KeyX", "C": "KeyC", "X": "KeyA", "Y": "KeyS", "Z": "KeyD"}
_SIX_ON_PAD = {"A": "X", "B": "A", "C": "B", "X": "Left shoulder", "Y": "Y", "Z": "Right shoulder"}
_DIAMOND = {"B": "KeyZ", "A": "KeyX", "Y": "KeyA", "X": "KeyS", "L": "KeyQ", "R": "KeyW"}
_DIAMOND_ON_PAD = {"B": "A", "A": "B", "Y": "X", "X": "Y", "L": "Left shoulder", "R": "Right shoulder"}
_NUMBERED = {"II": "KeyZ", "I": "KeyX", "III": "KeyA", "IV": "KeyS", "V": "KeyD", "VI": "KeyQ"}
_NUMBERED_ON_PAD = {"II": "A", "I": "B", "III": "X", "IV": "Y", "V": "Left shoulder", "VI": "Right shoulder"}
MIDDLE = {"START": "Enter", "RUN": "Enter", "PAUSE": "Enter", "RESET": "Enter", "MODE": "ShiftRight",
           "SELECT": "ShiftRight"}  # fmt: skip
_MIDDLE_ON_PAD = {"START": "Start", "RUN": "Start", "PAUSE": "Start", "RESET": "Start", "MODE": "Back",
                  "SELECT": "Back"}  # fmt: skip
_SPARE_KEYS = tuple(f"Key{letter}" for letter in "ZXCASDQWEVFG")
_SPARE_ON_PAD = ("A", "B", "X", "Y", "Left shoulder", "Right shoulder")


class Binding(NamedTuple):
    """Keys and controller parts of one console button."""

    button: str
    bit: int
    """Bit of the button in a mask."""
    keys: tuple[str, ...]
    controls: tuple[str, ...]
    """Parts of a controller."""


def layout_of(buttons: Sequence[str | None]) -> tuple[Binding, ...]:
    """Return the bindings: arrows, Z X C and A S D laid out as on the console's own pad, Enter for START.

    Args:
        buttons: name of each bit of a mask; None for bits without a button.
    """
    names = [name for name in buttons if name is not None]
    keys = ARROWS | MIDDLE | _preferred(names, _SIX_BUTTONS, _DIAMOND, _NUMBERED)
    controls = STICK | _MIDDLE_ON_PAD | _preferred(names, _SIX_ON_PAD, _DIAMOND_ON_PAD, _NUMBERED_ON_PAD)
    by_key = _assigned(names, keys, _SPARE_KEYS)
    by_control = _assigned(names, controls, _SPARE_ON_PAD)
    return tuple(
        Binding(name, bit, by_key.get(name, ()), by_control.get(name, ()))
        for bit, name in enumerate(buttons)
        if name is not None
    )


def possible(mask: int, buttons: Sequence[str | None]) -> int:
    """Release both of two opposite directions held together, which games do not expect."""
    for names in OPPOSITES:
        pair = sum(1 << buttons.index(name) for name in names if name in buttons)
        if pair and mask & pair == pair:
            mask &= ~pair
    return mask


def names_of(mask: int, buttons: Sequence[str | None]) -> list[str]:
    """Return the names of the buttons in a mask."""
    return [name for bit, name in enumerate(buttons) if name is not None and mask >> bit & 1]


def _preferred(
    names: Sequence[str], six: Mapping[str, str], diamond: Mapping[str, str], numbered: Mapping[str, str]
) -> dict[str, str]:
    if "I" in names:
        return dict(numbered)
    return dict(six if "C" in names else diamond)


def _assigned(names: Sequence[str], wanted: Mapping[str, str], spare: Sequence[str]) -> dict[str, tuple[str]]:
    """Give each button the place it wants, and the remaining buttons the spare places, in order."""
    assigned = {name: wanted[name] for name in names if name in wanted}
    free = iter([place for place in spare if place not in assigned.values()])
    for name in names:
        if name not in assigned and (place := next(free, None)) is not None:
            assigned[name] = place
    return {name: (place,) for name, place in assigned.items()}
