"""What a store of moments finds: what is near in progress, then in its clues and its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from newgameplus.errors import StateError
from newgameplus.experience.moments import CLUES, MomentStore, Similarity
from newgameplus.types import Array

NUM_PIXELS = 6


def clue(progress: float, reward: float = 10.0) -> Array:
    return np.array([progress, reward, reward, 0, 0, 1, 0], np.float32)


def picture(gray: int) -> Array:
    return np.full(NUM_PIXELS, gray, np.uint8)


def filled(similarity: Similarity | None = None, folder: Path | None = None, num_episodes: int = 1) -> MomentStore:
    """Episodes of 20 steps of reward 10; the actions count them, and the outcome is five steps later."""
    store = MomentStore(NUM_PIXELS, similarity or Similarity(), folder)
    for _ in range(num_episodes):
        for number in range(20):
            store.add(clue(10.0 * number), picture(10 * number), number)
        reached = np.minimum(np.arange(20) + 5, 20) * 10
        store.end_episode(reached.astype(np.float32), np.where(np.arange(20) > 14, 200, np.nan).astype(np.float32))
    return store


def test_the_clues_are_seven() -> None:
    assert len(CLUES) == len(clue(0.0)) == len(Similarity().scale(1.0))


def test_nothing_is_found_before_the_episode_ends_or_where_nobody_has_been() -> None:
    store = MomentStore(NUM_PIXELS, Similarity())
    store.add(clue(0.0), picture(0), 3)
    assert store.similar(clue(0.0), picture(0)) is None
    store.end_episode(np.array([10.0], np.float32), np.array([10.0], np.float32))
    assert store.similar(clue(0.0), picture(0)) is not None
    assert store.similar(clue(900.0), picture(0)) is None


def test_the_same_moment_is_at_distance_0_with_its_action_and_outcome() -> None:
    found = filled().similar(clue(70.0), picture(70))
    assert found is not None
    assert (found.distance.tolist(), found.action.tolist()) == ([0.0], [7])
    assert (found.progress.tolist(), found.reached.tolist()) == ([70.0], [120.0])
    assert np.isnan(found.earned).tolist() == [True]


def test_distances_are_in_the_given_units() -> None:
    found = filled(Similarity(window=1.2, progress=0.5, reward=0.25, gray=5.0)).similar(clue(70.0, 5.0), picture(71))
    assert found is not None
    order = np.argsort(found.action)
    assert found.action[order].tolist() == [6, 7, 8]
    # Of progress two units, of each reward two, of the picture 11/5, 1/5 and 9/5 units.
    assert found.distance[order] == pytest.approx([4 + 8 + 4.84, 8 + 0.04, 4 + 8 + 3.24])


def test_of_many_moments_those_with_the_nearest_clues_are_seen() -> None:
    store = MomentStore(NUM_PIXELS, Similarity(window=10.0, most_seen=4))
    random = np.random.default_rng(0)
    for _ in range(300):
        store.add(clue(float(random.uniform(0, 50)), float(random.uniform(5, 10))), picture(0), 0)
    store.end_episode(np.zeros(300, np.float32), np.zeros(300, np.float32))
    found = store.similar(clue(25.0, 7.0), picture(0))
    all_found = MomentStore(NUM_PIXELS, Similarity(window=10.0, most_seen=300))
    all_found.restore(store.state())
    every = all_found.similar(clue(25.0, 7.0), picture(0))
    assert found is not None
    assert every is not None
    assert np.sort(found.distance) == pytest.approx(np.sort(every.distance)[:4])


def test_a_restored_store_finds_the_same_with_and_without_files(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        store = filled(folder=folder, num_episodes=3)
        state = store.state()
        store.add(clue(70.0), picture(70), 9)
        store.end_episode(np.array([10.0], np.float32), np.array([10.0], np.float32))
        again = MomentStore(NUM_PIXELS, Similarity(), folder)
        again.restore(state)
        found = again.similar(clue(70.0), picture(70))
        assert found is not None
        assert (len(again), found.action.tolist()) == (60, [7, 7, 7])


def test_a_state_without_its_files_and_one_that_does_not_add_up_are_refused(tmp_path: Path) -> None:
    state = filled(folder=tmp_path / "here").state()
    with pytest.raises(StateError, match="begin a new run"):
        MomentStore(NUM_PIXELS, Similarity(), tmp_path / "elsewhere").restore(state)
    state = filled().state()
    state["outcomes"]["length"] = 21
    with pytest.raises(StateError, match="do not add up"):
        MomentStore(NUM_PIXELS, Similarity()).restore(state)
