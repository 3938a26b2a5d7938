"""One environment as a world behaves as Gymnasium's own vector environments do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from newgameplus.envs.contest import make_contest
from newgameplus.envs.retro import RetroEnv
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import StateError
from newgameplus.games.levels import Level
from newgameplus.types import NOTHING, SONIC_7, WARPED, ActionSpec

ACTIONS = np.random.default_rng(2).integers(0, 7, (260, 1))


def trajectory(world: Any) -> list[Any]:
    """Everything a world returns over resets and autoresets, in a form that compares."""
    steps = [world.reset(seed=9), *(world.step(action) for action in ACTIONS)]
    return [plain(part) for step in steps for part in step]


def plain(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: plain(value) for key, value in part.items()}
    if part.dtype == object:
        return [None if row is None else plain(row) for row in part]
    return part.dtype.str, part.shape, part.tobytes()


def test_a_world_equals_gymnasiums_vector_environment_of_one(level: Level, opened: Callable[[Any], Any]) -> None:
    def make() -> gym.Env[Any, Any]:
        return make_contest(level, observation_spec=WARPED, action_spec=SONIC_7, max_episode_steps=100)

    theirs = opened(SyncVectorEnv([make], autoreset_mode=AutoresetMode.SAME_STEP))
    expected = trajectory(theirs)
    theirs.close()
    world = opened(SingleWorld(make()))
    assert world.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"]
    assert world.observation_space == theirs.observation_space
    assert world.action_space == theirs.action_space
    seen = trajectory(world)
    assert seen == expected
    assert sum(isinstance(part, dict) and "final_obs" in part for part in seen) == 2


def test_an_observation_is_not_copied(level: Level, opened: Callable[[Any], Any]) -> None:
    world = opened(SingleWorld(make_contest(level)))
    observation, _ = world.reset(seed=[3])
    assert observation.shape == (1, 224, 320, 3)
    assert observation.base is not None


def test_random_numbers_go_on_from_a_saved_state(level: Level, opened: Callable[[Any], Any]) -> None:
    world = opened(SingleWorld(make_contest(level, observation_spec=NOTHING, max_episode_steps=50)))
    buttons = np.random.default_rng(0).integers(0, 2, (50, 1, 12))

    def episode() -> list[bytes]:
        world.reset()
        return [(world.step(action), world.env.unwrapped.ram().tobytes())[1] for action in buttons[:-1]]

    world.reset(seed=1)
    episode()
    saved = json.loads(json.dumps(world.random_state(0)))
    expected = episode()
    assert episode() != expected
    world.restore_random_state(0, saved)
    assert episode() == expected


@pytest.mark.parametrize("state", [{}, {"bit_generator": "MT19937"}, {"bit_generator": "PCG64", "state": 5}])
def test_a_strange_random_state_is_refused(state: dict[str, Any], level: Level, opened: Callable[[Any], Any]) -> None:
    world = opened(SingleWorld(make_contest(level, observation_spec=NOTHING)))
    world.reset(seed=1)
    before = world.random_state(0)
    with pytest.raises(StateError):
        world.restore_random_state(0, state)
    assert world.random_state(0) == before


@pytest.mark.parametrize(
    ("action_spec", "action_shape", "num_actions"),
    [
        (ActionSpec(), (12,), None),
        (ActionSpec("multi_discrete"), (3,), None),
        (ActionSpec("discrete"), (), 126),
        (SONIC_7, (), 7),
    ],
)
def test_an_agent_is_told_what_the_world_is(
    action_spec: ActionSpec,
    action_shape: tuple[int, ...],
    num_actions: int | None,
    level: Level,
    opened: Callable[[Any], Any],
) -> None:
    world = opened(SingleWorld(make_contest(level, observation_spec=WARPED, action_spec=action_spec)))
    spec = world_spec(world, num_timesteps=1000)
    assert (spec.num_envs, spec.num_timesteps, spec.observation_shape) == (1, 1000, (84, 84, 4))
    assert spec.buttons == ("B", "A", "MODE", "START", "UP", "DOWN", "LEFT", "RIGHT", "C", "Y", "X", "Z")
    assert (spec.action_shape, spec.num_actions) == (action_shape, num_actions)


def test_closing_the_world_frees_the_emulator(level: Level, opened: Callable[[Any], Any]) -> None:
    world = SingleWorld(make_contest(level, render_mode="rgb_array"))
    world.reset(seed=0)
    assert [picture.shape for picture in world.render() or ()] == [(224, 320, 3)]
    world.close()
    opened(RetroEnv(level)).reset()
