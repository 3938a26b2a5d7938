"""Stored action sequences rank by the mean of their returns, stay within their capacity, and are saved exactly."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.errors import StateError, UsageError
from newgameplus.experience.sequences import SequenceStore


def store_of(*returns: float, capacity: int | None = None) -> SequenceStore:
    """Return a store in which sequence ``i`` is the byte ``i`` and has the ``i``-th return."""
    store = SequenceStore(16, capacity)
    for number, total in enumerate(returns):
        store.add(bytes([number]), total)
    return store


def names(store: SequenceStore) -> list[int]:
    return [sequence.actions[0] for sequence in store.sequences]


def test_the_best_has_the_highest_mean_and_of_equals_is_the_last() -> None:
    store = store_of(5.0, 9.0, 4.0)
    first, second, third = store.sequences
    second.add_return(1.0)
    assert store.best() is second
    assert store.top(2) == [second, first]
    first.add_return(7.0)
    assert store.best() is first
    assert store.top(9) == [first, second, third]
    second.add_return(8.0)
    assert store.top(2) == [second, first]
    store.sort()
    assert store.sequences == [third, first, second]
    assert store.best() is store.sequences[-1]


def test_beyond_the_capacity_the_lowest_mean_is_dropped_and_of_equals_the_first() -> None:
    store = store_of(5.0, 3.0, 3.0, capacity=3)
    store.add(b"\3", 4.0)
    assert names(store) == [0, 2, 3]
    store.sequences[0].add_return(-5.0)
    store.add(b"\4", 1.0)
    assert names(store) == [2, 3, 4]
    store.add(b"\5", 0.0)
    assert names(store) == [2, 3, 4]


@pytest.mark.parametrize(("num_actions", "capacity"), [(0, None), (257, None), (16, 0)])
def test_a_size_that_cannot_be_is_refused(num_actions: int, capacity: int | None) -> None:
    with pytest.raises(UsageError):
        SequenceStore(num_actions, capacity)


def test_half_a_million_steps_are_half_a_megabyte_and_come_back() -> None:
    store, other = SequenceStore(16), SequenceStore(16)
    for total in range(111):
        store.add(bytes(4_500), float(total))
    store.best().add_return(120.0)
    state = store.state()
    assert sum(array.nbytes for array in state.values()) < 505_000
    other.restore(state)
    assert other.best().returns == [110.0, 120.0]
    assert all(np.array_equal(other.state()[key], state[key]) for key in state)


def test_an_empty_store_comes_back_empty() -> None:
    store = store_of(1.0)
    store.restore(SequenceStore(16).state())
    assert not store


@pytest.mark.parametrize("change", ["lengths", "counts", "sequences", "returns"])
def test_a_state_that_does_not_add_up_is_refused(change: str) -> None:
    state = store_of(1.0, 2.0).state()
    state[change] = np.append(state[change], state[change].dtype.type(1))
    store = store_of(3.0)
    with pytest.raises(StateError, match="add up"):
        store.restore(state)
    assert store.best().returns == [3.0]


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("lengths", np.array([3, -1]), "add up"),
        ("counts", np.array([2, 0]), "add up"),
        ("sequences", np.array([1, 99], np.uint8), "add up"),
        ("returns", np.array([1, 2]), "no fitting 'returns'"),
        ("lengths", None, "no fitting 'lengths'"),
    ],
)
def test_a_state_with_impossible_contents_is_refused(key: str, value: object, complaint: str) -> None:
    with pytest.raises(StateError, match=complaint):
        SequenceStore(16).restore(store_of(1.0, 2.0).state() | {key: value})


def test_more_sequences_than_the_capacity_are_refused() -> None:
    with pytest.raises(StateError, match="3 action sequences"):
        store_of(capacity=2).restore(store_of(1.0, 2.0, 3.0).state())
