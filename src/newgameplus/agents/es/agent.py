"""Evolution strategies: individuals around a mean play, and the mean moves to where they did well.

Sources: Salimans et al., "Evolution Strategies as a Scalable Alternative to Reinforcement Learning" (2017); CMA-ES by
the package cmaes; the write-up of 2018 that evolved the last layer of a pre-trained PPO policy. *Differences:* see
docs/agents/es.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch

from newgameplus.agents.es import config as presets
from newgameplus.agents.es.config import EsConfig
from newgameplus.agents.es.policy import make_network, make_policies
from newgameplus.agents.saved import require_likeness, take
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.population import NOBODY, Population
from newgameplus.experience.search import CovarianceSearch, GaussianSearch, Search
from newgameplus.nn.arithmetic import Arithmetic, describe_arithmetic
from newgameplus.nn.policy import draw_actions
from newgameplus.nn.saved import generator_state, module_state, restore_generator, restore_module
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step, WorldSpec, warped

_METRICS = ("generation", "best_fitness", "mean_fitness", "fitness_spread", "step_norm", "idle_share")


class Es:
    """A population of policies that differ in some or all of their parameters.

    Args:
        config: configuration.
        world: gives rows, observation shape, number of actions and levels.
        seed: seed of the weights, the individuals and every choice.

    Raises:
        UsageError: a negative seed, a population or vector that the search cannot have, or a device that is missing.
    """

    PRESETS: ClassVar[dict[str, EsConfig]] = {
        "default": presets.DEFAULT,
        "experiments-2018": presets.EXPERIMENTS_2018,
        "sep-cma": presets.SEP_CMA,
        "all": presets.ALL,
    }

    def __init__(self, config: EsConfig, world: WorldSpec, seed: int) -> None:
        if seed < 0:
            raise UsageError(f"A seed is 0 or more, not {seed}.")
        assert world.num_actions is not None
        self.config, self._seed = config, seed
        self.observation_spec, self.action_spec = self.specs(config)
        self._num_rows, self._levels, self._num_actions = world.num_envs, world.levels, world.num_actions
        self._network = make_network(config, world.observation_shape, world.num_actions, seed)
        self._generator = torch.Generator().manual_seed(seed)
        self._race = torch.ones((self._num_rows, world.num_actions))
        self._is_frozen = False
        self._base: State = {}
        """Weights of the network that the evolution began with."""
        self._metrics = dict.fromkeys(_METRICS, 0.0)
        self._begin()

    @staticmethod
    def arithmetic(config: EsConfig) -> Arithmetic:
        """Return what computes its network on this machine."""
        return describe_arithmetic(config.device, config.precision)

    @staticmethod
    def specs(config: EsConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return specs of warped pictures and of the contest's button combinations."""
        return warped(config.stack), ActionSpec("set", name=config.actions)

    @staticmethod
    def continued(config: EsConfig, agent: str, other: Any) -> EsConfig | None:
        """Return the configuration for the policy of another agent's run, None if it cannot have one."""
        if agent != "ppo":
            return None
        fields = ("encoder", "num_hidden", "actions", "stack")
        return replace(config, **{name: getattr(other, name) for name in fields})

    def act(self, observation: Array) -> Array:
        """Choose an action for each row by its own policy, int64 ``[B]``, from uint8 ``[B, H, W, C]``."""
        logits = self._policies.logits(observation)
        if self.config.is_greedy:
            best: Array = logits.argmax(-1).numpy()
            return best
        self._race.exponential_(generator=self._generator)
        action: Array = draw_actions(torch.log_softmax(logits, -1), self._race)[0].numpy()
        return action

    def probabilities(self, observation: Array) -> tuple[Array, Array]:
        """Return the mean's policy, float32 ``[N, A]``, and value estimate, float32 ``[N]``, of uint8 ``[N, H, W, C]``.

        The value estimate is that of the network which the evolution began with.
        """
        with torch.inference_mode():
            log_probability, value = self._network(torch.from_numpy(observation))
        return log_probability.exp().numpy(), value.numpy()

    def observe(self, step: Step) -> None:
        """Count the step; at the end of an episode seat the next individual, and after the last move the mean."""
        if self._is_frozen:
            return
        self._population.observe(step.reward, step.done)
        if step.done.any():
            if self._population.is_complete:
                self._end_generation(self._population.fitness)
            self._seat(self._population.assign())

    def num_episodes(self) -> int:
        """Return the number of episodes of an individual on each level."""
        return self.config.num_episodes

    def ask(self) -> list[int]:
        """Return the numbers of this generation's individuals."""
        return _individuals(self._search)

    def common(self) -> State:
        """Return the network that the evolution began with."""
        return {"network": self._base}

    def single(self, individual: int) -> State:
        """Return an individual's parameters."""
        return {"parameters": self._search.vector(individual % self._search.num_individuals)}

    def become(self, common: State, single: State, seed: int) -> None:
        """Play this individual in every row, with random numbers of ``seed``."""
        if self._base is not common["network"]:
            restore_module(self._network, common["network"])
            self._policies, self._base = make_policies(self.config, self._network, self._num_rows), common["network"]
        for row in range(self._num_rows):
            self._policies.seat(row, single["parameters"])
        self._generator.manual_seed(seed)
        self._is_frozen = True

    def tell(self, fitness: Mapping[int, float], num_steps: Mapping[int, int]) -> None:
        """End the generation, of which no row has played anything."""
        self._population = self._new_population()
        self._end_generation(fitness)
        self._seat(self._population.assign())

    def metrics(self) -> dict[str, float]:
        """Return fitnesses of the last generation, and how far the mean moved; empty before the first is complete."""
        return dict(self._metrics) if self._metrics["generation"] else {}

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Begin with the policy of another run of this agent or of PPO; only play it if ``is_frozen``.

        Raises:
            StateError: it is of another agent or network.
        """
        agent = take(state, "agent", str)
        if agent not in ("es", "ppo"):
            raise StateError(f"This is the saved state of the agent {agent!r}, not of 'es' or 'ppo'.")
        restore_module(self._network, take(state, "network", dict))
        self._is_frozen = is_frozen
        self._begin()

    def state(self) -> State:
        """Return the full state; the network holds the mean."""
        return {
            "agent": "es",
            "num_rows": self._num_rows,
            "is_frozen": self._is_frozen,
            "base": self._base,
            "network": module_state(self._network),
            "search": self._search.state(),
            "population": self._population.state(),
            "generator": generator_state(self._generator),
            "metrics": dict(self._metrics),
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent or configuration, or is damaged; nothing has changed then.
        """
        require_likeness(self.state(), state)
        population = self._new_population()
        population.restore(state["population"])
        search = self._new_search()
        search.restore(state["search"])
        if not _are_of_generation(population.individual, search):
            raise StateError("The saved rows play individuals of another generation; begin a new run.")
        restore_module(self._network, state["base"])
        self._base = module_state(self._network)
        restore_module(self._network, state["network"])
        self._policies = make_policies(self.config, self._network, self._num_rows)
        restore_generator(self._generator, state["generator"])
        self._search, self._population, self._is_frozen = search, population, state["is_frozen"]
        self._metrics = dict(state["metrics"])
        self._seat(list(range(self._num_rows)))

    def _begin(self) -> None:
        """Begin with the network as it is."""
        self._base = module_state(self._network)
        self._policies = make_policies(self.config, self._network, self._num_rows)
        self._search = self._new_search()
        self._population = self._new_population()
        self._population.begin(_individuals(self._search))
        self._seat(self._population.assign())

    def _new_search(self) -> Search:
        config, mean = self.config, self._policies.parameters()
        if config.search == "openai":
            return GaussianSearch(
                mean, config.num_individuals, sigma=config.sigma, learning_rate=config.learning_rate,
                weight_decay=config.weight_decay, seed=self._seed,
            )  # fmt: skip
        is_diagonal = config.search == "sep-cma"
        return CovarianceSearch(
            mean, config.num_individuals, sigma=config.sigma, seed=self._seed, is_diagonal=is_diagonal
        )

    def _new_population(self) -> Population:
        return Population(self._num_rows, levels=self._levels, num_episodes=self.config.num_episodes)

    def _seat(self, rows: list[int]) -> None:
        """Give rows the parameters of their individuals, or the mean: to idle ones, and to all once frozen."""
        playing = self._population.individual.tolist()
        for row in rows:
            is_mean = self._is_frozen or playing[row] == NOBODY
            individual = playing[row] % self._search.num_individuals
            self._policies.seat(row, self._search.mean if is_mean else self._search.vector(individual))

    def _end_generation(self, known: Mapping[int, float]) -> None:
        before = self._search.mean
        fitness = np.array([known[individual] for individual in _individuals(self._search)])
        idle_share = self._population.idle_share
        self._search.tell(fitness)
        self._policies.write(self._search.mean)
        step_norm = float(np.linalg.norm(self._search.mean - before))
        figures = (self._search.generation, fitness.max(), fitness.mean(), fitness.std(), step_norm, idle_share)
        self._metrics = dict(zip(_METRICS, map(float, figures), strict=True))
        self._population.begin(_individuals(self._search))
        self._seat(np.flatnonzero(self._population.individual == NOBODY).tolist())


def _individuals(search: Search) -> list[int]:
    """Numbers of a generation's individuals, unique in a run."""
    first = search.generation * search.num_individuals
    return list(range(first, first + search.num_individuals))


def _are_of_generation(playing: Array, search: Search) -> bool:
    return set(playing.tolist()) <= {NOBODY, *_individuals(search)}
