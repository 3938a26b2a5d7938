"""Conversion of a batch of actions to button masks."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from newgameplus.envs.actions import ActionMeaning, whole_numbers
from newgameplus.types import Array


class ActionTable:
    """Looks up the mask of every action of a batch in a table.

    Args:
        meaning: meaning of the actions.
    """

    def __init__(self, meaning: ActionMeaning) -> None:
        self._meaning = meaning
        self._weights: Array | None = None
        self._masks: Array | None = None
        if isinstance(meaning.space, spaces.Discrete):
            self._masks = np.array([meaning.mask(number) for number in range(int(meaning.space.n))], np.uint32)
        elif isinstance(meaning.space, spaces.MultiBinary):
            num_buttons = len(meaning.buttons)
            self._weights = 1 << np.arange(num_buttons)
            self._masks = np.array([meaning.pressed(bits) for bits in range(1 << num_buttons)], np.uint32)

    def masks(self, actions: Array) -> Array:
        """Return uint32 ``[B]`` for ``actions`` ``[B, …]``.

        Raises:
            UsageError: an action is not in the space.
        """
        actions = whole_numbers(actions, self._meaning.space)
        numbers = self._numbers(actions) if actions.dtype.kind in "biu" else None
        if numbers is None or self._masks is None:
            return np.array([self._meaning.mask(action) for action in actions], np.uint32)
        masks: Array = self._masks[numbers]
        return masks

    def _numbers(self, actions: Array) -> Array | None:
        """Index of each action in the table; None if there is no table, or an action is not in the space."""
        if self._masks is None or actions.shape[1:] != self._meaning.space.shape or actions.ndim == 0:
            return None
        limit = len(self._masks) if self._weights is None else 2
        if actions.dtype.kind == "b":
            actions = actions.view(np.uint8)
        if actions.size == 0 or actions.min() < 0 or actions.max() >= limit:
            return None
        return actions if self._weights is None else actions @ self._weights
