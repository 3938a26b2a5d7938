"""Plans of a search: chains of moves that a player would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from newgameplus.open_games.course import Plan

Move = Callable[[np.random.Generator], Plan]
"""Draws one move, such as a jump of some length."""


def skewed_between(random: np.random.Generator, low: int, high: int) -> int:
    """Draw an integer from ``low`` to ``high``, both included; small ones are more likely."""
    return low + int((high - low + 1) * random.random() ** 2)


class Moves:
    """The moves of a game.

    Args:
        weighted: pairs of relative frequency and move.
    """

    def __init__(self, weighted: Sequence[tuple[float, Move]]) -> None:
        self._moves = [move for _, move in weighted]
        self._bounds = np.cumsum([weight for weight, _ in weighted])

    def plan(self, random: np.random.Generator, num_steps: int) -> Plan:
        """Chain moves until they last at least ``num_steps`` steps."""
        plan: Plan = []
        while len(plan) < num_steps:
            choice = int(np.searchsorted(self._bounds, random.random() * self._bounds[-1], side="right"))
            plan += self._moves[min(choice, len(self._moves) - 1)](random)
        return plan
