"""The reservoir is a fair sample of each kind, whatever came first or most often."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.errors import StateError
from newgameplus.experience.reservoir import Reservoir


def numbered(first: int, last: int) -> np.ndarray:
    """Pictures of one byte that holds their number."""
    return np.arange(first, last, dtype=np.uint8)[:, None]


def test_of_each_kind_every_picture_is_kept_with_the_same_chance() -> None:
    random, counts = np.random.default_rng(0), np.zeros(200)
    for _ in range(2000):
        reservoir = Reservoir(2, 10, (1,))
        for first in range(0, 100, 25):
            reservoir.add(numbered(first, first + 25), np.zeros(25, np.int64), random)
        reservoir.add(numbered(100, 200), np.ones(100, np.int64), random)
        counts += np.bincount(reservoir.state()["picture"].ravel(), minlength=200)
    # Each is expected in a tenth of the trials; four standard deviations of 2,000 draws are 54.
    assert counts.sum() == 2000 * 20
    assert np.abs(counts - 200).max() < 54


def test_kinds_are_drawn_alike_however_often_they_were_seen() -> None:
    random, reservoir = np.random.default_rng(0), Reservoir(2, 10, (1,))
    reservoir.add(numbered(1, 101), np.zeros(100, np.int64), random)
    assert not reservoir.has_every_kind
    reservoir.add(numbered(200, 202), np.ones(2, np.int64), random)
    assert reservoir.has_every_kind
    picture, kind = reservoir.draw(1000, random)
    assert ((picture[:, 0] >= 200) == kind).all()
    # Three standard deviations of 1,000 draws are 47.
    assert abs(int(kind.sum()) - 500) < 47
    assert set(picture[kind == 1, 0]) == {200, 201}


def test_restored_it_draws_what_it_would_have_drawn() -> None:
    ours, theirs = np.random.default_rng(1), np.random.default_rng(1)
    reservoir, restored = Reservoir(3, 5, (1,)), Reservoir(3, 5, (1,))
    reservoir.add(numbered(0, 40), np.arange(40) % 3, ours)
    reservoir.add(numbered(40, 42), np.array([0, 2]), ours)
    restored.restore(reservoir.state())
    theirs.bit_generator.state = ours.bit_generator.state
    for part in (reservoir, restored):
        part.add(numbered(50, 80), np.arange(30) % 3, ours if part is reservoir else theirs)
    for own, other in zip(reservoir.draw(100, ours), restored.draw(100, theirs), strict=True):
        assert np.array_equal(own, other)


@pytest.mark.parametrize("other", [Reservoir(3, 5, (1,)), Reservoir(2, 4, (1,)), Reservoir(2, 5, (2,))])
def test_a_sample_of_other_kinds_capacity_or_pictures_is_refused(other: Reservoir) -> None:
    reservoir = Reservoir(2, 5, (1,))
    reservoir.add(numbered(0, 40), np.arange(40) % 2, np.random.default_rng(0))
    with pytest.raises(StateError, match="do not fit"):
        other.restore(reservoir.state())
