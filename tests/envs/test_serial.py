"""Rows that move on from level to level play each exactly as a world of that level alone would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from newgameplus.envs.batch import RetroVecEnv, snapshot_from_bytes
from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.envs.serial import SerialVecEnv
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import Level, find_level
from newgameplus.types import SONIC_7, WARPED, Array

STATES = ("Mesa.Act1", "Frost.Act1", "Canyon.Act1", "Gale.Act1", "Mine.Act1")
TUMBLEWEED = [find_level(f"Tumbleweed-Genesis-v0/{state}") for state in STATES]
TWO_GAMES = [TUMBLEWEED[0], find_level("Airstriker-Genesis-v0/Level1")]
SPECS: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 12}


def serial(levels: list[Level], num_envs: int, switch_steps: int = 20, order_seed: int = 3) -> SerialVecEnv:
    return SerialVecEnv(ShuffledLevels(levels, order_seed), num_envs, switch_steps=switch_steps, **SPECS)


def actions(num_steps: int, num_envs: int, seed: int = 8) -> Iterator[Array]:
    random = np.random.default_rng(seed)
    for _ in range(num_steps):
        yield random.integers(0, 7, num_envs)


def follow(world: SerialVecEnv, num_steps: int, seed: int = 8) -> list[bytes]:
    """Everything that a world shows, and what it plays, in so many steps."""
    seen = []
    for action in actions(num_steps, world.num_envs, seed):
        *arrays, info = world.step(action)
        seen += [str(world.levels).encode(), *(array.tobytes() for array in arrays), *map(str.encode, info)]
    return seen


@pytest.mark.parametrize(("levels", "num_envs"), [(TUMBLEWEED[:3], 2), (TWO_GAMES, 1), (TWO_GAMES, 3)])
def test_each_episode_is_that_of_a_world_of_its_level(levels: list[Level], num_envs: int) -> None:
    with ExitStack() as closing:
        world = serial(levels, num_envs)
        closing.callback(world.close)
        alone, first = {}, {}
        for level in levels:
            alone[level] = RetroVecEnv([level] * num_envs, **SPECS)
            closing.callback(alone[level].close)
            first[level], _ = alone[level].reset()
        observation, _ = world.reset(seed=5)
        assert np.array_equal(observation, [first[level][0] for level in world.levels])
        seen = set()
        for action in actions(100, num_envs):
            before = world.levels.copy()
            seen |= set(before)
            for row, level in enumerate(before):
                alone[level].restore_random_state(row, world.random_state(row))
            observation, reward, terminated, truncated, info = world.step(action)
            for row, level in enumerate(before):
                alone[level].send(action[row : row + 1], [row])
                _, after, gained, is_terminated, is_truncated, final = alone[level].receive(1)
                is_same = world.levels[row] == level
                assert np.array_equal(observation[row], after[0] if is_same else first[world.levels[row]][0])
                assert (reward[row], terminated[row], truncated[row]) == (gained[0], is_terminated[0], is_truncated[0])
                assert world.random_state(row) == alone[level].random_state(row)
                if row in final:
                    assert np.array_equal(info["final_obs"][row], final[row])
        assert seen == set(levels)


def test_a_row_moves_on_when_an_episode_ends_after_its_steps_and_never_before() -> None:
    world = serial(TUMBLEWEED, 1)
    world.reset(seed=0)
    stays, played = [], 0
    for action in actions(130, 1):
        level = world.levels[0]
        _, _, terminated, truncated, _ = world.step(action)
        played += 1
        is_due = bool(terminated[0] | truncated[0]) and played >= 20
        assert (world.levels[0] != level) == is_due
        if is_due:
            stays.append(played)
            played = 0
    world.close()
    assert stays == [24] * 5


@pytest.mark.parametrize("num_envs", [1, 2, 7])
def test_every_level_is_taken_once_before_any_is_taken_again(num_envs: int) -> None:
    world = serial(TUMBLEWEED, num_envs, switch_steps=1)
    world.reset(seed=0)
    taken = world.levels.copy()
    while len(taken) < 15:
        before = world.places()["places"]
        world.step(np.zeros(num_envs, np.int64))
        moved = np.flatnonzero(world.places()["places"] != before)
        taken += [world.levels[row] for row in moved]
    world.close()
    passes = [taken[start : start + 5] for start in (0, 5, 10)]
    assert all(sorted(once) == sorted(TUMBLEWEED) for once in passes)
    assert len({tuple(once) for once in passes}) > 1


def test_the_seed_makes_the_order() -> None:
    worlds = [serial(TUMBLEWEED, 5, order_seed=seed) for seed in (1, 1, 2)]
    orders = [world.levels for world in worlds]
    for world in worlds:
        world.close()
    assert orders[0] == orders[1] != orders[2]


def test_put_back_in_its_places_it_goes_on_as_it_did() -> None:
    world = serial(TWO_GAMES + TUMBLEWEED[1:2], 2)
    world.reset(seed=4)
    follow(world, 55)
    places = world.places()
    snapshots = [world.save(row).to_bytes() for row in range(2)]
    random = [world.random_state(row) for row in range(2)]
    expected = follow(world, 60, seed=9)
    world.close()
    again = serial(TWO_GAMES + TUMBLEWEED[1:2], 2)
    again.reset()
    again.restore_places(places)
    for row in range(2):
        again.load(row, snapshot_from_bytes(snapshots[row]))
        again.restore_random_state(row, random[row])
    assert follow(again, 60, seed=9) == expected
    again.close()


def test_what_makes_no_sense_is_refused() -> None:
    bad: list[dict[str, Any]] = [{"num_envs": 0}, {"switch_steps": 0}, {"levels": []}]
    for changes in bad:
        arguments: dict[str, Any] = {"levels": TUMBLEWEED, "num_envs": 1, **changes}
        with pytest.raises(UsageError, match="Playing levels one after another takes at least one"):
            serial(**arguments)
    world = serial(TUMBLEWEED, 2)
    with pytest.raises(StateError, match="has 1 rows, this one has 2"):
        world.restore_places({"places": np.zeros(1, np.int64)})
    world.close()
