"""Milestones of a scenario where stable-retro judges it, which does not know them; the engine computes its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from newgameplus.games.declarative import Measurement, Milestone, ScenarioSpec

_OPERATIONS: Mapping[str, Callable[[int, int], int]] = {
    "": lambda value, reference: value,
    "equal": lambda value, reference: value == reference,
    "negative-equal": lambda value, reference: value == -reference,
    "not-equal": lambda value, reference: value != reference,
    "less-than": lambda value, reference: value < reference,
    "greater-than": lambda value, reference: value > reference,
    "less-or-equal": lambda value, reference: value <= reference,
    "greater-or-equal": lambda value, reference: value >= reference,
    "nonzero": lambda value, reference: value != 0,
    "zero": lambda value, reference: value == 0,
    "negative": lambda value, reference: value < 0,
    "positive": lambda value, reference: value > 0,
    "sign": lambda value, reference: (value > 0) - (value < 0),
}


class Milestones:
    """The milestones of one scenario on one console, as ``scenario.cpp`` computes them.

    Args:
        spec: the compiled scenario.
    """

    def __init__(self, spec: ScenarioSpec) -> None:
        self._names = [variable.name for variable in spec.variables]
        self._milestones: Sequence[Milestone] = spec.milestones
        self._reached: list[int] = []

    def reset(self, values: Mapping[str, int]) -> None:
        """Begin an episode whose first frame has these variables."""
        self._reached = [
            int(self._measure(one.term.measurement, values) > 0)
            if one.is_once
            else values[self._names[one.term.measurement.variable]]
            for one in self._milestones
        ]

    def judge(self, reward: float, values: Mapping[str, int]) -> float:
        """Return the reward of a frame with its milestones, summed in 32-bit floats."""
        total = np.float32(reward)
        for index, (is_once, term) in enumerate(self._milestones):
            now = values[self._names[term.measurement.variable]]
            if is_once and not self._reached[index] and self._measure(term.measurement, values) > 0:
                self._reached[index] = 1
                total += np.float32(term.reward)
            elif not is_once and now > self._reached[index]:
                gain = now - self._reached[index]
                measured = np.float32(_OPERATIONS[term.measurement.operation](gain, term.measurement.reference))
                self._reached[index] = now
                total += measured * np.float32(term.reward if measured > 0 else term.penalty)
        return float(total)

    def _measure(self, measurement: Measurement, values: Mapping[str, int]) -> int:
        value = values[self._names[measurement.variable]]
        return _OPERATIONS[measurement.operation](value, measurement.reference)
