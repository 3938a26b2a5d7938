"""The episodic memory finds what is similar, and answers the same after it was restored from its log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from newgameplus.errors import StateError
from newgameplus.experience.episodic import (
    FIRST_TRAINING,
    EpisodicMemory,
    MemorySettings,
    discounted_outcome,
    outcome_so_far,
)
from newgameplus.experience.nearest import IndexName
from newgameplus.types import Array

NUM_FEATURES = 16
EPISODE = 60
EVERY_INDEX = pytest.mark.parametrize("index", get_args(IndexName))


def moments(num: int, seed: int = 0) -> Array:
    """Unit vectors that come in bundles, as pictures of places do."""
    random = np.random.default_rng(seed)
    places = random.normal(size=(40, NUM_FEATURES))
    seen = places[random.integers(len(places), size=num)] + 0.2 * random.normal(size=(num, NUM_FEATURES))
    unit: Array = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    return unit


def make(index: Any = "hnsw", path: Path | None = None, owner: int = 0, **settings: Any) -> EpisodicMemory:
    chosen = MemorySettings(index=index, **settings)
    return EpisodicMemory(NUM_FEATURES, chosen, discounted_outcome(1.0), path, moments(owner + 1)[owner])


def fill(memory: EpisodicMemory, seen: Array, first: int = 0) -> None:
    for number, feature in enumerate(seen, first):
        memory.add(feature, number % 7, float(number % 5), number % EPISODE == EPISODE - 1)


def answers(memory: EpisodicMemory) -> list[Array]:
    found = [memory.nearest(query, 10) for query in moments(30, seed=1)]
    return [np.array([each.similarity, each.action, each.outcome, each.place]) for each in found]


@EVERY_INDEX
@pytest.mark.parametrize("in_file", [True, False])
def test_a_restored_memory_answers_like_an_uninterrupted_one(index: Any, in_file: bool, tmp_path: Path) -> None:
    seen, cut = moments(2 * FIRST_TRAINING), FIRST_TRAINING + 333
    paths = [tmp_path / name if in_file else None for name in ("straight", "broken", "broken")]
    straight, broken, resumed = (make(index, path) for path in paths)
    fill(straight, seen)
    fill(broken, seen[:cut])
    state = broken.state()
    fill(broken, seen[cut : cut + 100], cut)  # lost, since no checkpoint followed
    resumed.restore(state)
    fill(resumed, seen[cut:], cut)
    assert len(straight) == len(resumed) > FIRST_TRAINING
    assert all(np.array_equal(one, other) for one, other in zip(answers(straight), answers(resumed), strict=True))


@EVERY_INDEX
def test_it_finds_most_of_the_nearest(index: Any) -> None:
    seen = moments(2 * FIRST_TRAINING)
    memory = make(index)
    fill(memory, seen)
    shares = []
    for query in moments(50, seed=1):
        exact = set(np.argsort(-seen[: len(memory)] @ query)[:10].tolist())
        shares.append(len(exact & set((memory.nearest(query, 10).place - 1).tolist())) / 10)
    assert np.mean(shares) >= (0.05 if index == "lsh" else 0.9)


def test_moments_are_found_once_their_episode_is_over() -> None:
    memory, seen = make(), moments(EPISODE)
    assert len(memory.nearest(seen[0], 5)) == 0
    fill(memory, seen[:-1])
    assert len(memory) == 0
    assert memory.begin == 1
    memory.add(seen[-1], 3, 2.0, True)
    found = memory.nearest(seen[-1], 1)
    assert (found.action.tolist(), found.outcome.tolist(), found.place.tolist()) == ([3], [2.0], [EPISODE])
    assert memory.begin == memory.num_logged == EPISODE + 1
    assert np.allclose(memory.features(3, 5), seen[2:4], atol=1e-3)


def test_a_duplicate_counts_once_with_the_better_outcome() -> None:
    memory, seen = make(duplicate_similarity=0.999), moments(2)
    for reward in (1.0, 5.0):
        memory.add(seen[0], 2, reward, True)
    memory.add(seen[0], 3, 0.0, True)
    memory.add(seen[1], 2, 0.0, True)
    assert len(memory) == 3
    assert sorted(zip(memory.nearest(seen[0], 2).action, memory.nearest(seen[0], 2).outcome, strict=True)) == [
        (2, 5.0),
        (3, 0.0),
    ]


def test_only_rewarded_moments_are_kept_if_wished() -> None:
    memory = make(only_rewarded=True)
    fill(memory, moments(EPISODE))
    assert len(memory) == EPISODE * 4 // 5
    assert memory.num_logged == EPISODE + 1


def test_a_full_memory_forgets_the_worst_episodes() -> None:
    memory = make(capacity=3 * EPISODE)
    for number, seen in enumerate(np.split(moments(4 * EPISODE), 4)):
        for step, feature in enumerate(seen):
            memory.add(feature, number, float(number in (0, 2)), step == EPISODE - 1)
    assert set(memory.nearest(moments(1)[0], 4 * EPISODE).action.tolist()) == {0, 2}
    assert len(memory) == 3 * EPISODE // 2


def test_a_memory_of_another_policy_is_refused(tmp_path: Path) -> None:
    memory = make(path=tmp_path / "log")
    fill(memory, moments(EPISODE))
    with pytest.raises(StateError, match="belongs to another policy"):
        make(path=tmp_path / "log", owner=1).restore(memory.state())


def test_a_log_that_lost_moments_is_refused(tmp_path: Path) -> None:
    memory = make(path=tmp_path / "log")
    fill(memory, moments(EPISODE))
    state = memory.state()
    with pytest.raises(StateError, match="do not fit"):
        make().restore(state)
    (tmp_path / "log").write_bytes(b"")
    with pytest.raises(StateError, match="has lost moments"):
        make(path=tmp_path / "log").restore(state)
    damaged = state | {"place": state["place"][:-1]}
    with pytest.raises(StateError, match="do not add up"):
        make(path=tmp_path / "log").restore(damaged)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no room can be reserved")
def test_a_log_has_room_on_the_disk_before_it_is_written(tmp_path: Path) -> None:
    memory = make(path=tmp_path / "log")
    memory.add(moments(1)[0], 0, 1.0, False)
    found = (tmp_path / "log").stat()
    assert found.st_blocks * 512 >= found.st_size > 0


def test_it_tells_its_size() -> None:
    memory = make()
    fill(memory, moments(EPISODE))
    record = NUM_FEATURES * 2 + 2 + 4
    assert memory.num_bytes() >= EPISODE * (record + NUM_FEATURES * 2)


def test_how_well_it_went_is_what_came_after_or_what_came_before() -> None:
    reward = np.array([1.0, 0.0, 4.0])
    assert discounted_outcome(0.5)(reward).tolist() == [2.0, 2.0, 4.0]
    assert outcome_so_far(reward).tolist() == [1.0, 1.0, 5.0]
