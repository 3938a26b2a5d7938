"""A snapshot is a moment to come back to: exact, small, shared between rows, and refused where it does not belong."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from newgameplus.envs.batch import RetroVecEnv, snapshot_from_bytes
from newgameplus.errors import EmulatorError
from newgameplus.games.levels import Level
from newgameplus.types import NOTHING, SONIC_7, WARPED, Array, ObservationSpec

Batch = Callable[..., RetroVecEnv]
ACTIONS = np.random.default_rng(8).integers(0, 7, (120, 4))
GENESIS_CONTENT_BYTES = 147_456
"""What genesis_plus_gx writes of its 1,036,288 bytes, in whole pages."""


def steps(vector: RetroVecEnv, row: int, actions: Array) -> list[Any]:
    """What one row sees and gets; the others do the same, on their own course."""
    told = []
    for action in actions:
        observation, reward, terminated, truncated, info = vector.step(np.full(vector.num_envs, action))
        told.append((observation[row].tobytes(), reward[row], terminated[row], truncated[row], info["score"][row]))
        told.append(vector.ram(row).tobytes())
    return told


def test_the_same_actions_from_a_snapshot_lead_to_the_same_twice(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=WARPED, action_spec=SONIC_7, max_episode_steps=60)
    vector.reset(seed=1)
    steps(vector, 0, ACTIONS[:20, 0])
    snapshot, random_state = vector.save(0), vector.random_state(0)
    told = []
    for _ in range(2):
        vector.load(0, snapshot)
        vector.restore_random_state(0, random_state)
        told.append(steps(vector, 0, ACTIONS[20:90, 0]))
        vector.reset()
    assert told[0] == told[1]
    assert any(step[3] for step in told[0][::2]), "the step count is part of the moment"


def test_going_on_after_saving_equals_coming_back(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=WARPED, action_spec=SONIC_7)
    vector.reset(seed=1)
    before, *_ = vector.step(ACTIONS[0, :1])
    snapshot, random_state = vector.save(0), vector.random_state(0)
    onward = steps(vector, 0, ACTIONS[1:40, 0])
    np.testing.assert_array_equal(vector.load(0, snapshot), before[0])
    vector.restore_random_state(0, random_state)
    assert steps(vector, 0, ACTIONS[1:40, 0]) == onward


def test_one_moment_forks_to_many_rows(level: Level, batch: Batch) -> None:
    vector = batch(*[level] * 4, observation_spec=WARPED, action_spec=SONIC_7)
    vector.reset(seed=1)
    for action in ACTIONS[:15]:
        vector.step(action)
    snapshot = vector.save(2)
    seen = [vector.load(row, snapshot) for row in range(4)]
    assert all(np.array_equal(each, seen[0]) for each in seen)
    for row in range(4):
        vector.seed_row(row, 9)
    for action in ACTIONS[15:40, 0]:
        observation, reward, *_ = vector.step(np.full(4, action))
        assert len({each.tobytes() for each in observation}) == 1
        assert len({vector.ram(row).tobytes() for row in range(4)}) == 1
        assert len(set(reward)) == 1


def test_a_snapshot_holds_what_the_core_writes_and_no_more(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=NOTHING)
    vector.reset(seed=1)
    snapshot = vector.save(0)
    assert snapshot.size_bytes < GENESIS_CONTENT_BYTES + 500
    assert len(level.integration.state(level.state)) == 1_036_288
    assert len(snapshot.to_bytes()) < snapshot.size_bytes + 500


def test_bytes_of_a_snapshot_bring_the_moment_back_in_another_batch(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7}
    vector, other = batch(level, **keywords), batch(level, level, **keywords)
    vector.reset(seed=1)
    steps(vector, 0, ACTIONS[:20, 0])
    written = vector.save(0).to_bytes()
    random_state = vector.random_state(0)
    expected = steps(vector, 0, ACTIONS[20:50, 0])
    other.reset(seed=5)
    other.load(1, snapshot_from_bytes(written))
    other.restore_random_state(1, random_state)
    assert steps(other, 1, ACTIONS[20:50, 0]) == expected
    assert snapshot_from_bytes(written).to_bytes() == written


def test_damaged_bytes_are_refused_wherever_the_damage_is(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=NOTHING)
    vector.reset(seed=1)
    written = vector.save(0).to_bytes()
    for length in (0, 7, 8, 16, 40, 1000, len(written) - 1):
        with pytest.raises(EmulatorError, match=r"no snapshot|cut short"):
            snapshot_from_bytes(written[:length])
    for place in range(0, len(written), 5000):
        damaged = bytearray(written)
        damaged[place] ^= 0x40
        with pytest.raises(EmulatorError, match=r"no snapshot|was changed"):
            snapshot_from_bytes(bytes(damaged))
    with pytest.raises(EmulatorError, match="was changed"):
        snapshot_from_bytes(written + b"\0")


def test_a_snapshot_of_another_core_game_or_observation_is_refused_and_harms_nothing(
    level: Level, pico: Level, batch: Batch
) -> None:
    vector, other_core = batch(level, observation_spec=ObservationSpec(kind="ram")), batch(pico)
    before, _ = vector.reset(seed=1)
    other_core.reset(seed=1)
    with pytest.raises(EmulatorError, match="another core build or game"):
        vector.load(0, other_core.save(0))
    other_observation = batch(level, observation_spec=WARPED)
    other_observation.reset(seed=1)
    with pytest.raises(EmulatorError, match="made with another observation"):
        vector.load(0, other_observation.save(0))
    np.testing.assert_array_equal(vector.ram(0), before[0])
    vector.step(np.zeros((1, 12), np.int8))


def test_a_snapshot_outlives_the_batch_that_made_it(level: Level, batch: Batch) -> None:
    gone = batch(level, observation_spec=WARPED)
    seen, _ = gone.reset(seed=1)
    snapshot = gone.save(0)
    gone.close()
    del gone
    gc.collect()
    vector = batch(level, observation_spec=WARPED)
    np.testing.assert_array_equal(vector.load(0, snapshot), seen[0])


def test_a_snapshot_before_the_first_reset_is_of_no_episode(level: Level, batch: Batch) -> None:
    vector = batch(level)
    snapshot = vector.save(0)
    vector.reset(seed=1)
    vector.load(0, snapshot)
    with pytest.raises(EmulatorError, match="has not begun"):
        vector.step(np.zeros((1, 12), np.int8))
