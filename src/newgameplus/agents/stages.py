"""What an agent is given that learns in stages from movies, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from newgameplus.types import Array, Step

COLLECT = "collect"
"""Name of a stage that only reads movies, and goes on from its beginning."""


class Movies(Protocol):
    """Movies that can be decoded again and again."""

    @property
    def num_steps(self) -> Sequence[int]:
        """Upper bound of the number of steps of each movie."""
        ...

    def read(self, number: int) -> Iterator[tuple[Array, Array, Step]]:
        """Yield the steps of a movie: observation and action before each, and the step, ``[1, …]``.

        Raises:
            NewGamePlusError: it cannot be played.
        """
        ...


class Learned(NamedTuple):
    """How far an agent has come."""

    stage: str
    """Name of the stage, ``COLLECT`` or the agent's own."""
    num_done: int
    """Number of steps read, gradient steps or generations."""
    num_total: int
    """Number of those in this stage."""
    metrics: dict[str, float]
    """Metrics by name."""
