"""Rows of a vector environment equal single environments, and errors arrive from their processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from newgameplus.emulator.backends import Backend
from newgameplus.envs.contest import make_contest
from newgameplus.envs.processes import ProcessVector
from newgameplus.envs.retro import FrameListener, Played, RetroEnv
from newgameplus.envs.vector import Vector, make_vector
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import EmulatorError, NotFoundError, RomError, UsageError
from newgameplus.games.levels import Level, find_level
from newgameplus.types import NOTHING, SONIC_7, WARPED

SEEDS = [5, 17]
ACTIONS = np.random.default_rng(4).integers(0, 7, (230, 2))


@pytest.fixture
def closed() -> Iterator[Callable[[Vector], Vector]]:
    """Closes at the end of the test what it is called with."""
    vectors: list[Vector] = []

    def remember(vector: Vector) -> Vector:
        vectors.append(vector)
        return vector

    yield remember
    for vector in vectors:
        vector.close()


def rows_of(world: Any, actions: Any, seeds: list[int]) -> list[list[Any]]:
    """What each row saw and got, step by step; the last observation of an ended episode included."""
    observation, _ = world.reset(seed=seeds)
    rows = [[seen.tobytes()] for seen in observation]
    for action in actions:
        observation, reward, terminated, truncated, info = world.step(action)
        for index, row in enumerate(rows):
            is_done = terminated[index] or truncated[index]
            last = info["final_obs"][index].tobytes() if is_done else None
            final_info = {key: value[index] for key, value in info["final_info"].items()} if is_done else None
            row.append((observation[index].tobytes(), reward[index], terminated[index], truncated[index], last))
            row.append(final_info)
    return rows


def test_rows_equal_single_environments_on_either_backend(level: Level, opened: Any, closed: Any) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 100}
    vector = closed(make_vector([level, level], backend="native", **keywords))
    rows = rows_of(vector, ACTIONS, SEEDS)
    processes = closed(make_vector([level, level], backend="reference", **keywords))
    assert isinstance(processes, ProcessVector)
    assert rows_of(processes, ACTIONS, SEEDS) == rows
    assert world_spec(vector) == world_spec(processes)
    for index, seed in enumerate(SEEDS):
        world = opened(SingleWorld(make_contest(level, **keywords)))
        assert rows_of(world, ACTIONS[:, index : index + 1], [seed]) == [rows[index]]
        world.close()
    assert rows[0] != rows[1]


def test_the_parent_keeps_its_own_emulator_and_a_refused_action_names_its_row(
    level: Level, opened: Any, closed: Any
) -> None:
    opened(RetroEnv(level, backend="reference")).reset()
    vector = closed(make_vector([level, level], observation_spec=NOTHING, action_spec=SONIC_7, backend="reference"))
    vector.reset(seed=0)
    with pytest.raises(UsageError, match=r"The action 9 is outside Discrete\(7\)") as caught:
        vector.step(np.array([0, 9]))
    assert "row 1" in caught.value.__notes__[0]


def test_a_killed_process_is_reported_with_its_row(level: Level, closed: Any) -> None:
    vector = closed(make_vector([level, level], observation_spec=NOTHING, backend="reference"))
    vector.reset(seed=0)
    os.kill(vector.processes[1].pid, signal.SIGKILL)
    with pytest.raises(EmulatorError, match="row 1"):
        vector.step(np.zeros((2, 12), np.int8))
    assert not any(process.is_alive() for process in vector.processes)


class FrameCounter:
    """A listener in a row's process: writes its row's number of frames into a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def episode_started(self, env: Played) -> None:
        pass

    def frame_ran(self, mask: int, reward: float) -> None:
        pass

    def episode_ended(self, env: Played) -> None:
        self.path.write_text(str(env.num_frames))


class FrameCounters:
    """Makes the listeners of each row; an object at the top of a module, so that it travels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, row: int) -> Sequence[FrameListener]:
        return [FrameCounter(self.folder / str(row))]


def test_each_row_has_listeners_of_its_own(level: Level, closed: Any, tmp_path: Path) -> None:
    vector = closed(make_vector([level, level], observation_spec=NOTHING, make_listeners=FrameCounters(tmp_path)))
    vector.reset(seed=0)
    vector.step(np.zeros((2, 12), np.int8))
    vector.close()
    assert [(tmp_path / str(row)).read_text() for row in range(2)] == ["4", "4"]


@pytest.mark.parametrize("backend", get_args(Backend))
def test_rows_may_be_different_games_of_one_shape(backend: Backend, level: Level, folder: Path, closed: Any) -> None:
    (folder / "contest.json").write_text(
        '{"reward": {"variables": {"lives": {"measurement": "absolute", "reward": 1}}}}'
    )
    levels = [level, find_level("Scripted-Genesis-v0")]
    vector = closed(make_vector(levels, observation_spec=NOTHING, backend=backend))
    vector.reset(seed=0)
    assert vector.step(np.zeros((2, 12), np.int8))[1].tolist() == [0.0, 4 * 3.0]


@pytest.mark.parametrize("backend", get_args(Backend))
def test_rows_of_different_shapes_are_named(backend: Backend, level: Level, folder: Path) -> None:
    (folder / "contest.json").write_text('{"reward": {}, "crop": [0, 0, 100, 100]}')
    with pytest.raises(UsageError, match=r"Airstriker-Genesis-v0/Level1 .* Scripted.* give both the same size"):
        make_vector([level, find_level("Scripted-Genesis-v0")], backend=backend)


@pytest.mark.parametrize("backend", get_args(Backend))
def test_levels_that_cannot_be_played_are_refused_as_everywhere(backend: Backend, level: Level) -> None:
    other = Level("Breakout-Atari2600-v0", "Start", "scenario")
    with pytest.raises(RomError, match="ROM of Breakout"):
        make_vector([level, other], backend=backend)
    with pytest.raises(UsageError, match="at least one level"):
        make_vector([], backend=backend)
    with pytest.raises(NotFoundError, match="Did you mean Level1"):
        make_vector([level, Level(level.game, "Levle1", level.scenario)], backend=backend)
