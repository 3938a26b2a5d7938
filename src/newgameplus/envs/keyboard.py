"""The action of every combination of keys, for ``gymnasium.utils.play.play``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import spaces

from newgameplus.envs.actions import ActionMeaning
from newgameplus.games.key_codes import SCANCODES
from newgameplus.games.layout import layout_of

_ENTER = 13
_NOT_A_CHARACTER = 1 << 30
"""Flag in SDL's codes of keys that type no character; the others have the code of their character."""
MAX_KEYS = 12
"""Largest number of keys that any combination of is listed; with more, combinations of up to :data:`MAX_HELD`."""
MAX_HELD = 4

KeysToAction = dict[tuple[int, ...], Any]
"""Key codes, in ascending order, to an action."""


def keys_to_action(meaning: ActionMeaning) -> KeysToAction:
    """Return the action of every combination of the keys that ``ngp play`` uses for the console's buttons.

    A combination without an action of its own takes the action that holds most of its buttons and no other, if there
    is one.

    Args:
        meaning: meaning of the actions; one number per button, or a number of a combination.
    """
    codes = {each.bit: _code(each.keys[0]) for each in layout_of(meaning.buttons) if each.keys}
    if isinstance(meaning.space, spaces.MultiBinary):
        held = {keys: _buttons_held(mask, len(meaning.buttons)) for keys, mask in _combinations(codes)}
        return {keys: action for keys, action in held.items() if keys}
    actions = sorted(_actions(meaning), key=lambda pair: -pair[0].bit_count())
    used = {bit: code for bit, code in codes.items() if any(mask >> bit & 1 for mask, _ in actions)}
    found: KeysToAction = {}
    for keys, pressed in _combinations(used):
        nearest = next((action for mask, action in actions if not mask & ~pressed), None)
        if keys and nearest is not None:
            found[keys] = nearest
    return found


def _code(key: str) -> int:
    if key == "Enter":
        return _ENTER
    return ord(key[-1].lower()) if key.startswith("Key") else SCANCODES[key] | _NOT_A_CHARACTER


def _combinations(codes: dict[int, int]) -> Iterable[tuple[tuple[int, ...], int]]:
    """Each combination of keys, and the mask of their buttons."""
    most = len(codes) if len(codes) <= MAX_KEYS else MAX_HELD
    for num_held in range(most + 1):
        for bits in itertools.combinations(codes, num_held):
            yield tuple(sorted(codes[bit] for bit in bits)), sum(1 << bit for bit in bits)


def _buttons_held(mask: int, num_buttons: int) -> Any:
    return np.array([mask >> bit & 1 for bit in range(num_buttons)], np.int8)


def _actions(meaning: ActionMeaning) -> list[tuple[int, Any]]:
    """The mask of each action of a discrete or multi-discrete space, and the action."""
    if isinstance(meaning.space, spaces.Discrete):
        return [(meaning.mask(number), number) for number in range(int(meaning.space.n))]
    assert isinstance(meaning.space, spaces.MultiDiscrete)
    digits = itertools.product(*(range(size) for size in meaning.space.nvec.tolist()))
    return [(meaning.mask(np.array(action)), np.array(action)) for action in digits]
