"""Buttons of stable-retro's actions. They are not checked as this package's are: numbers are truncated, as there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from gymnasium import spaces

from newgameplus.compat.retro.enums import Actions
from newgameplus.compat.retro.game_data import GameData
from newgameplus.errors import UsageError
from newgameplus.types import Array


class ActionCode:
    """Space of a kind of action, and the buttons that an action holds.

    Args:
        kind: kind of action.
        num_buttons: number of buttons of the pad, with those without a name.
        groups: masks of each part of the pad.
        data: drops what the pad cannot press.
    """

    def __init__(self, kind: Actions, num_buttons: int, groups: list[list[int]], data: GameData) -> None:
        self._kind, self._num_buttons, self._groups, self._data = kind, num_buttons, groups, data
        sizes = [len(group) for group in groups]
        self.space: spaces.Discrete | spaces.MultiDiscrete[Any] | spaces.MultiBinary
        if kind is Actions.DISCRETE:
            self.space = spaces.Discrete(math.prod(sizes))
        elif kind is Actions.MULTI_DISCRETE:
            self.space = spaces.MultiDiscrete(sizes)
        else:
            self.space = spaces.MultiBinary(num_buttons)

    def buttons(self, action: Any) -> Array:
        """Return the buttons of an action, uint8 ``[buttons]``.

        Raises:
            UsageError: it is no number, or not as many as there are buttons or parts.
        """
        mask = self._mask(action)
        return np.array([mask >> bit & 1 for bit in range(self._num_buttons)], np.uint8)

    def _mask(self, action: Any) -> int:
        if self._kind is Actions.DISCRETE:
            return self._mask_of_digits(_digits(_whole(action), self._groups))
        expected = len(self._groups) if self._kind is Actions.MULTI_DISCRETE else self._num_buttons
        if np.shape(action) != (expected,):
            raise UsageError(f"An action is {expected} numbers here, not {action!r}.")
        numbers = [_whole(number) for number in action]
        if self._kind is Actions.MULTI_DISCRETE:
            return self._mask_of_digits(numbers)
        mask = 0
        for bit, number in enumerate(numbers):
            mask |= number << bit  # so a 2 holds the next button, as there
        mask &= (1 << self._num_buttons) - 1
        return self._data.filter_action(mask) if self._kind is Actions.FILTERED else mask

    def _mask_of_digits(self, digits: list[int]) -> int:
        mask = 0
        for group, digit in zip(self._groups, digits, strict=True):
            if not 0 <= digit < len(group):
                raise UsageError(f"A part of this pad has {len(group)} combinations, so there is no {digit}.")
            mask |= group[digit]
        return mask


def _digits(number: int, groups: list[list[int]]) -> list[int]:
    digits = []
    for group in groups:
        number, digit = divmod(number, len(group))
        digits.append(digit)
    return digits


def _whole(number: Any) -> int:
    try:
        return int(number)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(f"An action is made of numbers, not {number!r}.") from error
