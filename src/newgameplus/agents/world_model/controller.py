"""C: linear controllers, a population of them in the rows of a batch, in the dream as in the real game.

Source: Ha and Schmidhuber, "World Models" (2018), whose controller is linear and evolved by CMA-ES.

Shapes: ``B`` rows, ``F`` features, ``O`` outputs, ``A`` actions, ``D = (F + 1) * O`` parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.errors import StateError
from newgameplus.experience.population import NOBODY, Population
from newgameplus.experience.search import Search
from newgameplus.types import Array, State, Step

METRICS = ("generation", "best_fitness", "mean_fitness", "fitness_spread", "idle_share")


class Linear:
    """A linear layer whose outputs choose an action.

    Args:
        num_features: F.
        combos: buttons of each action.
        by_button: whether an output belongs to a button of these, and is pressed from 0 on; else, and where the
            buttons are not known, to an action.
    """

    def __init__(self, num_features: int, combos: Sequence[Sequence[str]], *, by_button: bool) -> None:
        names = sorted({button for combo in combos for button in combo})
        self._by_button, self._num_features = by_button and bool(names), num_features
        self._holds = np.array([[button in combo for button in names] for combo in combos], np.int64)
        self._num_outputs = len(names) if self._by_button else len(combos)

    @property
    def num_parameters(self) -> int:
        """D."""
        return (self._num_features + 1) * self._num_outputs

    def actions(self, seen: Array, parameters: Array) -> Array:
        """Return the action of every row, int64 ``[B]``.

        Args:
            seen: float32 ``[B, F]``.
            parameters: float32 ``[B, D]``, of each row; the last O are biases.
        """
        weight = parameters[:, : -self._num_outputs].reshape(-1, self._num_outputs, self._num_features)
        output = np.einsum("bf,bof->bo", seen, weight) + parameters[:, -self._num_outputs :]
        if not self._by_button:
            best: Array = output.argmax(-1)
            return best
        pressed = (output >= 0).astype(np.int64)
        nearest: Array = np.abs(pressed[:, None] - self._holds).sum(-1).argmin(-1)
        return nearest


class Controllers:
    """The controllers of a generation, in the rows of a batch; at its end the search moves on by itself.

    Args:
        linear: what they are.
        search: where they come from.
        num_rows: B.
        levels: level of each row, as numbers; None if all rows play the same.
        num_episodes: episodes of each individual on each level.
        is_frozen: whether every row plays the search's mean, and nothing is learned.
    """

    def __init__(
        self,
        linear: Linear,
        search: Search,
        num_rows: int,
        *,
        levels: Sequence[int] | None = None,
        num_episodes: int = 1,
        is_frozen: bool = False,
    ) -> None:
        self._linear, self.search, self.is_frozen = linear, search, is_frozen
        self._parameters = np.zeros((num_rows, linear.num_parameters), np.float32)
        self._population = Population(num_rows, levels=levels, num_episodes=num_episodes)
        self._population.begin(_individuals(search))
        self._metrics = dict.fromkeys(METRICS, 0.0)
        self._seat(self._population.assign())

    @property
    def metrics(self) -> dict[str, float]:
        """Fitnesses of the last generation; empty before the first is complete."""
        return dict(self._metrics) if self._metrics["generation"] else {}

    def act(self, observation: Array) -> Array:
        """Return the action of every row, int64 ``[B]``, of features float32 ``[B, F]``."""
        return self._linear.actions(observation, self._parameters)

    def observe(self, step: Step) -> None:
        """Count the step; seat the next individual where an episode ended, and end a complete generation."""
        if self.is_frozen:
            return
        self._population.observe(step.reward, step.done)
        if step.done.any():
            if self._population.is_complete:
                self._end_generation()
            self._seat(self._population.assign())

    def state(self) -> State:
        """Return the full state, the search's included."""
        return {
            "search": self.search.state(),
            "mean": self.search.mean,
            "population": self._population.state(),
            "metrics": dict(self._metrics),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is of other rows or another search, or damaged.
        """
        self._population.restore(state["population"])
        self.search.restore(state["search"])
        if not set(self._population.individual.tolist()) <= {NOBODY, *_individuals(self.search)}:
            raise StateError("The saved rows play individuals of another generation; begin a new run.")
        self._metrics = dict(state["metrics"])
        self._seat(list(range(len(self._parameters))))

    def _seat(self, rows: Sequence[int]) -> None:
        """Give rows the parameters of their individuals; the mean to idle ones, and to all once frozen."""
        playing = self._population.individual.tolist()
        for row in rows:
            is_mean = self.is_frozen or playing[row] == NOBODY
            self._parameters[row] = (
                self.search.mean if is_mean else self.search.vector(playing[row] % self.search.num_individuals)
            )

    def _end_generation(self) -> None:
        known, idle_share = self._population.fitness, self._population.idle_share
        fitness = np.array([known[individual] for individual in _individuals(self.search)])
        self.search.tell(fitness)
        figures = (self.search.generation, fitness.max(), fitness.mean(), fitness.std(), idle_share)
        self._metrics = dict(zip(METRICS, map(float, figures), strict=True))
        self._population.begin(_individuals(self.search))
        self._seat(np.flatnonzero(self._population.individual == NOBODY).tolist())


def _individuals(search: Search) -> list[int]:
    """Numbers of a generation's individuals, unique in a run."""
    first = search.generation * search.num_individuals
    return list(range(first, first + search.num_individuals))
