"""Screens become states, and entries change, as written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from newgameplus.agents.qtable import rules, screens
from newgameplus.agents.qtable.choice import greedy, remembered
from newgameplus.errors import UsageError

GOLDEN = 11009417550903347706
"""BLAKE2b of the bytes 0, 1, 2, 3, its first 8 bytes as one number."""
RANDOM = np.random.default_rng(0)


def test_a_crop_reaches_as_far_as_the_picture_does() -> None:
    picture = np.arange(2 * 6 * 8 * 3, dtype=np.uint8).reshape(2, 6, 8, 3)
    assert np.array_equal(screens.crop(picture, (5, 2, 100, 3)), picture[:, 2:5, 5:])
    with pytest.raises(UsageError, match=r"A crop of 2 x 2 pixels at \(8, 0\) lies outside pictures of 8 x 6"):
        screens.crop(picture, (8, 0, 2, 2))


def test_the_foreground_is_what_has_changed() -> None:
    stack = np.zeros((1, 1, 3, 3), np.uint8)
    stack[0, 0] = [[90, 90, 90], [90, 99, 100], [90, 101, 91]]
    assert screens.foreground(stack, 1, 10).tolist() == [[[[0, 0], [0, 0], [101, 91]]]]


def test_levels_are_numbered_from_0() -> None:
    gray = np.array([0, 63, 64, 127, 128, 255], np.uint8)
    assert screens.quantise(gray, 4).tolist() == [0, 0, 1, 1, 2, 3]


def test_a_hash_depends_on_the_content_alone_on_every_machine() -> None:
    picture = RANDOM.integers(0, 256, (3, 6, 8, 3), np.uint8)
    picture[2] = picture[0]
    first, second, third = screens.hashes(picture[:, 1:4, 2:5]).tolist()
    assert first == third != second
    assert screens.hashes(np.arange(4, dtype=np.uint8)[None]).tolist() == [GOLDEN]


def test_the_best_reward_is_remembered_also_if_it_is_negative() -> None:
    value, count = np.array([5, 0, 0], np.float32), np.array([1, 0, 1], np.uint32)
    best = rules.best_remembered(value, count, np.array([0, 1, 1, 2]), np.array([4.0, -3.0, -2.0, -1.0]))
    assert best.tolist() == [5, -2, 0]


def test_bellman_changes_entries_by_the_mean_of_their_errors() -> None:
    changed = rules.bellman(np.array([1, 2, 3], np.float32), np.array([0, 2, 2]), np.array([4.0, 6.0, -2.0]), 0.5)
    assert changed.tolist() == [3, 2, 4]


def test_traces_fade_are_replaced_and_cut() -> None:
    assert rules.eligibilities(0.1).tolist() == pytest.approx([1, 0.1, 0.01])
    assert rules.eligibilities(0.0).tolist() == [1]
    trace = np.array([[3, 2, 1], [3, 2, 1]], np.uint64)
    assert rules.followed(trace, np.array([2, 9], np.uint64), np.array([False, True])).tolist() == [
        [2, 3, 0],
        [9, 0, 0],
    ]


def test_actions_are_drawn_where_the_best_remembered_reward_is_0() -> None:
    value = np.array([[0, 0, 0], [0, -1, 7], [-1, -3, -2]], np.float32)
    generators = [np.random.default_rng(row) for row in range(3)]
    action, is_random = remembered(value, generators)
    assert is_random.tolist() == [True, False, False]
    assert action.tolist()[1:] == [2, 0]
    drawn = {int(remembered(value, generators)[0][0]) for _ in range(50)}
    assert drawn == {0, 1, 2}


def test_ties_are_broken_at_random() -> None:
    generators = [np.random.default_rng(0)]
    drawn = {int(greedy(np.array([[1.0, 0.0, 1.0]]), generators, 0.0)[0][0]) for _ in range(50)}
    assert drawn == {0, 2}
    assert greedy(np.array([[1.0, 0.0, 2.0]]), generators, 0.0)[0].tolist() == [2]
    explored = [int(greedy(np.array([[1.0, 0.0, 2.0]]), generators, 1.0)[0][0]) for _ in range(50)]
    assert set(explored) == {0, 1, 2}
