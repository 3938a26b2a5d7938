"""NEAT, "NeuroEvolution of Augmenting Topologies": networks that grow by mutation, compete within species and cross.

Paper: Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies", Evolutionary Computation 10
(2002); code: neat-python 2.0, which makes genomes, species and generations. Use on games: the tutorial of 2021
(andruschak/openai-gym-retro). The fitness of a genome is the mean return of its episodes, so that what is rewarded is
the scenario's business.

*Differences from the tutorial:* genomes are evaluated in all rows at once; the networks are computed in compiled code,
with the same outputs; the picture's proportions are kept and its pixels scaled; outputs are not cut off to whole
numbers. The preset ``tutorial-2021`` has the last two as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np

from newgameplus.agents.buttons import require_buttons
from newgameplus.agents.neat import config as presets
from newgameplus.agents.neat.config import NeatConfig
from newgameplus.agents.neat.evolution import Evolution
from newgameplus.agents.neat.genes import Genes, from_json, from_state, to_json, to_state
from newgameplus.agents.neat.networks import Network, activate, make_network
from newgameplus.agents.neat.settings import neat_config
from newgameplus.agents.saved import require_agent, take, take_count
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.population import NOBODY, Population
from newgameplus.types import BUTTONS, PICTURE, ActionSpec, Array, ObservationSpec, State, Step, Wishes, WorldSpec

_PROVISIONAL = -1
"""Generation of the winner as long as no generation is complete."""


@dataclass(frozen=True, slots=True)
class _Winner:
    """The fittest genome of all generations, or of one."""

    number: int
    generation: int
    fitness: float
    genes: Genes

    def state(self) -> State:
        return {
            "number": self.number,
            "generation": self.generation,
            "fitness": self.fitness,
            "genes": to_json(self.genes),
        }


class Neat:
    """Evolves networks; each row plays one genome's episode after another's.

    Args:
        config: configuration.
        world: gives rows, pixels, and buttons or actions.
        seed: 0 or more.

    Raises:
        UsageError: a negative seed, or the configuration file does not fit the world.
    """

    PRESETS: ClassVar[dict[str, NeatConfig]] = {
        "default": presets.DEFAULT,
        "every-frame": presets.EVERY_FRAME,
        "sonic": presets.SONIC,
        "mario": presets.MARIO,
        "tutorial-2021": presets.TUTORIAL_2021,
    }

    def __init__(self, config: NeatConfig, world: WorldSpec, seed: int) -> None:
        if seed < 0:
            raise UsageError(f"A seed is 0 or more, not {seed}.")
        self.config = config
        self.observation_spec, self.action_spec = self.specs(config)
        self._picture = _picture(config, world)
        self._output_names = _output_names(config, world)
        self._num_inputs, self._num_outputs = self._picture[0] * self._picture[1], len(self._output_names)
        self._neat_config = neat_config(config.file, self._num_inputs, self._num_outputs)
        self._num_rows, self._levels, self._seed = world.num_envs, world.levels, seed
        self._evolution = Evolution(self._neat_config, seed)
        self._population = self._new_population()
        self._best: _Winner | None = None
        """Fittest of the last complete generation."""
        self._winner: _Winner | None = None
        self._summary: dict[str, Any] = {}
        """Of the last complete generation; empty before the first."""
        self._fixed: Genes | None = None
        """Genes that all rows play once the agent is frozen or has reached its fitness threshold."""
        self._is_frozen = False
        self._playing: dict[int, tuple[Genes, Network]] = {}
        """Individuals that rows play."""
        self._memories: list[Array] = [np.zeros(0)] * self._num_rows
        self._seat(self._population.assign())

    @staticmethod
    def specs(config: NeatConfig) -> tuple[ObservationSpec, ActionSpec]:
        """Return the specs: a small gray picture, and buttons or the actions of a set."""
        picture = PICTURE if config.is_scrambled else ObservationSpec(gray=True, shrink=config.shrink)
        return picture, BUTTONS if config.actions is None else ActionSpec("set", name=config.actions)

    @staticmethod
    def wishes(config: NeatConfig) -> Wishes:
        """Return the wishes of a configuration."""
        return Wishes(
            frames_per_step=config.frames_per_step,
            sticky_probability=config.sticky_probability,
            max_episode_steps=config.max_episode_steps,
            stall_frames=config.stall_frames,
            scenario=config.scenario,
        )

    def _new_population(self) -> Population:
        population = Population(self._num_rows, levels=self._levels, num_episodes=self.config.num_episodes)
        population.begin(self._evolution.playing_order({}))
        return population

    def act(self, observation: Array) -> Array:
        """Activate each row's network; return buttons, int8 ``[B, buttons]``, or actions, int64 ``[B]``."""
        outputs = self._outputs(self._inputs(observation))
        if self.config.actions is None:
            return (outputs >= self.config.threshold).astype(np.int8)
        actions: Array = outputs.argmax(axis=1)
        return actions

    def _inputs(self, observation: Array) -> Array:
        """Return the pixels, float64 ``[B, inputs]``."""
        if self.config.is_scrambled:
            height, width = observation.shape[1:3]
            size = (height // self.config.shrink, width // self.config.shrink)
            small = [cv2.cvtColor(cv2.resize(one, size), cv2.COLOR_BGR2GRAY) for one in observation]
            observation = np.stack(small)
        pixels: Array = observation.reshape(len(observation), -1) * self.config.input_scale
        return pixels

    def _outputs(self, inputs: Array) -> Array:
        """Return each row's outputs, float64 ``[B, outputs]``; zeros where a row plays nobody."""
        individuals = self.individuals
        rows = [row for row, individual in enumerate(individuals) if individual != NOBODY]
        networks = [self._playing[individuals[row]][1] for row in rows]
        memories = [self._memories[row] for row in rows]
        if len(rows) == self._num_rows:
            return activate(networks, memories, inputs, self._num_outputs)
        outputs = np.zeros((self._num_rows, self._num_outputs))
        if rows:
            outputs[rows] = activate(networks, memories, inputs[rows], self._num_outputs)
        return outputs

    @property
    def individuals(self) -> list[int]:
        """Individual that each row plays, ``[B]``; 0, which no genome has for its number, stands for fixed genes."""
        found: list[int] = self._population.individual.tolist() if self._fixed is None else [0] * self._num_rows
        return found

    def observe(self, step: Step) -> None:
        """Count the step; at the end of an episode seat the next genome, and after a generation's last make the next.

        Raises:
            LearningError: neat-python cannot make it.
        """
        if self._fixed is not None:
            self._forget(np.flatnonzero(step.done).tolist())
            return
        self._population.observe(step.reward, step.done)
        if not step.done.any():
            return
        while self._population.is_complete and self._fixed is None:
            self._end_generation(self._population.fitness, self._population.lengths)
        if self._fixed is None:
            self._seat(self._population.assign(self._evolution.survivors))

    def num_episodes(self) -> int:
        """Return the number of episodes of a genome on each level."""
        return self.config.num_episodes

    def ask(self) -> list[int]:
        """Return the genomes of this generation."""
        return self._evolution.playing_order({})

    def common(self) -> State:
        """Return nothing: a genome is all that it takes."""
        return {}

    def single(self, individual: int) -> State:
        """Return a genome, to begin from."""
        genes = self._evolution.genomes[individual].genes
        return self._with_winner(_Winner(individual, self._evolution.generation, 0.0, genes))

    def become(self, common: State, single: State, seed: int) -> None:
        """Play this genome in every row; it draws no random numbers."""
        del common, seed
        self.begin_from(single, is_frozen=True)

    def tell(self, fitness: Mapping[int, float], num_steps: Mapping[int, int]) -> None:
        """End the generation, of which no row has played anything.

        Raises:
            LearningError: neat-python cannot make the next one.
        """
        self._population = self._new_population()
        self._end_generation(fitness, num_steps)
        if self._fixed is None:
            self._seat(self._population.assign())

    def _end_generation(self, fitness: Mapping[int, float], lengths: Mapping[int, int]) -> None:
        is_solved, genomes = self._evolution.is_solved_by(fitness), self._evolution.genomes
        best = max(genomes, key=lambda number: fitness[number])
        self._best = _Winner(best, self._evolution.generation, fitness[best], genomes[best].genes)
        if self._winner is None or self._best.fitness > self._winner.fitness:
            self._winner = self._best
        idle_share = self._population.idle_share
        self._summary = {**self._evolution.advance(fitness), "idle_share": idle_share, "is_solved": is_solved}
        if is_solved:
            self._fix(self._winner.genes)
        else:
            self._population.begin(self._evolution.playing_order(lengths))

    def _fix(self, genes: Genes) -> None:
        """Let all rows play these genes from now on."""
        self._fixed = genes
        self._playing = {0: (genes, make_network(self._neat_config, genes))}
        self._forget(list(range(self._num_rows)))

    def _seat(self, rows: list[int], guests: Mapping[int, Genes] | None = None) -> None:
        """Make the networks of rows whose individual is new, with an empty memory, and drop those not needed."""
        individuals = self.individuals
        for individual in {individuals[row] for row in rows} - self._playing.keys() - {NOBODY}:
            genome = self._evolution.genomes.get(individual)
            genes = genome.genes if genome is not None else (guests or {})[individual]
            self._playing[individual] = genes, make_network(self._neat_config, genes)
        self._playing = {one: self._playing[one] for one in dict.fromkeys(individuals) if one != NOBODY}
        self._forget(rows)

    def _forget(self, rows: list[int]) -> None:
        individuals = self.individuals
        for row in rows:
            individual = individuals[row]
            self._memories[row] = np.zeros(0) if individual == NOBODY else self._playing[individual][1].new_memory()

    def metrics(self) -> dict[str, float]:
        """Return the last generation's fitnesses, species and size of the best; empty before the first is complete."""
        if not self._summary:
            return {}
        named = {
            "generation": "generation",
            "best_fitness": "fitness",
            "mean_fitness": "mean",
            "connections": "num_connections",
            "idle_share": "idle_share",
        }
        figures = {name: float(self._summary[key]) for name, key in named.items()}
        return {**figures, "species": float(len(self._summary["species"]))}

    def generation(self) -> dict[str, Any]:
        """Return the summary of the last complete generation, as JSON types; empty before the first."""
        return dict(self._summary)

    def is_finished(self) -> bool:
        """Whether the fitness threshold has been reached, so that nothing more is learned."""
        return self._fixed is not None and not self._is_frozen

    def best_of_generation(self) -> State:
        """Return the fittest genome of the last complete generation, to begin from; JSON types."""
        return self._with_winner(self._best or self._provisional())

    def winner(self) -> State:
        """Return the fittest genome of all generations, to begin from; JSON types."""
        return self._with_winner(self._winner or self._provisional())

    def _with_winner(self, winner: _Winner) -> State:
        sizes = {"num_inputs": self._num_inputs, "num_outputs": self._num_outputs}
        seen = {"picture": list(self._picture), "outputs": self._output_names}
        return {"agent": "neat", **sizes, "winner": {**winner.state(), **seen}}

    def _provisional(self) -> _Winner:
        """Fittest genome so far of the first generation, or its first."""
        fitness = self._population.fitness
        number = max(self._evolution.genomes, key=lambda one: fitness.get(one, -np.inf))
        genes = self._evolution.genomes[number].genes
        return _Winner(number, _PROVISIONAL, fitness.get(number, 0.0), genes)

    def begin_from(self, state: State, *, is_frozen: bool = False) -> None:
        """Play the winner of another run if ``is_frozen``; otherwise begin with mutations of it.

        Raises:
            StateError: it is of another agent, or of a world with other pixels or buttons, or is damaged.
        """
        require_agent(state, "neat")
        for name, own in (("num_inputs", self._num_inputs), ("num_outputs", self._num_outputs)):
            if take_count(state, name) != own:
                raise StateError(f"The genome has {name} = {state[name]:,}, and this world needs {own:,}.")
        genes = _winner_of(take(state, "winner", dict), self._num_inputs, self._num_outputs).genes
        if is_frozen:
            self._is_frozen = True
            self._fix(genes)
            return
        self._evolution = Evolution(self._neat_config, self._seed, genes)
        self._population = self._new_population()
        self._playing = {}
        self._seat(self._population.assign())

    def state(self) -> State:
        """Return the full state: all genomes, species, counters, episodes and memories."""
        guests = [one for one in self._playing if one not in self._evolution.genomes]
        return {
            **self.winner(),
            "num_rows": self._num_rows,
            "best": [] if self._best is None else [self._best.state()],
            "summary": self._summary,
            "is_frozen": self._is_frozen,
            "is_fixed": self._fixed is not None,
            "evolution": self._evolution.state(),
            "population": self._population.state(),
            "guests": {"numbers": guests, **to_state([self._playing[one][0] for one in guests])},
            "memories": [memory.copy() for memory in self._memories],
        }

    def restore(self, state: State) -> None:
        """Restore ``state``.

        Raises:
            StateError: it belongs to another agent, world or number of rows, or is damaged; nothing has changed.
        """
        require_agent(state, "neat")
        for name, own in (
            ("num_rows", self._num_rows),
            ("num_inputs", self._num_inputs),
            ("num_outputs", self._num_outputs),
        ):
            if take_count(state, name) != own:
                raise StateError(f"The saved state has {name} = {state[name]}, this agent {own}.")
        sizes = self._num_inputs, self._num_outputs
        winner = _winner_of(take(state, "winner", dict), *sizes)
        best = [_winner_of(one, *sizes) for one in take(state, "best", list)]
        guests = _guests_of(take(state, "guests", dict))
        memories = [np.array(memory, np.float64) for memory in take(state, "memories", list)]
        summary, is_frozen, is_fixed = (
            take(state, *one) for one in (("summary", dict), ("is_frozen", bool), ("is_fixed", bool))
        )
        config = neat_config(self.config.file, *sizes)
        evolution, population = (
            Evolution(config, self._seed),
            Population(self._num_rows, levels=self._levels, num_episodes=self.config.num_episodes),
        )
        evolution.restore(take(state, "evolution", dict))
        population.restore(take(state, "population", dict))
        known = evolution.genomes.keys() | guests.keys() | {NOBODY}
        if len(memories) != self._num_rows or not (is_fixed or set(population.individual.tolist()) <= known):
            raise StateError("The saved rows play genomes that are not saved; begin a new run.")
        self._neat_config, self._evolution, self._population = config, evolution, population
        self._winner = None if winner.generation == _PROVISIONAL else winner
        self._best, self._summary = (best[0] if best else None), summary
        self._is_frozen, self._fixed, self._playing = is_frozen, None, {}
        if is_fixed:
            self._fix(guests[0])
        else:
            self._seat(list(range(self._num_rows)), guests)
        self._memories = memories


def _picture(config: NeatConfig, world: WorldSpec) -> tuple[int, int]:
    """Rows and columns of what the networks see."""
    if len(world.observation_shape) != 3:
        raise UsageError(f"NEAT sees a picture, not an observation of the shape {world.observation_shape}.")
    height, width = world.observation_shape[:2]
    return (width // config.shrink, height // config.shrink) if config.is_scrambled else (height, width)


def _output_names(config: NeatConfig, world: WorldSpec) -> list[str]:
    """Buttons, or actions by their numbers."""
    if config.actions is None:
        require_buttons(world)
        return [name or "no button" for name in world.buttons]
    if world.num_actions is None:
        raise UsageError(f"This world has no numbered actions, as the action set {config.actions} has.")
    return [f"action {number}" for number in range(world.num_actions)]


def _winner_of(state: object, num_inputs: int, num_outputs: int) -> _Winner:
    number, generation = take_count(state, "number"), take(state, "generation", int)
    winner = _Winner(number, generation, take(state, "fitness", float), from_json(take(state, "genes", dict)))
    has_outputs = set(range(num_outputs)) <= set(winner.genes.key.tolist())
    if not has_outputs or winner.genes.source.min(initial=0) < -num_inputs:
        raise StateError("The saved winner does not fit this world; begin a new run.")
    return winner


def _guests_of(state: State) -> dict[int, Genes]:
    numbers = take(state, "numbers", list)
    genes = from_state(state)
    if len(genes) != len(numbers):
        raise StateError("The saved state has other guests than genes; begin a new run.")
    return dict(zip(numbers, genes, strict=True))
