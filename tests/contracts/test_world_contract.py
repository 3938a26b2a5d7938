"""What every kind of world promises, on real consoles: one environment, the engine's batch, levels in turn, processes.

Each check takes a world, or a function that makes one, and nothing else, so that it says the same of any world.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.cores import console_named
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.interface import ResumableWorld, World
from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.envs.processes import make_processes
from newgameplus.envs.serial import SerialVecEnv
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import StateError
from newgameplus.games.action_sets import resolved
from newgameplus.games.levels import find_level
from newgameplus.testing import check_world
from newgameplus.types import SONIC_7, WARPED, Array

EPISODE_STEPS = 12
"""Short enough that every check sees episodes end."""
SHORT = EPISODE_STEPS - 2
"""Steps within one episode."""
LONG = 3 * EPISODE_STEPS + 1
SPECS: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": EPISODE_STEPS}
LEVELS = [find_level(name) for name in ("Airstriker-Genesis-v0/Level1", "Tumbleweed-Genesis-v0/Mesa.Act1")]

Make = Callable[[], World]


def single() -> World:
    return SingleWorld(make_contest(LEVELS[0], **SPECS))


def batch() -> World:
    return RetroVecEnv(LEVELS, **SPECS)


def serial() -> World:
    levels = [*LEVELS, find_level("Tumbleweed-Genesis-v0/Frost.Act1")]
    return SerialVecEnv(ShuffledLevels(levels, 3), 2, switch_steps=20, **SPECS)


def processes() -> World:
    return make_processes(LEVELS, SPECS)


SHAPES: dict[str, Make] = {"single": single, "batch": batch, "serial": serial, "processes": processes}
ON_THE_ENGINE = ("batch", "serial")
RESUMABLE = ("batch", "serial")


def make_of(name: str) -> Make:
    if name in ON_THE_ENGINE and engine() is None:
        pytest.skip("the native engine is not built here")
    return SHAPES[name]


@pytest.fixture(params=SHAPES)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes worlds of one kind."""
    return make_of(request.param)


@pytest.fixture(scope="module", params=SHAPES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One world of each kind; every check begins with a reset."""
    with closing(make_of(request.param)()) as opened:
        yield opened


def actions(world: World, num_steps: int, seed: int = 8) -> Iterator[Array]:
    world.action_space.seed(seed)
    for _ in range(num_steps):
        yield np.asarray(world.action_space.sample())


def follow(world: World, given: Iterator[Array]) -> list[Any]:
    """Everything that a world tells an agent, in a form that compares."""
    told: list[Any] = []
    for action in given:
        observation, reward, terminated, truncated, info = world.step(action)
        final = {row: info["final_obs"][row].tobytes() for row in np.flatnonzero(info.get("_final_obs", []))}
        told += [observation.tobytes(), reward.tolist(), terminated.tolist(), truncated.tolist(), final]
        told.append(list(world.level_ids))
    return told


def random_states(world: World) -> list[dict[str, Any]]:
    return [world.random_state(row) for row in range(world.num_envs)]


def test_it_keeps_every_promise_of_a_world(make: Make) -> None:
    check_world(make)


def test_it_says_what_its_rows_play_and_what_actions_mean(world: World) -> None:
    assert len(world.level_ids) == world.num_envs
    assert all(level_id.count("/") == 1 for level_id in world.level_ids)
    assert world.action_spec == resolved(SONIC_7, console_named("Genesis"))
    assert {"LEFT", "RIGHT", "B"} <= set(world.buttons)


def test_an_agent_is_told_its_spaces(world: World) -> None:
    spec = world_spec(world, num_timesteps=100)
    assert isinstance(world.single_action_space, gym.spaces.Discrete)
    assert (spec.num_envs, spec.num_timesteps, spec.buttons) == (world.num_envs, 100, world.buttons)
    assert spec.observation_shape == world.single_observation_space.shape
    assert (spec.action_shape, spec.num_actions) == ((), world.single_action_space.n)


def test_another_seed_gives_other_random_numbers(world: World) -> None:
    world.reset(seed=5)
    first = random_states(world)
    world.reset(seed=6)
    assert all(before != after for before, after in zip(first, random_states(world), strict=True))


def test_a_reset_without_a_seed_keeps_the_random_numbers(world: World) -> None:
    world.reset(seed=5)
    follow(world, actions(world, SHORT))
    before = random_states(world)
    world.reset()
    assert random_states(world) == before
    world.reset(seed=[None] * world.num_envs)
    assert random_states(world) == before


def test_the_same_random_numbers_give_the_same_episode(world: World) -> None:
    world.reset(seed=5)
    saved = json.loads(json.dumps(random_states(world)))
    levels = list(world.level_ids)
    expected = follow(world, actions(world, SHORT))
    world.reset()
    assert list(world.level_ids) == levels
    assert random_states(world) != saved, "nothing was random"
    for row, state in enumerate(saved):
        world.restore_random_state(row, state)
    assert random_states(world) == saved
    assert follow(world, actions(world, SHORT)) == expected


@pytest.mark.parametrize("state", [{}, {"bit_generator": "MT19937"}, {"bit_generator": "PCG64", "state": 5}])
def test_a_strange_random_state_is_refused_and_changes_nothing(world: World, state: dict[str, Any]) -> None:
    world.reset(seed=5)
    before = random_states(world)
    with pytest.raises(StateError):
        world.restore_random_state(world.num_envs - 1, state)
    assert random_states(world) == before


def test_batches_on_the_engine_can_be_saved_at_any_moment_and_no_others(
    world: World, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["world"]
    assert isinstance(world, ResumableWorld) == (name in RESUMABLE)


@pytest.mark.parametrize("name", RESUMABLE)
def test_a_state_that_is_not_its_own_is_refused(name: str) -> None:
    with closing(make_of(name)()) as world:
        assert isinstance(world, ResumableWorld)
        world.reset(seed=4)
        state = world.state()
        short: dict[str, Sequence[Any]] = {part: state[part][:1] for part in ("snapshots", "random", "observation")}
        for bad, reason in (({}, "lacks"), (state | short, "has 1 rows, this one has 2")):
            with pytest.raises(StateError, match=reason):
                world.restore(bad)


def test_levels_in_turn_and_side_by_side_do_not_take_each_others_state() -> None:
    with closing(make_of("batch")()) as batch, closing(make_of("serial")()) as serial:
        assert isinstance(batch, ResumableWorld)
        assert isinstance(serial, ResumableWorld)
        batch.reset(seed=1)
        serial.reset(seed=1)
        with pytest.raises(StateError, match="played its levels side by side"):
            serial.restore(batch.state())
        with pytest.raises(StateError, match="played its levels one after another"):
            batch.restore(serial.state())
