"""Conversion of an agent's action to a button mask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from newgameplus.emulator.cores import Console
from newgameplus.errors import UsageError, did_you_mean
from newgameplus.games.action_sets import resolved
from newgameplus.types import ActionSpec, Array

MAX_KNOWN_ACTIONS = 1 << 16
"""Largest number of actions whose masks are precomputed; every combination of the largest pads fits."""


class HasGroups(Protocol):
    """A pad, or the scenario that says what the pad can press."""

    def combos(self) -> list[list[int]]:
        """Groups of allowed button masks; one of each group is held."""
        ...

    def filter(self, mask: int) -> int:
        """Drop what the pad cannot press from a mask."""
        ...


def action_meaning(spec: ActionSpec, console: Console, pad: HasGroups) -> ActionMeaning:
    """Return what actions mean on a console.

    Args:
        spec: what actions are; a named set becomes what it is on this console.
        console: that the level runs on.
        pad: what of it can be pressed.

    Raises:
        NotFoundError: there is no set of the spec's name.
        UsageError: the spec makes no sense on this console.
    """
    return ActionMeaning(resolved(spec, console), console.buttons, pad.combos(), pad.filter)


class ActionMeaning:
    """Gymnasium space of an ActionSpec, and the button mask of each of its actions.

    Args:
        spec: what actions mean; a set with its combinations.
        buttons: the console's buttons, in the order of the mask's bits.
        groups: the masks that the pad allows, one group per part of the pad (stable-retro's
            ``valid_actions``).
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
        self._named = sum(1 << bit for bit, name in enumerate(buttons) if name is not None)
        self._known: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._combos = [filter_mask(self._mask_of_names(combo)) for combo in spec.combos]
        self.space = self._space()
        self._num_values = _num_values(self.space)

    def mask(self, action: Array | int) -> int:
        """Return the button mask of ``action``.

        Args:
            action: integers or booleans of any numpy type, in the shape of the space; for one number per button also
                the floats 0.0 and 1.0, which Stable-Baselines3 gives.

        Raises:
            UsageError: the action is not in the space: wrong shape, out of range, or a float between for a button.
        """
        array = whole_numbers(np.asarray(action), self.space)
        key = (array.dtype.char, array.shape, array.tobytes())
        mask = self._known.get(key)
        if mask is None:
            if len(self._known) == MAX_KNOWN_ACTIONS:
                self._known.clear()
            mask = self._known[key] = self._mask_of(self._checked(array))
        return mask

    def pressed(self, mask: int) -> int:
        """Return the mask after the pad's filter, or, if every button may be held, without bits that are none."""
        return self._filter(mask) if self.spec.kind == "filtered" else mask & self._named

    def names(self, mask: int) -> tuple[str, ...]:
        """Return the names of the buttons in ``mask``."""
        return tuple(name for bit, name in enumerate(self.buttons) if name is not None and mask >> bit & 1)

    def _space(self) -> spaces.MultiBinary | spaces.MultiDiscrete | spaces.Discrete:
        kind, sizes = self.spec.kind, [len(group) for group in self._groups]
        if kind in ("filtered", "all"):
            return spaces.MultiBinary(len(self.buttons))
        if kind == "multi_discrete":
            return spaces.MultiDiscrete(sizes)
        if kind == "discrete":
            return spaces.Discrete(math.prod(sizes))
        if kind != "set":
            raise UsageError(f"There is no kind of action called {kind!r}.")
        if not self._combos:
            hint = f"; what {self.spec.name} holds depends on the console" if self.spec.name else ""
            raise UsageError(f"A set of actions needs at least one combination of buttons{hint}.")
        return spaces.Discrete(len(self._combos))

    def _checked(self, array: Array) -> Array:
        if array.dtype.kind not in "biu":
            raise UsageError(
                f"An action is made of whole numbers, not {array.dtype}: hold a button with 1, release it with 0 "
                "(compare a network's output with a threshold first)."
            )
        if array.shape != self.space.shape:
            raise UsageError(f"An action has shape {self.space.shape}, not {array.shape}.")
        if (array < 0).any() or (array >= self._num_values).any():
            raise UsageError(f"The action {array.tolist()} is outside {self.space}.")
        return array

    def _mask_of(self, array: Array) -> int:
        kind = self.spec.kind
        if kind in ("filtered", "all"):
            return self.pressed(sum(1 << bit for bit, is_held in enumerate(array.tolist()) if is_held))
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


def whole_numbers(actions: Array, space: spaces.Space[Any]) -> Array:
    """Return float actions of a MultiBinary space as uint8 if each is 0.0 or 1.0; anything else is returned as it is.

    Stable-Baselines3 samples a MultiBinary action as float32 (its Bernoulli distribution).
    """
    if actions.dtype.kind != "f" or not isinstance(space, spaces.MultiBinary):
        return actions
    return actions.astype(np.uint8) if ((actions == 0) | (actions == 1)).all() else actions


def _num_values(space: spaces.MultiBinary | spaces.MultiDiscrete | spaces.Discrete) -> Array:
    """Number of values of each component of an action."""
    if isinstance(space, spaces.MultiBinary):
        return np.array(2)
    return np.array(space.n) if isinstance(space, spaces.Discrete) else np.array(space.nvec)
