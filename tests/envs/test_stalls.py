"""The stall limit cuts the same episodes in every kind of world, and a saved world remembers how long it stalled."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.interface import World
from newgameplus.envs.level_queue import ShuffledLevels
from newgameplus.envs.rules import WorldRules
from newgameplus.envs.serial import SerialVecEnv
from newgameplus.envs.stalls import StallCounter
from newgameplus.envs.vector import make_vector
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import StateError, UsageError
from newgameplus.games.levels import Level, find_level
from newgameplus.types import WARPED, Array

LEVELS = [find_level("Airstriker-Genesis-v0/Level1"), find_level("Tumbleweed-Genesis-v0/Mesa.Act1")]
RULES: dict[str, Any] = {"stall_frames": 252, "frame_skip": FrameSkip(4, 0.25), "max_episode_steps": 150}
ACTIONS = np.random.default_rng(3).integers(0, 2, (500, 3, 12), np.int8)
ACTIONS[:, :, 0] = (np.arange(500) % 2)[:, None]  # fires


def history(world: World, actions: Array, seed: int | None) -> list[Any]:
    """What a world tells, step by step; ``seed`` None goes on where it stands."""
    told: list[Any] = [] if seed is None else [world.reset(seed=seed)[0].tobytes()]
    for action in actions:
        observation, reward, terminated, truncated, info = world.step(action)
        told.append((observation.tobytes(), reward.tolist(), terminated.tolist(), truncated.tolist(), plain(info)))
    return told


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items())}
    assert isinstance(value, np.ndarray)
    return [None if item is None else item.tobytes() for item in value] if value.dtype == object else value.tolist()


@pytest.mark.parametrize("level", LEVELS, ids=str)
def test_a_row_of_a_batch_stalls_where_a_single_environment_does(level: Level) -> None:
    with closing(SingleWorld(make_contest(level, observation_spec=WARPED, **RULES))) as single:
        expected = history(single, ACTIONS[:, :1], 7)
    with closing(RetroVecEnv([level], observation_spec=WARPED, **RULES)) as batch:
        assert history(batch, ACTIONS[:, :1], 7) == expected
    lengths = np.diff(np.flatnonzero([step[3][0] for step in expected[1:]]))
    assert 63 in lengths, "an episode stalled"
    if level is LEVELS[0]:
        assert max(lengths) > 63, "an episode made progress"


def test_processes_stall_as_the_batch_does() -> None:
    keywords = {"observation_spec": WARPED, **RULES}
    with closing(make_vector([LEVELS[0]] * 2, backend="reference", **keywords)) as processes:
        expected = history(processes, ACTIONS[:150, :2], 5)
    with closing(make_vector([LEVELS[0]] * 2, **keywords)) as batch:
        assert history(batch, ACTIONS[:150, :2], 5) == expected


def worlds() -> list[Any]:
    serial = {"num_envs": 3, "switch_steps": 30}
    return [
        lambda: RetroVecEnv([LEVELS[0]] * 3, observation_spec=WARPED, **RULES),
        lambda: SerialVecEnv(ShuffledLevels(LEVELS, 1), observation_spec=WARPED, **serial, **RULES),
    ]


@pytest.mark.parametrize("make", worlds(), ids=["batch", "serial"])
def test_a_world_that_is_restored_stalls_as_if_it_had_gone_on(make: Any) -> None:
    with closing(make()) as world:
        history(world, ACTIONS[:110], 9)
        saved = world.state()
        expected = history(world, ACTIONS[110:], None)
    with closing(make()) as world:
        world.restore(saved)
        assert history(world, ACTIONS[110:], None) == expected
        del saved["stalls"]
        with pytest.raises(StateError, match="has no stall limit"):
            world.restore(saved)


def test_rows_that_are_sent_are_received_at_once() -> None:
    with closing(RetroVecEnv([LEVELS[0]] * 2, observation_spec=WARPED, **RULES)) as world:
        world.reset()
        world.send(ACTIONS[0, :2], [0, 1])
        with pytest.raises(UsageError, match="must receive all rows"):
            world.receive(1)
        assert len(world.receive(2)[0]) == 2


def test_a_limit_is_at_least_one_frame() -> None:
    with pytest.raises(UsageError, match="at least 1 frame"):
        StallCounter(1, 0, 4)
    with pytest.raises(UsageError, match="stall_frames must be at least 1"):
        WorldRules(stall_frames=0)
