"""Episodes that begin at snapshots go on as the ones that these were taken of, also after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.interface import ResumableWorld, ShowsRows
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import find_level
from newgameplus.types import ActionSpec, Array, ObservationSpec

LEVEL = find_level("Tumbleweed-Genesis-v0/Mesa.Act1")
ACTIONS = np.random.default_rng(0).integers(10, size=(40, 2))


@contextmanager
def opened(core: str) -> Iterator[SnapshotWorld]:
    batch = RetroVecEnv(
        [LEVEL] * 2,
        observation_spec=ObservationSpec(gray=True, size=(8, 11)),
        action_spec=ActionSpec("set", name="sonic-10"),
        frame_skip=FrameSkip(4, 0.0),
        max_episode_steps=60,
        num_threads=1,
        core=core,
    )
    world = SnapshotWorld(batch)
    try:
        world.reset(seed=0)
        yield world
    finally:
        world.close()


def played(world: SnapshotWorld, actions: Array) -> list[tuple[bytes, float]]:
    """Return observation and reward of row 0 after each step."""
    told = []
    for action in actions:
        observation, reward, *_ = world.step(action)
        told.append((observation[0].tobytes(), float(reward[0])))
    return told


@pytest.mark.parametrize("core", ["genesis_plus_gx", "picodrive"])
def test_an_episode_begins_at_a_snapshot_of_another_row_and_goes_on_like_it(core: str) -> None:
    with opened(core) as world:
        assert isinstance(world, ResumableWorld)
        assert isinstance(world, ShowsRows)
        played(world, ACTIONS[:10])
        handle = world.save(0)
        expected = played(world, ACTIONS[10:30])
        world.begin_next(1, handle)
        world.end_episode(1)
        _, _, terminated, truncated, info = world.step(ACTIONS[30])
        assert truncated.tolist() == [False, True]
        assert not terminated.any()
        assert info["_final_obs"].tolist() == [False, True]
        assert info["final_obs"][1].shape == (8, 11, 1)
        told = []
        for action in ACTIONS[10:30]:
            observation, reward, *_ = world.step(action[[0, 0]])
            told.append((observation[1].tobytes(), float(reward[1])))
        assert told == expected


def test_an_episode_that_is_ended_begins_at_the_levels_start() -> None:
    with opened("genesis_plus_gx") as world:
        expected = played(world, ACTIONS[:5])
        world.end_episode(0)
        played(world, ACTIONS[5:6])
        assert played(world, ACTIONS[:5]) == expected


def test_the_limit_of_steps_counts_from_the_levels_start() -> None:
    with opened("genesis_plus_gx") as world:
        played(world, ACTIONS[:38])
        for row in range(2):
            world.begin_next(row, world.save(0))
            world.end_episode(row)
        world.step(ACTIONS[0])
        lengths = [int(np.flatnonzero([world.step(ACTIONS[1])[3][0] for _ in range(30)])[0]) + 1]
        assert lengths == [60 - 38]


def test_a_restored_world_has_its_snapshots_and_goes_on_alike() -> None:
    with opened("genesis_plus_gx") as world:
        played(world, ACTIONS[:10])
        kept, dropped = world.save(0), world.save(1)
        world.begin_next(0, dropped)
        world.drop(dropped)
        world.end_episode(0)
        state = world.state()
        expected = played(world, ACTIONS[10:20])
        world.begin_next(0, kept)
        world.end_episode(0)
        later = played(world, ACTIONS[20:30])
        assert world.save(0) == 2
    with opened("genesis_plus_gx") as again:
        again.restore(state)
        assert played(again, ACTIONS[10:20]) == expected
        again.begin_next(0, kept)
        again.end_episode(0)
        assert played(again, ACTIONS[20:30]) == later
        assert again.save(0) == 2
        with pytest.raises(UsageError, match="no snapshot 1"):
            again.begin_next(0, dropped)
        with pytest.raises(UsageError, match="no snapshot 1"):
            again.drop(dropped)
        with pytest.raises(StateError, match="kept no snapshots"):
            again.restore({name: part for name, part in state.items() if name != "kept"})
