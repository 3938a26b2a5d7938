"""A population of neat-python's genomes, a generation at a time: the body of its ``Population.run``, from outside.

Source: neat-python 2.0, ``neat/population.py``. *Differences:* the caller evaluates the genomes; the random numbers are
the population's own, not Python's global ones, and are saved with it, as are all counters of ids: neat-python's own
checkpoints begin to count genomes anew after the highest one alive.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from neat.math_util import mean, stdev
from neat.reporting import BaseReporter, ReporterSet
from neat.species import Species

from newgameplus.agents.neat.genes import Genes, from_state, to_state
from newgameplus.agents.neat.genome import Genome, genome_of
from newgameplus.agents.saved import take, take_array, take_count
from newgameplus.errors import LearningError, StateError
from newgameplus.types import State

_NUM_WORDS = 625
"""Numbers in a state of Python's random generator."""


class _Counter:
    """Gives ids, as ``itertools.count``, and tells the next one."""

    def __init__(self, following: int) -> None:
        self.following = following

    def __next__(self) -> int:
        self.following += 1
        return self.following - 1


class _Notes(BaseReporter):  # type: ignore[misc]  # neat-python has no types
    """Notes what neat-python only tells its reporters."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.stagnated: list[int] = []

    def info(self, msg: str) -> None:
        self.told.append(msg)

    def species_stagnant(self, sid: int, species: Species) -> None:
        self.stagnated.append(sid)


class Evolution:
    """Genomes, species and counters of one population.

    Args:
        config: neat-python's configuration; not used by anything else.
        seed: seed of all random numbers.
        ancestor: genes that the first generation is mutated from; None for new random genomes.
    """

    def __init__(self, config: Any, seed: int, ancestor: Genes | None = None) -> None:
        self._config, self._notes = config, _Notes()
        reporters = ReporterSet()
        reporters.add(self._notes)
        stagnation = config.stagnation_type(config.stagnation_config, reporters)
        self._reproduction = config.reproduction_type(config.reproduction_config, reporters, stagnation)
        self._reproduction.genome_indexer = _Counter(1)
        config.genome_config.innovation_tracker = self._reproduction.innovation_tracker
        config.genome_config.node_indexer = _Counter(config.genome_config.num_outputs)
        self._species = config.species_set_type(config.species_set_config, reporters)
        self._species.indexer = _Counter(1)
        self._random = random.Random(seed).getstate()
        self.generation = 0
        """Number of the current generation, from 0."""
        self.num_extinctions = 0
        with self._drawing():
            self.genomes: dict[int, Genome] = self._new_genomes() if ancestor is None else self._children(ancestor)
            """Genomes of the current generation, by number."""
            self._species.speciate(config, self.genomes, self.generation)

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """Let neat-python draw this population's random numbers."""
        outside = random.getstate()
        random.setstate(self._random)
        try:
            yield
        finally:
            self._random = random.getstate()
            random.setstate(outside)

    def _new_genomes(self) -> dict[int, Genome]:
        config = self._config
        found: dict[int, Genome] = self._reproduction.create_new(
            config.genome_type, config.genome_config, config.pop_size
        )
        return found

    def _children(self, ancestor: Genes) -> dict[int, Genome]:
        """Return the ancestor and mutated copies of it."""
        config = self._config.genome_config
        config.innovation_tracker.global_counter = int(ancestor.innovation.max(initial=0))
        config.node_indexer.following = max(int(ancestor.key.max()) + 1, config.num_outputs)
        genomes = {}
        for _ in range(self._config.pop_size):
            number = next(self._reproduction.genome_indexer)
            genomes[number] = genome_of(ancestor, number)
            if len(genomes) > 1:
                genomes[number].mutate(config)
        return genomes

    @property
    def num_species(self) -> int:
        """Number of species."""
        return len(self._species.species)

    def is_solved_by(self, fitness: Mapping[int, float]) -> bool:
        """Whether the fitnesses of a generation reach the threshold, if it has one."""
        config = self._config
        criterion: Any = {"max": max, "min": min, "mean": mean}[config.fitness_criterion]
        return not config.no_fitness_termination and bool(criterion(fitness.values()) >= config.fitness_threshold)

    def survivors(self, fitness: Mapping[int, float]) -> Sequence[int]:
        """Whom elitism will probably keep, by the fitnesses known so far, the fittest first."""
        elitism = self._config.reproduction_config.elitism
        kept: list[int] = []
        for species in self._species.species.values():
            known = [number for number in species.members if number in fitness]
            kept += sorted(known, key=lambda number: (fitness[number], number), reverse=True)[:elitism]
        return sorted(kept, key=lambda number: (fitness[number], number), reverse=True)

    def playing_order(self, lengths: Mapping[int, int]) -> list[int]:
        """Return the genomes' numbers, those first whose episodes will probably be the longest.

        Args:
            lengths: lengths of the last generation's episodes.
        """
        ancestors = self._reproduction.ancestors

        def expected(number: int) -> int:
            known = (lengths.get(one, 0) for one in ancestors.get(number, ()))
            return lengths[number] if number in lengths else max(known, default=0)

        return sorted(self.genomes, key=lambda number: (-expected(number), number))

    def advance(self, fitness: Mapping[int, float]) -> dict[str, Any]:
        """Replace the generation by the next one.

        Args:
            fitness: of each genome, by number.

        Returns:
            Summary of the old generation, and the table of its species that neat-python prints, as JSON types.

        Raises:
            LearningError: there are more species than the population has room for, or all are extinct.
        """
        self._notes.told, self._notes.stagnated = [], []
        summary = self._evaluated(fitness)
        config = self._config
        self._reproduction.ancestors = {}
        with self._drawing(), _without_collector():
            try:
                self.genomes = self._reproduction.reproduce(config, self._species, config.pop_size, self.generation)
            except RuntimeError as error:
                raise LearningError(
                    f"neat-python cannot make generation {self.generation + 1} of {self.num_species} species: "
                    f"{str(error).rstrip('.')}; raise pop_size or compatibility_threshold."
                ) from error
            if not self._species.species:
                self.num_extinctions += 1
                if not config.reset_on_extinction:
                    raise LearningError(
                        f"All species are extinct after generation {self.generation}; allow new ones with "
                        "reset_on_extinction = True, or raise max_stagnation."
                    )
                self.genomes = self._new_genomes()
            self._species.speciate(config, self.genomes, self.generation)
        summary |= {
            "notes": self._notes.told,
            "stagnated": self._notes.stagnated,
            "extinctions": self.num_extinctions,
            "species": [self._row(species) for _, species in sorted(self._species.species.items())],
        }
        self.generation += 1
        return summary

    def _evaluated(self, fitness: Mapping[int, float]) -> dict[str, Any]:
        best: Any = None
        for number, genome in self.genomes.items():
            genome.fitness = fitness[number]
            if best is None or genome.fitness > best.fitness:
                best = genome
        values = [genome.fitness for genome in self.genomes.values()]
        return {
            "generation": self.generation,
            "mean": mean(values),
            "stdev": stdev(values),
            "best": best.key,
            "fitness": best.fitness,
            "best_species": self._species.get_species_id(best.key),
            "num_nodes": best.size()[0],
            "num_connections": best.size()[1],
        }

    def _row(self, species: Species) -> dict[str, Any]:
        return {
            "id": species.key,
            "age": self.generation - species.created,
            "size": len(species.members),
            "fitness": species.fitness,
            "adjusted_fitness": species.adjusted_fitness,
            "stagnation": self.generation - species.last_improved,
        }

    def state(self) -> State:
        """Return the full state."""
        version, words, gauss = self._random
        genome_config = self._config.genome_config
        return {
            "generation": self.generation,
            "num_extinctions": self.num_extinctions,
            "genomes": to_state([genome.genes for genome in self.genomes.values()]),
            "numbers": np.array(list(self.genomes), np.int64),
            "species": [_species_state(species) for species in self._species.species.values()],
            "next_genome": self._reproduction.genome_indexer.following,
            "next_node": genome_config.node_indexer.following,
            "next_species": self._species.indexer.following,
            "innovation": self._reproduction.innovation_tracker.global_counter,
            "random": {"version": version, "words": np.array(words, np.uint32), "gauss": gauss},
        }

    def restore(self, state: State) -> None:
        """Restore :meth:`state`.

        Raises:
            StateError: it is damaged; nothing has changed.
        """
        genes, numbers = from_state(take(state, "genomes", dict)), take_array(state, "numbers", np.int64).tolist()
        if len(genes) != len(numbers) or not genes:
            raise StateError("The saved generation has other genomes than numbers; begin a new run.")
        genomes = {number: genome_of(one, number) for number, one in zip(numbers, genes, strict=True)}
        species = [_species_of(saved, genomes) for saved in take(state, "species", list)]
        drawn = _random_state(take(state, "random", dict))
        counts = [
            take_count(state, name)
            for name in ("generation", "num_extinctions", "next_genome", "next_node", "next_species", "innovation")
        ]
        self.genomes, self._random = genomes, drawn
        self._species.species = {one.key: one for one in species}
        self._species.genome_to_species = {number: one.key for one in species for number in one.members}
        self.generation, self.num_extinctions, self._reproduction.genome_indexer.following = counts[:3]
        self._config.genome_config.node_indexer.following, self._species.indexer.following = counts[3:5]
        self._reproduction.innovation_tracker.global_counter = counts[5]
        self._reproduction.ancestors = {}


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause Python's garbage collector, which would go through hundreds of thousands of new genes time and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _species_state(species: Species) -> State:
    return {
        "key": species.key,
        "created": species.created,
        "last_improved": species.last_improved,
        "representative": species.representative.key,
        "members": np.array(list(species.members), np.int64),
        "fitness": species.fitness,
        "adjusted_fitness": species.adjusted_fitness,
        "fitness_history": np.array(species.fitness_history, np.float64),
    }


def _species_of(state: object, genomes: Mapping[int, Genome]) -> Species:
    try:
        species: Any = Species(take_count(state, "key"), take_count(state, "created"))
        species.last_improved = take_count(state, "last_improved")
        species.representative = genomes[take_count(state, "representative")]
        members = take_array(state, "members", np.int64).tolist()
        species.members = {number: genomes[number] for number in members}
        species.fitness_history = take_array(state, "fitness_history", np.float64).tolist()
        assert isinstance(state, Mapping)
        species.fitness, species.adjusted_fitness = state["fitness"], state["adjusted_fitness"]
    except KeyError as error:
        raise StateError(f"A saved species lacks {error}; begin a new run.") from error
    return species


def _random_state(state: State) -> Any:
    words, gauss = take_array(state, "words", np.uint32).tolist(), state.get("gauss")
    if len(words) != _NUM_WORDS or words[-1] >= _NUM_WORDS or not (gauss is None or type(gauss) is float):
        raise StateError("The saved state of a random number generator is damaged; begin a new run.")
    return take_count(state, "version"), tuple(words), gauss
