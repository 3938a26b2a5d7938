"""What an agent is given that learns in stages from movies, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from newgameplus.types import Array, Step

StageName = Literal["collect", "v", "m", "c"]
"""Movies are read; V, M or C of a world model learns."""


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

    stage: StageName
    num_done: int
    """Number of steps read, gradient steps or generations."""
    num_total: int
    """Number of those in this stage."""
    metrics: dict[str, float]
    """Metrics by name."""
