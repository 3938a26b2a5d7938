"""From an agent's action to the buttons that are held, as one integer mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from gymnasium import spaces

from newgameplus.errors import UsageError, did_you_mean
from newgameplus.types import ActionSpec, Array


class ActionMeaning:
    """Gives an ActionSpec its Gymnasium space and turns each of its actions into a button mask.

    Args:
        spec: what actions mean.
        buttons: the console's buttons, in the order of the mask's bits.
        groups: the masks that the pad allows, one group per part of the pad (stable-retro's ``valid_actions``).
        filter_mask: drops what the pad cannot press.
    """

    def __init__(
        self,
        spec: ActionSpec,
        buttons: Sequence[str | None],
        groups: Sequence[Sequence[int]],
        filter_mask: Callable[[int], int],
    ) -> None:
        self.spec = spec
        self.buttons = tuple(buttons)
        self._groups = [list(group) for group in groups]
        self._filter = filter_mask
        self._known: dict[bytes, int] = {}
        self.space: spaces.Space[Array] | spaces.Space[np.int64]
        if spec.kind in ("filtered", "all"):
            self.space = spaces.MultiBinary(len(self.buttons))
        elif spec.kind == "multi_discrete":
            self.space = spaces.MultiDiscrete([len(group) for group in self._groups])
        elif spec.kind == "discrete":
            self.space = spaces.Discrete(math.prod(len(group) for group in self._groups))
        else:
            self._combos = [filter_mask(self._mask_of_names(combo)) for combo in spec.combos]
            if not self._combos:
                raise UsageError("A set of actions needs at least one combination of buttons.")
            self.space = spaces.Discrete(len(self._combos))

    def mask(self, action: Array | int) -> int:
        """Return the button mask of ``action``.

        Raises:
            UsageError: the action is not in the space: wrong shape, out of range, or a float where a button belongs.
        """
        array = np.asarray(action)
        key = array.tobytes() if array.dtype == np.int8 else b""
        mask = self._known.get(key)
        if mask is not None:
            return mask
        mask = self._mask_of(self._checked(array))
        if key:
            self._known[key] = mask
        return mask

    def names(self, mask: int) -> tuple[str, ...]:
        """Return the names of the buttons that ``mask`` holds."""
        return tuple(name for bit, name in enumerate(self.buttons) if name is not None and mask >> bit & 1)

    def _checked(self, array: Array) -> Array:
        if array.dtype.kind not in "biu":
            raise UsageError(
                f"An action is made of whole numbers, not {array.dtype}: press a button with 1, release it with 0 "
                "(compare a network's output with a threshold first)."
            )
        if array.shape != self.space.shape:
            raise UsageError(f"An action has shape {self.space.shape}, not {array.shape}.")
        if not self.space.contains(array.astype(self.space.dtype)) or array.min(initial=0) < 0:
            raise UsageError(f"The action {array.tolist()} is outside {self.space}.")
        return array

    def _mask_of(self, array: Array) -> int:
        kind = self.spec.kind
        if kind in ("filtered", "all"):
            mask = sum(1 << bit for bit, is_held in enumerate(array.tolist()) if is_held)
            return self._filter(mask) if kind == "filtered" else mask
        if kind == "set":
            return self._combos[int(array)]
        if kind == "multi_discrete":
            return self._mask_of_digits(array.tolist())
        rest, digits = int(array), []
        for group in self._groups:
            rest, digit = divmod(rest, len(group))
            digits.append(digit)
        return self._mask_of_digits(digits)

    def _mask_of_digits(self, digits: Sequence[int]) -> int:
        mask = 0
        for group, digit in zip(self._groups, digits, strict=True):
            mask |= group[digit]
        return mask

    def _mask_of_names(self, names: Sequence[str]) -> int:
        mask = 0
        for name in names:
            if name not in self.buttons:
                known = [button for button in self.buttons if button]
                raise UsageError(
                    f"This console has no button {name!r}; it has: {', '.join(known)}.{did_you_mean(name, known)}"
                )
            mask |= 1 << self.buttons.index(name)
        return mask
