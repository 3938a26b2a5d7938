"""Protocols of agents with a population; see :mod:`newgameplus.agents.interface`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from newgameplus.types import State


@runtime_checkable
class Evolves(Protocol):
    """Evolves a population: training logs every generation, records its best, and keeps the winner in a file."""

    def generation(self) -> dict[str, Any]:
        """Return a summary of the last complete generation as JSON types, with its number from 0 as ``generation``.

        Its ``best`` is the number of its fittest individual, and ``fitness`` the fitness of that. Empty before the
        first generation is complete.
        """
        ...

    def best_of_generation(self) -> State:
        """Return the weights of that individual, for ``begin_from``, as JSON types."""
        ...

    def winner(self) -> State:
        """Return the weights of the fittest individual of all generations, for ``begin_from``, as JSON types."""
        ...

    def is_finished(self) -> bool:
        """Whether nothing more is learned, so that training ends."""
        ...


@runtime_checkable
class PlaysApart(Protocol):
    """Has a population whose individuals can be played one by one, each in a process of its own (``--on``)."""

    def num_episodes(self) -> int:
        """Return the number of episodes of an individual on each level."""
        ...

    def ask(self) -> list[int]:
        """Return the numbers of the generation's individuals, unique in a run, in the order in which to play them."""
        ...

    def common(self) -> State:
        """Return what playing any individual needs; it stays the same for the whole run."""
        ...

    def single(self, individual: int) -> State:
        """Return what playing this individual needs besides."""
        ...

    def become(self, common: State, single: State, seed: int) -> None:
        """Play this individual from now on, from its first step, with random numbers of ``seed``."""
        ...

    def tell(self, fitness: Mapping[int, float], num_steps: Mapping[int, int]) -> None:
        """End the generation.

        Args:
            fitness: of each individual.
            num_steps: of the longest episode of each.
        """
        ...
