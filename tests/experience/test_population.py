"""A queue of individuals gives every one its episodes, wastes few steps, and goes on exactly where it was saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.population import NOBODY, Population
from newgameplus.testing.promises import first_difference, through_a_file


class Game:
    """Plays generations of individuals whose episodes last as long as ``length`` says; keeps who survives."""

    def __init__(self, population: Population, num_individuals: int, num_elites: int, seed: int = 0) -> None:
        self.population, self.num_elites = population, num_elites
        self.random = np.random.default_rng(seed)
        self.next, self.num_individuals = 0, num_individuals
        self.generations: list[dict[int, float]] = []
        self.left = np.zeros(len(population.individual), np.int64)
        population.begin(self._new(num_individuals))
        self._assign()

    def _new(self, number: int) -> list[int]:
        self.next += number
        return list(range(self.next - number, self.next))

    def survivors(self, fitness: Mapping[int, float]) -> Sequence[int]:
        return sorted(fitness, key=lambda one: -fitness[one])[: self.num_elites]

    def _assign(self) -> None:
        for row in self.population.assign(self.survivors):
            self.left[row] = length(self.random)

    def step(self) -> None:
        self.left -= 1
        done = self.left == 0
        individual = self.population.individual
        self.population.observe(np.where(individual >= 0, individual % 7 + 0.5, 0.0), done)
        if self.population.is_complete:
            fitness = self.population.fitness
            self.generations.append(fitness)
            self.population.begin([*self.survivors(fitness), *self._new(self.num_individuals - self.num_elites)])
        self._assign()


def length(random: Generator) -> int:
    """Most episodes stall early, some go far: as in the tutorial's runs."""
    return int(random.integers(100, 200)) if random.random() < 0.7 else int(random.integers(200, 900))


def test_every_individual_of_a_generation_gets_its_fitness() -> None:
    game = Game(Population(8), 30, 4)
    while len(game.generations) < 5:
        game.step()
    assert all(len(fitness) == 30 for fitness in game.generations)
    assert set(game.generations[0]) == set(range(30))
    assert set(game.survivors(game.generations[0])) < set(game.generations[1])


def test_rows_are_idle_for_less_than_a_tenth_of_their_steps() -> None:
    game = Game(Population(8), 30, 8)
    while len(game.generations) < 40:
        game.step()
    assert 0 < game.population.idle_share < 0.1


def test_one_row_plays_one_individual_after_the_other_and_is_never_idle() -> None:
    population = Population(1)
    population.begin([7, 3, 5])
    played = []
    while not population.is_complete:
        population.assign()
        played.append(int(population.individual[0]))
        population.observe(np.array([float(played[-1])]), np.array([True]))
    assert (played, population.fitness, population.idle_share) == ([7, 3, 5], {7: 7.0, 3: 3.0, 5: 5.0}, 0.0)


def test_fitness_is_the_mean_over_levels_and_episodes() -> None:
    population = Population(3, levels=[0, 1, 1], num_episodes=2)
    population.begin([1, 2])
    seen: list[tuple[int, int]] = []
    while not population.is_complete:
        population.assign()
        seen += [
            (int(one), level) for one, level in zip(population.individual, (0, 1, 1), strict=True) if one != NOBODY
        ]
        population.observe(np.array([10.0, 1.0, 3.0]), np.ones(3, np.bool_))
    assert sorted(seen) == [(1, 0), (1, 0), (1, 1), (1, 1), (2, 0), (2, 0), (2, 1), (2, 1)]
    assert population.fitness == {1: 5.5, 2: 6.5}


def test_an_episode_played_ahead_counts_in_the_next_generation_and_only_there() -> None:
    population = Population(2)
    population.begin([0, 1])
    population.assign()
    population.observe(np.array([5.0, 0.0]), np.array([True, False]))
    population.assign(lambda fitness: [0])
    assert population.individual.tolist() == [0, 1]
    population.observe(np.array([9.0, 1.0]), np.array([True, True]))
    assert population.fitness == {0: 5.0, 1: 1.0}
    population.begin([0, 2])
    assert population.fitness == {0: 9.0}
    population.assign()
    assert population.individual.tolist() == [2, NOBODY]
    assert population.idle_share == 0


def test_steps_of_a_wrong_guess_are_idle() -> None:
    population = Population(2)
    population.begin([0, 1])
    population.assign()
    population.observe(np.zeros(2), np.array([True, False]))
    population.assign(lambda fitness: [0])
    population.observe(np.zeros(2), np.array([False, True]))
    population.begin([2])  # 0 is not in it, and its episode goes on
    population.assign()
    assert population.individual.tolist() == [0, 2]
    population.observe(np.zeros(2), np.array([True, True]))
    assert population.idle_share == 2 / 6
    assert population.fitness == {2: 0.0}


def test_a_restored_population_goes_on_exactly() -> None:
    straight, resumed = (
        Game(Population(5, levels=[0, 0, 1, 1, 1]), 9, 3),
        Game(Population(5, levels=[0, 0, 1, 1, 1]), 9, 3),
    )
    for number in range(9000):
        straight.step()
        resumed.step()
        if number % 197 == 0:
            resumed.population = again = Population(5, levels=[0, 0, 1, 1, 1])
            again.restore(through_a_file(straight.population.state()))
    assert first_difference(straight.population.state(), resumed.population.state()) is None
    assert straight.generations == resumed.generations
    assert len(straight.generations) > 3


@pytest.mark.parametrize("damage", [{"missing": None}, {"individual": np.zeros(3, np.int64)}, {"waiting": []}])
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(damage: dict[str, Any]) -> None:
    population = Game(Population(2), 4, 1).population
    before = population.state()
    with pytest.raises(StateError):
        population.restore({**before, **damage})
    assert first_difference(before, population.state()) is None


@pytest.mark.parametrize("individuals", [[], [1, 1]])
def test_a_generation_needs_individuals_once_each(individuals: list[int]) -> None:
    with pytest.raises(UsageError, match="at least one"):
        Population(1).begin(individuals)
