"""Searches: they climb, follow from their seed alone, and go on exactly."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.search import CovarianceSearch, GaussianSearch

NUM_PARAMETERS = 12
GOAL = np.linspace(-1, 1, NUM_PARAMETERS).astype(np.float32)


def gaussian(seed=0):
    return GaussianSearch(np.zeros(NUM_PARAMETERS), 20, sigma=0.1, learning_rate=0.05, seed=seed)


def covariance(seed=0):
    return CovarianceSearch(np.zeros(NUM_PARAMETERS), 20, sigma=0.3, seed=seed)


def diagonal(seed=0):
    return CovarianceSearch(np.zeros(NUM_PARAMETERS), 20, sigma=0.3, seed=seed, is_diagonal=True)


SEARCHES = pytest.mark.parametrize("make", [gaussian, covariance, diagonal])


def fitness_of(search):
    vectors = [search.vector(one) for one in range(search.num_individuals)]
    return np.array([-np.square(vector - GOAL).sum() for vector in vectors])


@SEARCHES
def test_a_search_climbs(make):
    search = make()
    for _ in range(80):
        search.tell(fitness_of(search))
    assert search.generation == 80
    assert np.abs(search.mean - GOAL).max() < 0.1


@SEARCHES
def test_a_restored_search_goes_on_exactly(make):
    search, again = make(), make(seed=9)
    for _ in range(3):
        search.tell(fitness_of(search))
    again.restore(search.state())
    for _ in range(3):
        assert again.generation == search.generation
        for one in range(search.num_individuals):
            assert np.array_equal(again.vector(one), search.vector(one))
        fitness = fitness_of(search)
        search.tell(fitness)
        again.tell(fitness)
    assert np.array_equal(again.mean, search.mean)


@SEARCHES
def test_another_seed_draws_another_generation(make):
    assert not np.array_equal(make(0).vector(3), make(1).vector(3))
    assert np.array_equal(make(1).vector(3), make(1).vector(3))


@SEARCHES
def test_a_state_of_another_size_changes_nothing(make):
    search = make()
    search.tell(fitness_of(search))
    before = search.mean.copy()
    key = "moments" if make is gaussian else "pc"
    damaged = [{**search.state(), "mean": np.zeros(3, np.float32)}, {**search.state(), key: None}, {}]
    for state in damaged:
        with pytest.raises(StateError, match="saved search"):
            search.restore(state)
    assert np.array_equal(search.mean, before)


def test_pairs_are_antithetic_and_the_mean_lies_between_them():
    search = gaussian()
    search.tell(fitness_of(search))
    for one in range(0, search.num_individuals, 2):
        middle = (search.vector(one) + search.vector(one + 1)) / 2
        assert middle == pytest.approx(search.mean, abs=1e-6)
        assert np.abs(search.vector(one) - search.mean).max() > 0.01


def test_equal_fitness_moves_nothing_but_by_weight_decay():
    search = GaussianSearch(np.ones(4), 6, sigma=0.1, learning_rate=0.1)
    search.tell(np.zeros(6))
    assert np.array_equal(search.mean, np.ones(4, np.float32))
    search = GaussianSearch(np.ones(4), 6, sigma=0.1, learning_rate=0.1, weight_decay=0.01)
    search.tell(np.zeros(6))
    assert (search.mean < 1).all()


@pytest.mark.parametrize("number", [0, 1, 7])
def test_an_odd_population_is_refused(number):
    with pytest.raises(UsageError, match=f"an even number, not {number}"):
        GaussianSearch(np.zeros(2), number, sigma=0.1, learning_rate=0.1)


def test_a_matrix_that_is_too_large_is_refused_with_what_to_use_instead():
    with pytest.raises(UsageError, match="use sep-cma or openai"):
        CovarianceSearch(np.zeros(5000), 10, sigma=0.1)
    with pytest.raises(UsageError, match="at least 4, not 3"):
        CovarianceSearch(np.zeros(5), 3, sigma=0.1)
    assert CovarianceSearch(np.zeros(5000), 10, sigma=0.1, is_diagonal=True).num_individuals == 10
