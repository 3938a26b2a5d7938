"""Which buttons of a console's pad can be held together, as defined by stable-retro.

A pad has groups of combinations, such as up, down and neither. The held buttons of a group count only if they are one
of its combinations; otherwise the whole group counts as released. Buttons in no group are never held.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from newgameplus.emulator.cores import Console
from newgameplus.errors import IntegrationError

Groups = tuple[tuple[int, frozenset[int]], ...]
"""For each group the buttons that it covers and the masks that it allows; sorted by the former."""


class Pad:
    """The pad of a console, or the one that a scenario defines.

    Args:
        console: gives the buttons' names and the default groups.
        scenario: content of the scenario's file; its ``actions``, if any, replace the default groups.

    Raises:
        IntegrationError: the scenario's groups name a button that the console lacks.
    """

    def __init__(self, console: Console, scenario: dict[str, Any] | None = None) -> None:
        groups = (scenario or {}).get("actions") or console.action_groups
        try:
            self._groups = _compiled(console.buttons, groups)
        except (TypeError, ValueError) as error:
            raise IntegrationError(f"The actions of this scenario do not fit a {console.name}: {error}.") from error
        self.filter = functools.cache(self._filter)
        """Remove the combinations that the pad cannot press from a mask."""

    def combos(self) -> list[list[int]]:
        """Groups of allowed masks, sorted; one of each group is held."""
        return [sorted(allowed) for _, allowed in self._groups]

    def _filter(self, mask: int) -> int:
        return sum(held for covered, allowed in self._groups if (held := mask & covered) in allowed)


def _compiled(buttons: Sequence[str | None], groups: Sequence[Sequence[Sequence[str]]]) -> Groups:
    compiled: dict[int, frozenset[int]] = {}
    for group in groups:
        allowed = frozenset(sum(1 << buttons.index(name) for name in combo) for combo in group)
        covered = functools.reduce(int.__or__, allowed, 0)
        compiled.setdefault(covered, allowed)
    return tuple(sorted(compiled.items()))
