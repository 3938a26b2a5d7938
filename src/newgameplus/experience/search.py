"""Searches for a vector of parameters by the fitness of individuals: a mean, and a generation drawn around it.

Every vector follows from the seed, the generation and the individual's number alone, so that only numbers and fitness
travel between processes.

Shapes: ``N`` individuals, ``D`` parameters.
"""

from __future__ import annotations

from typing import Any, Protocol

import cmaes
import numpy as np

from newgameplus.errors import StateError, UsageError
from newgameplus.learning.evolution import AdamMoments, adam_step, centred_ranks
from newgameplus.types import Array, State

MAX_CMA_PARAMETERS = 2000
"""Limit of D for the full covariance matrix of CMA-ES: it has D squared numbers."""


class Search(Protocol):
    """A search distribution."""

    @property
    def generation(self) -> int:
        """Number of generations before the present one."""

    @property
    def num_individuals(self) -> int:
        """N."""

    @property
    def mean(self) -> Array:
        """The mean, float32 ``[D]``: what the search has found so far."""

    def vector(self, individual: int) -> Array:
        """Parameters of an individual of this generation, float32 ``[D]``."""

    def tell(self, fitness: Array) -> None:
        """Begin the next generation, given the fitness of each individual, ``[N]``."""

    def state(self) -> State:
        """Full state."""

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is of a search for another number of parameters, or damaged.
        """


class GaussianSearch:
    """OpenAI's evolution strategy: antithetic pairs around the mean, which Adam moves along the ranked differences.

    Salimans, Ho, Chen, Sidor and Sutskever, "Evolution Strategies as a Scalable Alternative to Reinforcement Learning"
    (2017), arXiv:1703.03864. Individual ``2k`` is the mean plus ``sigma`` times the noise of pair ``k``, and ``2k + 1``
    the mean minus it.

    Args:
        mean: float32 ``[D]``, to begin with.
        num_individuals: N, an even number.
        sigma: standard deviation of the noise.
        learning_rate: learning rate of Adam.
        weight_decay: part of the parameters that each gradient takes away from them.
        seed: seed of all noise.

    Raises:
        UsageError: N is odd or less than 2.
    """

    def __init__(
        self,
        mean: Array,
        num_individuals: int,
        *,
        sigma: float,
        learning_rate: float,
        weight_decay: float = 0.0,
        seed: int = 0,
    ) -> None:
        if num_individuals < 2 or num_individuals % 2:
            raise UsageError(f"A population of antithetic pairs is an even number, not {num_individuals}.")
        self._generation = 0
        self._mean = np.array(mean, np.float32)
        self._num_individuals, self._sigma, self._seed = num_individuals, np.float32(sigma), seed
        self._learning_rate, self._weight_decay = learning_rate, np.float32(weight_decay)
        self._moments = AdamMoments.zeros(len(self._mean))

    @property
    def generation(self) -> int:
        """Number of generations before the present one."""
        return self._generation

    @property
    def num_individuals(self) -> int:
        """N."""
        return self._num_individuals

    @property
    def mean(self) -> Array:
        """The mean, float32 ``[D]``."""
        return self._mean

    def vector(self, individual: int) -> Array:
        """Parameters of an individual of this generation, float32 ``[D]``."""
        sign = np.float32(-1 if individual % 2 else 1)
        return self._mean + sign * self._sigma * self._noise(individual // 2)

    def tell(self, fitness: Array) -> None:
        """Begin the next generation, given the fitness of each individual, ``[N]``."""
        ranks = centred_ranks(fitness)
        gradient = np.zeros_like(self._mean)
        for pair, weight in enumerate(ranks[::2] - ranks[1::2]):
            if weight:
                gradient += weight * self._noise(pair)
        gradient /= np.float32(self._num_individuals) * self._sigma
        gradient -= self._weight_decay * self._mean
        step, self._moments = adam_step(gradient, self._moments, self._learning_rate)
        self._mean = self._mean + step
        self._generation += 1

    def state(self) -> State:
        """Full state."""
        first, second, num_steps = self._moments
        moments = {"first": first.copy(), "second": second.copy(), "num_steps": num_steps}
        return {"seed": self._seed, "mean": self._mean.copy(), "generation": self._generation, "moments": moments}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is of a search for another number of parameters, or damaged.
        """
        like = self._mean
        mean, moments = _vector(state, "mean", like), _part(state, "moments")
        moments_of = (_vector(moments, "first", like), _vector(moments, "second", like), _count(moments, "num_steps"))
        seed, generation = _count(state, "seed"), _count(state, "generation")
        self._mean, self._moments, self._seed, self._generation = mean, AdamMoments(*moments_of), seed, generation

    def _noise(self, pair: int) -> Array:
        numbers = np.random.default_rng([self._seed, self.generation, pair])
        return numbers.standard_normal(len(self._mean), np.float32)


