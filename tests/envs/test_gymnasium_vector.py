"""The batch on the engine does what Gymnasium's own vector environments do, in every autoreset mode."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import vector as wrappers

from newgameplus.emulator.compiled import engine
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.vector import make_vector
from newgameplus.errors import EmulatorError, UsageError
from newgameplus.games.levels import Level
from newgameplus.types import NOTHING, SONIC_7, ObservationSpec

pytestmark = pytest.mark.skipif(engine() is None, reason="the native engine is not built here")

ID = "newgameplus:Airstriker-Genesis-v0"
SMALL = ObservationSpec(gray=True, size=(8, 8))
SPECS: dict[str, Any] = {"observation_spec": SMALL, "action_spec": SONIC_7, "max_episode_steps": 3}
MODES = list(AutoresetMode)


def batch(level: Level, mode: AutoresetMode = AutoresetMode.SAME_STEP, **keywords: Any) -> RetroVecEnv:
    return RetroVecEnv([level] * 2, autoreset_mode=mode, **SPECS | keywords)


@pytest.fixture
def rows(level: Level) -> Iterator[RetroVecEnv]:
    with closing(batch(level, render_mode="rgb_array")) as opened:
        yield opened


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stall_frames", [None, 8])
def test_every_autoreset_mode_equals_gymnasiums(level: Level, mode: AutoresetMode, stall_frames: int | None) -> None:
    ours = batch(level, mode, stall_frames=stall_frames)
    single = SPECS | {"stall_frames": stall_frames}
    theirs = SyncVectorEnv([lambda: make_contest(level, **single)] * 2, autoreset_mode=mode)
    with closing(ours), closing(theirs):
        assert ours.metadata["autoreset_mode"] is mode
        assert data_equivalence(ours.reset(seed=[1, 2]), theirs.reset(seed=[1, 2]))
        ours.action_space.seed(3)
        for step in range(9):
            actions = ours.action_space.sample()
            observation, *mine = ours.step(actions)
            expected, *its = theirs.step(actions)
            np.testing.assert_array_equal(observation, expected)
            assert data_equivalence(tuple(mine), tuple(its))
            over = mine[1] | mine[2]
            if mode is AutoresetMode.DISABLED and over.any():
                with pytest.raises(ResetNeeded, match="reset"):
                    ours.step(actions)
                options = {"reset_mask": over}
                assert data_equivalence(ours.reset(options=dict(options)), theirs.reset(options=dict(options)))
            if step == 1 and mode is not AutoresetMode.SAME_STEP:  # so that the rows no longer end together
                options = {"reset_mask": np.array([True, False])}
                assert data_equivalence(ours.reset(options=dict(options)), theirs.reset(options=dict(options)))


def test_a_row_that_waits_stays_at_its_last_moment(level: Level) -> None:
    with closing(batch(level, AutoresetMode.NEXT_STEP, render_mode="rgb_array")) as rows:
        rows.reset(seed=0)
        for _ in range(3):
            rows.step(np.zeros(2, int))
        last, memory = rows.screen(0), rows.ram(0)
        state = rows.state()
        rows.step(np.zeros(2, int))
        assert (rows.ram(0) != memory).any()
        assert last.shape == (224, 320, 3)
        rows.restore(state)
        np.testing.assert_array_equal(rows.ram(0), memory)
        _, reward, terminated, truncated, _ = rows.step(np.ones(2, int))
        assert not any(part.any() for part in (reward, terminated, truncated))
        assert rows.step(np.ones(2, int))[3].tolist() == [False, False]


def test_what_depends_on_the_same_step_is_refused_in_words(level: Level) -> None:
    with closing(batch(level, AutoresetMode.NEXT_STEP)) as rows:
        rows.reset(seed=0)
        with pytest.raises(UsageError, match="begin again in their next step"):
            rows.send(np.zeros(2, int), [0, 1])
    with pytest.raises(UsageError, match="NextStep, SameStep, Disabled"):
        batch(level, "Never")  # type: ignore[arg-type]


def test_make_vec_takes_the_settings_of_the_batch() -> None:
    world = gym.make_vec(
        ID, 3, num_threads=1, core="genesis_plus_gx", autoreset_mode="NextStep", render_mode="rgb_array",
        observation_spec="picture", action_spec={"kind": "discrete"},
    )  # fmt: skip
    with closing(world):
        assert isinstance(world, RetroVecEnv)
        assert world.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
        assert (world.spec.id, world.spec.kwargs["num_envs"]) == ("Airstriker-Genesis-v0", 3)
        assert [core.name for core in world.get_attr("core")] == ["genesis_plus_gx"] * 3
        world.reset(seed=5)
        assert [picture.shape for picture in world.render()] == [(224, 320, 3)] * 3


def test_a_vector_specification_survives_json() -> None:
    with closing(gym.make_vec(ID, 2, **SPECS)) as world:
        spec = gym.envs.registration.EnvSpec.from_json(world.spec.to_json())
    with closing(gym.make_vec(spec)) as again:
        assert (again.num_envs, again.single_observation_space.shape) == (2, (8, 8, 1))
        assert again.single_action_space == gym.spaces.Discrete(7)


def test_rows_can_be_called_and_asked(rows: RetroVecEnv, level: Level) -> None:
    rows.reset(seed=0)
    assert rows.call("level") == (level, level)
    pictures = rows.call("render")
    np.testing.assert_array_equal(pictures, rows.call("screen"))
    assert [snapshot.size_bytes > 0 for snapshot in rows.call("save")] == [True, True]
    with pytest.raises(AttributeError, match="no_such"):
        rows.call("no_such")


def test_seeds_are_those_given_and_generators_can_be_replaced(rows: RetroVecEnv) -> None:
    rows.reset(seed=42)
    assert rows.np_random_seed == rows.get_attr("np_random_seed") == (42, 43)
    rows.reset(seed=None)
    assert rows.np_random_seed == (42, 43)
    expected = [gym.utils.seeding.np_random(seed)[0] for seed in (7, 8)]
    rows.set_attr("np_random", expected)
    assert rows.np_random_seed == (-1, -1)
    assert [mine.random() for mine in rows.np_random] == [each.random() for each in expected]


def test_what_a_row_is_made_with_cannot_be_set_and_notes_can(rows: RetroVecEnv) -> None:
    rows.set_attr("curriculum", [1, 2])
    assert rows.get_attr("curriculum") == (1, 2)
    with pytest.raises(UsageError, match="level"):
        rows.set_attr("level", None)
    with pytest.raises(ValueError, match="2 rows but 3 values"):
        rows.set_attr("curriculum", [1, 2, 3])


def test_wrong_arguments_raise_what_gymnasium_raises(rows: RetroVecEnv) -> None:
    with pytest.raises(ResetNeeded):
        rows.step(np.zeros(2, int))
    rows.reset(seed=0)
    for actions in (np.zeros(3, int), np.zeros(1, int), 0):
        with pytest.raises(ValueError, match="2 actions, one per row"):
            rows.step(np.asarray(actions))
    for mask in ([True], [[True, True]], [False, False]):
        with pytest.raises(ValueError, match="reset mask"):
            rows.reset(options={"reset_mask": np.array(mask)})
    with pytest.raises(ValueError, match="2 rows but 1 seeds"):
        rows.reset(seed=[1])


def test_a_batch_without_pictures_renders_in_processes_only(level: Level) -> None:
    with pytest.raises(UsageError, match="make_vector"):
        RetroVecEnv([level], observation_spec=NOTHING, render_mode="rgb_array")
    with pytest.raises(UsageError, match="HumanRendering"):
        make_vector([level], render_mode="human")  # type: ignore[arg-type]


def test_a_batch_is_not_copied(rows: RetroVecEnv) -> None:
    with pytest.raises(EmulatorError, match="pickled nor copied"):
        copy.deepcopy(rows)


WRAPPERS = {
    "DtypeObservation": lambda env: wrappers.DtypeObservation(env, np.float32),
    "FlattenObservation": wrappers.FlattenObservation,
    "NormalizeObservation": wrappers.NormalizeObservation,
    "NormalizeReward": wrappers.NormalizeReward,
    "RecordEpisodeStatistics": wrappers.RecordEpisodeStatistics,
    "RescaleObservation": lambda env: wrappers.RescaleObservation(env, 0.0, 1.0),
    "ResizeObservation": lambda env: wrappers.ResizeObservation(env, (4, 4)),
    "ClipReward": lambda env: wrappers.ClipReward(env, -1.0, 1.0),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_gymnasiums_vector_wrappers_go_around_it(level: Level, name: str) -> None:
    world = WRAPPERS[name](batch(level, AutoresetMode.NEXT_STEP))
    with closing(world):
        observation, _ = world.reset(seed=0)
        for _ in range(5):
            observation, *_ = world.step(world.action_space.sample())
        assert observation.shape == world.observation_space.shape
