"""The batch on the engine: the same with any number of threads, drawn or undrawn, sent or stepped, resumed or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from gymnasium.wrappers.vector import ClipReward, RecordEpisodeStatistics

from newgameplus.emulator.backends import Backend
from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.frame_skip import FrameSkip
from newgameplus.envs.processes import ProcessVector
from newgameplus.envs.vector import make_vector
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import EmulatorError, IntegrationError, NotFoundError, StateError, UsageError
from newgameplus.games.folders import GAMES_VARIABLE
from newgameplus.games.levels import Level
from newgameplus.types import NOTHING, PICTURE, SONIC_7, WARPED, ActionSpec, Array, ObservationSpec

Batch = Callable[..., RetroVecEnv]
NUM_STEPS = 150
ACTIONS = np.random.default_rng(4).integers(0, 7, (NUM_STEPS, 4))
SEEDS = [5, 17, 5, 0]
FLICKER = ObservationSpec(maximum=True, gray=True, size=(84, 84), stack=4)
ODD = ObservationSpec(crop=(8, 3, 17, 40), size=(50, 61), stack=2)
EDGES = ObservationSpec(crop=(56, 0, 0, 80), size=(84, 120), edges=(100, 200), stack=4)
MEMORY = ObservationSpec(kind="ram")


def history(world: Any, actions: Array, seed: Any = None) -> list[Any]:
    """Everything that a world says, as bytes."""
    observation, info = world.reset(seed=seed)
    told = [(observation.tobytes(), plain(info))]
    for action in actions:
        observation, reward, terminated, truncated, info = world.step(action)
        told.append(
            (observation.tobytes(), reward.tolist(), terminated.tolist(), truncated.tolist(), plain(info))  # type: ignore[arg-type]
        )
    return told


def plain(value: Any) -> Any:
    """An info as values that can be compared, with what its masks say is there."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items())}
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [None if item is None else item.tobytes() for item in value]
    assert isinstance(value, np.ndarray)
    return (str(value.dtype), value.tolist())


