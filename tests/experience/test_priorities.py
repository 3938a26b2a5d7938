"""The tree of sums against a running sum over all entries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newgameplus.experience.priorities import SumTree


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 5, 128, 129, 5_000, 20_000]))
def test_an_entry_is_found_where_the_running_sum_says(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    tree, priorities = SumTree(size), np.zeros(size)
    for _ in range(3):
        entries = random.integers(0, size, 50)
        values = random.random(50) * (random.random(50) < 0.7)
        tree.set(entries, values)
        priorities[entries] = values
    if not priorities.sum():
        return
    targets = random.random(40) * priorities.sum() * (1 - 1e-9)
    running = priorities.cumsum()
    assert np.isclose(tree.total, running[-1])
    found = tree.find(targets)
    expected = np.searchsorted(running, targets, side="right")
    assert np.array_equal(found, expected) or np.allclose(running[found], running[expected])


def test_an_entry_without_priority_is_never_found() -> None:
    tree = SumTree(1000)
    tree.set(np.array([3, 700]), np.array([1.0, 1e-12]))
    found = tree.find(np.linspace(0, tree.total, 1000))
    assert set(found.tolist()) <= {3, 700}


def test_leaves_put_back_give_the_same_tree() -> None:
    tree, again = SumTree(300), SumTree(300)
    tree.set(np.arange(300), np.arange(300.0))
    again.restore(tree.leaves())
    targets = np.linspace(0, tree.total - 1, 77)
    assert np.array_equal(tree.find(targets), again.find(targets))
    assert tree.total == again.total == pytest.approx(sum(range(300)))
