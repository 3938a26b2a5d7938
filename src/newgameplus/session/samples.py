"""Values of variables along an episode, sampled at regular intervals: the longer it is, the farther apart."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

MAX_SAMPLES = 2048
"""Most samples of a variable; beyond them every second one is dropped."""


class Samples:
    """Samples of some variables.

    Args:
        names: the variables.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.interval = 1
        """Interval of the samples in frames; the first is that of frame 0."""
        self.columns: dict[str, array[float]] = {name: array("d") for name in names}
        """Samples of each variable."""
        self._num_samples = 0

    def are_due(self, frame: int) -> bool:
        """Whether the values of ``frame`` are to be added."""
        return frame % self.interval == 0

    def add(self, frame: int, values: Mapping[str, int]) -> None:
        """Add the values of a frame later than all others."""
        for name, column in self.columns.items():
            column.append(float(values.get(name, 0)))
        self._num_samples += 1
        if self._num_samples > MAX_SAMPLES:
            self.interval *= 2
            self._num_samples = (self._num_samples + 1) // 2
            for column in self.columns.values():
                del column[1::2]