@pytest.mark.parametrize("spec", [PICTURE, WARPED, ODD, FLICKER, EDGES, MEMORY, NOTHING], ids=str)
def test_each_row_equals_a_single_environment_bit_for_bit(spec: ObservationSpec, level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": spec, "action_spec": SONIC_7, "max_episode_steps": 60}
    vector = batch(level, level, **keywords)
    ours = history(vector, ACTIONS[:, :2], SEEDS[:2])
    assert any(step[3][0] for step in ours[1:])
    for row in range(2):
        world = SingleWorld(make_contest(level, **keywords))
        try:
            alone = history(world, ACTIONS[:, row : row + 1], SEEDS[row])
            assert world.single_observation_space == vector.single_observation_space
        finally:
            world.close()
        assert alone == history(batch(level, **keywords), ACTIONS[:, row : row + 1], SEEDS[row])
        np.testing.assert_array_equal(
            np.array([step[1][0] for step in alone[1:]]), np.array([step[1][row] for step in ours[1:]])
        )


def test_a_batch_says_what_gymnasiums_processes_say_word_for_word(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 40}
    processes = make_vector([level, level], backend="reference", **keywords)
    try:
        assert isinstance(processes, AsyncVectorEnv)
        expected = history(processes, ACTIONS[:100, :2], SEEDS[:2])
        vector = batch(level, level, **keywords)
        assert history(vector, ACTIONS[:100, :2], SEEDS[:2]) == expected
        assert vector.observation_space == processes.observation_space
        assert vector.action_space == processes.action_space
    finally:
        processes.close()


def test_a_lost_life_ends_a_row_in_its_very_frame(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "max_episode_steps": None, "frame_skip": FrameSkip(7, 0.25)}
    idle = np.zeros((700, 1, 12), np.int8)
    world = SingleWorld(make_contest(level, **keywords))
    try:
        expected = history(world, idle, 1)
    finally:
        world.close()
    assert history(batch(level, **keywords), idle, 1) == expected
    assert sum(step[2][0] for step in expected[1:]) >= 1


def test_any_number_of_threads_gives_the_same(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 30}
    told = [history(batch(*[level] * 4, num_threads=count, **keywords), ACTIONS[:70], SEEDS) for count in (1, 2, 4)]
    assert told[0] == told[1] == told[2]


def test_rows_with_the_same_seed_and_actions_do_the_same(level: Level, batch: Batch) -> None:
    vector = batch(level, level, observation_spec=MEMORY, action_spec=SONIC_7)
    vector.reset(seed=[3, 3])
    for action in ACTIONS[:60, 0]:
        observation, *_ = vector.step(np.array([action, action]))
        np.testing.assert_array_equal(observation[0], observation[1])


def test_rows_that_nobody_seeds_are_late_at_different_steps(level: Level, batch: Batch) -> None:
    vector = batch(level, level)
    assert vector.random_state(0) != vector.random_state(1)


@pytest.mark.parametrize("num_frames", [2, 4, 7])
def test_undrawn_frames_change_nothing(num_frames: int, pico: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"frame_skip": FrameSkip(num_frames, 0.25), "max_episode_steps": None}
    drawn, last, blind, both = (
        batch(pico, **keywords),
        batch(pico, observation_spec=WARPED, **keywords),
        batch(pico, observation_spec=NOTHING, **keywords),
        batch(pico, observation_spec=FLICKER, **keywords),
    )
    for each in (drawn, last, blind, both):
        each.reset(seed=2)
    random = np.random.default_rng(3)
    for _ in range(1600 // num_frames):
        action = (random.random((1, 12)) < 0.3).astype(np.int8)
        steps = [each.step(action) for each in (drawn, last, blind, both)]
        assert len({(float(step[1][0]), bool(step[2][0])) for step in steps}) == 1
        assert len({each.ram(0).tobytes() for each in (drawn, last, blind, both)}) == 1


@pytest.mark.parametrize("num_frames", [4, 9, 11])
def test_an_episode_that_ends_on_an_undrawn_frame_looks_the_same_in_a_batch_and_alone(
    num_frames: int, pico: Level, batch: Batch
) -> None:
    keywords: dict[str, Any] = {"frame_skip": FrameSkip(num_frames, 0.25), "max_episode_steps": None}
    actions = np.zeros((1600 // num_frames, 1, 12), np.int8)
    world = SingleWorld(make_contest(pico, **keywords))
    try:
        alone = history(world, actions, 5)
    finally:
        world.close()
    assert history(batch(pico, **keywords), actions, 5) == alone
    assert any(step[2][0] for step in alone[1:]), "an episode ended"


def test_sent_and_received_equals_stepped(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 20}
    stepped, sent = batch(*[level] * 4, **keywords), batch(*[level] * 4, num_threads=2, **keywords)
    stepped.reset(seed=SEEDS)
    sent.reset(seed=SEEDS)
    expected = [stepped.step(action) for action in ACTIONS[:45]]
    places = [0] * 4
    sent.send(ACTIONS[0], range(4))
    while min(places) < 45:
        rows, observation, reward, terminated, truncated, final = sent.receive(1)
        for index, row in enumerate(rows):
            theirs = expected[places[row]]
            np.testing.assert_array_equal(observation[index], theirs[0][row])
            assert (reward[index], terminated[index], truncated[index]) == tuple(part[row] for part in theirs[1:4])
            if truncated[index]:
                np.testing.assert_array_equal(final[int(row)], theirs[4]["final_obs"][row])
            places[row] += 1
        going_on = [row for row in rows if places[row] < 45]
        if going_on:
            sent.send(np.array([ACTIONS[places[row], row] for row in going_on]), going_on)


def test_a_masked_reset_touches_only_the_rows_that_it_marks(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": MEMORY, "action_spec": SONIC_7}
    vector, untouched = batch(level, level, **keywords), batch(level, level, **keywords)
    for each in (vector, untouched):
        first, _ = each.reset(seed=[1, 2])
        for action in ACTIONS[:20, :2]:
            before, *_ = each.step(action)
    after, info = vector.reset(seed=[7, 8], options={"reset_mask": np.array([True, False])})
    np.testing.assert_array_equal(after[0], first[0])
    np.testing.assert_array_equal(after[1], before[1])
    assert info["_score"].tolist() == [True, False]
    assert vector.random_state(0) != untouched.random_state(0)
    assert vector.random_state(1) == untouched.random_state(1)
    for action in ACTIONS[20:40, :2]:
        np.testing.assert_array_equal(vector.step(action)[0][1], untouched.step(action)[0][1])


def test_resumed_equals_uninterrupted(level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": WARPED, "action_spec": SONIC_7, "max_episode_steps": 50}
    whole, resumed = batch(level, level, **keywords), batch(level, level, **keywords)
    whole.reset(seed=[1, 2])
    for action in ACTIONS[:30, :2]:
        whole.step(action)
    resumed.reset(seed=[3, 4])
    for row in range(2):
        resumed.load(row, whole.save(row))
        resumed.restore_random_state(row, whole.random_state(row))
    for action in ACTIONS[30:100, :2]:
        ours, theirs = resumed.step(action), whole.step(action)
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert plain(ours[4]) == plain(theirs[4])
        for mine, other in zip(ours[1:4], theirs[1:4], strict=True):
            np.testing.assert_array_equal(mine, other)


def test_without_copies_every_step_returns_the_same_array(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=WARPED, action_spec=SONIC_7, copies_observations=False)
    first, _ = vector.reset(seed=1)
    kept = first.copy()
    for action in ACTIONS[:30, :1]:
        assert vector.step(action)[0] is first
    assert not np.array_equal(kept, first)


def test_with_copies_no_step_touches_what_was_returned(level: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=WARPED, action_spec=SONIC_7, max_episode_steps=10)
    returned = [vector.reset(seed=1)[0], *(vector.step(action)[0] for action in ACTIONS[:30, :1])]
    assert len({each.tobytes() for each in returned}) > 10


@pytest.mark.parametrize("kind", ["filtered", "all", "discrete", "multi_discrete"])
def test_every_kind_of_action_means_what_it_means_alone(kind: Any, level: Level, batch: Batch) -> None:
    keywords: dict[str, Any] = {"observation_spec": MEMORY, "action_spec": ActionSpec(kind)}
    env, vector = make_contest(level, **keywords), batch(level, **keywords)
    try:
        env.action_space.seed(5)
        env.reset(seed=9)
        vector.reset(seed=9)
        for _ in range(40):
            action = env.action_space.sample()
            np.testing.assert_array_equal(env.step(action)[0], vector.step(np.asarray(action)[None])[0][0])
    finally:
        env.close()


@pytest.mark.parametrize("actions", [np.array([0, 7]), np.array([-1, 0]), np.zeros(2), np.zeros((2, 12), np.int8)])
def test_a_refused_action_leaves_every_row_where_it_was(actions: Array, level: Level, batch: Batch) -> None:
    vector = batch(level, level, observation_spec=MEMORY, action_spec=SONIC_7)
    before, _ = vector.reset(seed=0)
    with pytest.raises(UsageError):
        vector.step(actions)
    np.testing.assert_array_equal(np.stack([vector.ram(row) for row in range(2)]), before)


def test_what_makes_no_sense_is_refused_in_words(level: Level, pico: Level, batch: Batch) -> None:
    with pytest.raises(EmulatorError, match="consoles need about"):
        RetroVecEnv([level] * 10**7)
    with pytest.raises(UsageError, match="Edge thresholds"):
        batch(level, observation_spec=ObservationSpec(edges=(2, 1)))
    with pytest.raises(UsageError, match="picture"):
        batch(level, observation_spec=ObservationSpec(kind="ram", maximum=True))
    with pytest.raises(EmulatorError, match="nothing of a picture"):
        batch(level, observation_spec=ObservationSpec(crop=(200, 0, 100, 0)))
    with pytest.raises(NotFoundError, match=r"no start state 'Start' for the core genesis_plus_gx.*: picodrive"):
        batch(Level(pico.game, pico.state, pico.scenario), core="genesis_plus_gx")
    vector = batch(level, action_spec=SONIC_7)
    with pytest.raises(ResetNeeded, match="has not begun: call reset"):
        vector.step(np.array([0]))
    with pytest.raises(UsageError, match="2 seeds"):
        vector.reset(seed=[1, 2])
    with pytest.raises(UsageError, match="reset mask"):
        vector.reset(options={"reset_mask": np.array([False])})
    with pytest.raises(StateError):
        vector.restore_random_state(0, {"state": {"state": 2**200, "inc": 1}})


def test_a_row_under_way_is_left_alone(level: Level, batch: Batch) -> None:
    vector = batch(level, level, action_spec=SONIC_7)
    vector.reset(seed=0)
    vector.send(np.array([1]), [0])
    with pytest.raises(EmulatorError, match="under way"):
        vector.send(np.array([1]), [0])
    with pytest.raises(EmulatorError, match="under way"):
        vector.save(0)
    with pytest.raises(EmulatorError, match="fewer than 2 lanes under way: 1"):
        vector.receive(2)
    vector.receive(1)
    vector.step(np.array([1, 1]))


def test_a_failing_script_is_named_with_its_row(level: Level, batch: Batch, tmp_path: Any, monkeypatch: Any) -> None:
    folder = tmp_path / "Scripted-Genesis-v0"
    folder.mkdir()
    for name in ("data.json", "metadata.json", "Level1.state", "rom.md", "rom.sha"):
        (folder / name).symlink_to(level.integration.file(name))
    (folder / "scenario.json").write_text('{"reward": {"script": "lua:pay"}, "scripts": ["pay.lua"]}')
    (folder / "pay.lua").write_text("n = 0 function pay() n = n + 1 if n > 9 then error('no more') end return 1 end")
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    vector = batch(Level("Scripted-Genesis-v0", "Level1", "scenario"), observation_spec=NOTHING, action_spec=SONIC_7)
    vector.reset(seed=0)
    assert vector.step(np.array([1]))[1].tolist() == [4.0]
    vector.step(np.array([1]))
    with pytest.raises(IntegrationError, match=r"Lane 0: The script of .*pay\.lua fails: .*no more"):
        vector.step(np.array([1]))


def test_gymnasiums_vector_wrappers_go_around_it(level: Level, batch: Batch) -> None:
    vector = batch(level, level, observation_spec=WARPED, action_spec=SONIC_7, max_episode_steps=25)
    world = ClipReward(RecordEpisodeStatistics(vector), 0.0, 1.0)
    world.reset(seed=0)
    steps = [world.step(action) for action in ACTIONS[:60, :2]]
    assert max(float(step[1].max()) for step in steps) <= 1.0
    infos = [step[4] for step in steps]
    lengths = [info["episode"]["l"].tolist() for info in infos if "episode" in info]
    assert lengths == [[25, 25], [25, 25]]


def test_make_vec_makes_it(level: Level) -> None:
    vector = gym.make_vec(
        "newgameplus:Airstriker-Genesis-v0",
        num_envs=2,
        observation_spec=WARPED,
        action_spec=SONIC_7,
        max_episode_steps=3,
    )
    try:
        assert isinstance(vector.unwrapped, RetroVecEnv)
        assert vector.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
        vector.reset(seed=0)
        assert [vector.step(np.array([0, 1]))[3].tolist() for _ in range(3)][-1] == [True, True]
    finally:
        vector.close()
    with pytest.raises(UsageError, match="at least 1 row"):
        gym.make_vec("newgameplus:Airstriker-Genesis-v0", num_envs=0)


def test_make_vector_takes_processes_where_the_engine_cannot_follow(level: Level) -> None:
    vector = make_vector([level], observation_spec=MEMORY, render_mode="rgb_array")
    try:
        assert isinstance(vector, ProcessVector)
    finally:
        vector.close()


def test_a_world_spec_describes_it(level: Level, batch: Batch) -> None:
    spec = world_spec(batch(level, level, observation_spec=WARPED, action_spec=SONIC_7), 100)
    assert (spec.num_envs, spec.observation_shape, spec.num_actions) == (2, (84, 84, 4), 7)
    assert spec.buttons[0] == "B"


def test_the_screen_of_a_row_is_that_of_a_single_environment(level: Level, pico: Level, batch: Batch) -> None:
    vector = batch(level, observation_spec=WARPED)
    vector.reset(seed=0)
    env = make_contest(level, render_mode="rgb_array")
    try:
        env.reset(seed=0)
        np.testing.assert_array_equal(vector.screen(0), env.render())
    finally:
        env.close()
    with pytest.raises(EmulatorError, match="Nothing was drawn"):
        batch(pico, observation_spec=NOTHING).screen(0)


def test_a_variable_where_there_is_no_memory_is_told_by_nobody(
    level: Level, batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Far-Genesis-v0"
    folder.mkdir()
    for name in ("metadata.json", "scenario.json", "Level1.state", "rom.md", "rom.sha"):
        (folder / name).symlink_to(cast("Path", level.integration.file(name)))
    far = {"info": {"far": {"address": 4096, "type": ">u2"}, **level.integration.variables}}
    (folder / "data.json").write_text(json.dumps(far))
    monkeypatch.setenv(GAMES_VARIABLE, str(tmp_path))
    other = Level("Far-Genesis-v0", "Level1", "scenario")
    _, info = batch(level, other, observation_spec=NOTHING).reset(seed=0)
    assert "far" not in info
    assert info["lives"].tolist() == [3, 3]
    variables = []
    for backend in get_args(Backend):
        env = make_contest(other, observation_spec=NOTHING, backend=backend)
        try:
            variables.append(env.reset(seed=0)[1])
        finally:
            env.close()
    assert variables[0] == variables[1]