class CovarianceSearch:
    """CMA-ES by the package cmaes: the whole covariance matrix for small vectors, its diagonal for others.

    Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), arXiv:1604.00772; Ros and Hansen, "A Simple Modification in
    CMA-ES Achieving Linear Time and Space Complexity" (2008).

    Args:
        mean: float32 ``[D]``, to begin with.
        num_individuals: N, at least 4.
        sigma: standard deviation of the first generation.
        seed: seed of all generations.
        is_diagonal: whether only the diagonal of the covariance matrix is learned.

    Raises:
        UsageError: N is less than 4, or D is too large for a whole matrix.
    """

    _KEPT = ("_mean", "_sigma", "_p_sigma", "_pc", "_C", "_g")
    """What cmaes learns; all else follows from its arguments, or from these, or is for conditions to stop at."""

    def __init__(
        self, mean: Array, num_individuals: int, *, sigma: float, seed: int = 0, is_diagonal: bool = False
    ) -> None:
        if num_individuals < 4:
            raise UsageError(f"CMA-ES needs a population of at least 4, not {num_individuals}.")
        if not is_diagonal and len(mean) > MAX_CMA_PARAMETERS:
            raise UsageError(
                f"CMA-ES over {len(mean):,} parameters would need a matrix of {len(mean) ** 2:,} numbers; "
                f"{MAX_CMA_PARAMETERS:,} are the most: use sep-cma or openai."
            )
        kind = cmaes.SepCMA if is_diagonal else cmaes.CMA
        self._cma: Any = kind(np.array(mean, np.float64), sigma, seed=seed, population_size=num_individuals)
        self._seed = seed
        self._begin_generation()

    @property
    def generation(self) -> int:
        """Number of generations before the present one."""
        return int(self._cma.generation)

    @property
    def num_individuals(self) -> int:
        """N."""
        return int(self._cma.population_size)

    @property
    def mean(self) -> Array:
        """The mean, float32 ``[D]``."""
        return np.asarray(self._cma._mean, np.float32)

    def vector(self, individual: int) -> Array:
        """Parameters of an individual of this generation, float32 ``[D]``."""
        vector: Array = self._vectors[individual].astype(np.float32)
        return vector

    def tell(self, fitness: Array) -> None:
        """Begin the next generation, given the fitness of each individual, ``[N]``."""
        self._cma.tell([(vector, -float(value)) for vector, value in zip(self._vectors, fitness, strict=True)])
        self._begin_generation()

    def state(self) -> State:
        """Full state."""
        return {"seed": self._seed, **self._kept}

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it is of a search for another number of parameters, or damaged.
        """
        restored = {}
        for name, own in self._kept.items():
            given: Any = state.get(name)
            if type(given) is not type(own) or np.shape(given) != np.shape(own):
                raise StateError(f"The saved search has no fitting {name!r}; begin a new run.")
            restored[name] = np.copy(given) if isinstance(given, np.ndarray) else given
        self._seed = _count(state, "seed")
        for name, value in restored.items():
            setattr(self._cma, f"_{name}", value)
        self._cma._D = self._cma._B = None  # follow from the covariance
        self._begin_generation()

    def _begin_generation(self) -> None:
        """Draw the vectors of a generation; the state is that from before."""
        values = {name.removeprefix("_"): getattr(self._cma, name) for name in self._KEPT}
        self._kept: State = {
            name: value.copy() if isinstance(value, np.ndarray) else int(value) if name == "g" else float(value)
            for name, value in values.items()
        }
        seeds = np.random.SeedSequence([self._seed, self.generation])
        self._cma.reseed_rng(int(seeds.generate_state(1)[0]))
        self._vectors = np.array([self._cma.ask() for _ in range(self.num_individuals)])


def _part(state: object, key: str) -> State:
    part = state.get(key) if isinstance(state, dict) else None
    if not isinstance(part, dict):
        raise StateError(f"The saved search has no {key!r}; begin a new run.")
    return part


def _vector(state: State, key: str, like: Array) -> Array:
    value = state.get(key)
    if not isinstance(value, np.ndarray) or value.dtype != like.dtype or value.shape != like.shape:
        raise StateError(f"The saved search has no {key!r} of {len(like):,} numbers; begin a new run.")
    return value.copy()


def _count(state: State, key: str) -> int:
    value = state.get(key)
    if type(value) is not int or value < 0:
        raise StateError(f"The saved search has no number {key!r}; begin a new run.")
    return value
