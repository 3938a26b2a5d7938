"""The loop hands each outcome to the agent, then to whoever asked for the turn."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from newgameplus.agents.jerk.agent import Jerk
from newgameplus.agents.random.agent import Random
from newgameplus.envs.contest import make_contest
from newgameplus.envs.world import SingleWorld, world_spec
from newgameplus.errors import UsageError
from newgameplus.games.levels import find_level
from newgameplus.training.loop import play
from newgameplus.types import ActionSpec, Array, ObservationSpec, State, Step

EPISODE_STEPS = 6


def airstriker(spec: ObservationSpec) -> SingleWorld:
    level = find_level("Airstriker-Genesis-v0/Level1", "scenario")
    return SingleWorld(make_contest(level, observation_spec=spec, max_episode_steps=EPISODE_STEPS))


@pytest.fixture
def world() -> Iterator[SingleWorld]:
    world = airstriker(ObservationSpec())
    yield world
    world.close()


class Diary:
    """Writes down what the loop tells it, and plays at random."""

    observation_spec = ObservationSpec()
    action_spec = ActionSpec()

    def __init__(self, world: gym.vector.VectorEnv) -> None:
        self.world = world
        self.seen: list[Array] = []
        self.heard: list[Step] = []

    def act(self, observation: Array) -> Array:
        self.seen.append(observation.copy())
        return self.world.action_space.sample()

    def observe(self, step: Step) -> None:
        self.heard.append(step)

    def state(self) -> State:
        return {}

    def restore(self, state: State) -> None: ...


def test_the_agent_has_observed_a_turn_before_the_caller_gets_it(world: SingleWorld) -> None:
    diary = Diary(world)
    for number, turn in enumerate(islice(play(diary, world, seed=1), 10), start=1):
        assert diary.heard[-1] is turn.step
        assert len(diary.seen) == len(diary.heard) == number
        assert turn.step.reward.dtype == np.float64


def test_nothing_is_played_before_the_first_turn_is_asked_for(world: SingleWorld) -> None:
    diary = Diary(world)
    play(diary, world)
    assert not diary.seen


def test_each_observation_is_what_the_step_before_led_to(world: SingleWorld) -> None:
    diary = Diary(world)
    for _ in islice(play(diary, world, seed=1), 8):
        pass
    for step, seen in zip(diary.heard, diary.seen[1:], strict=False):
        assert np.array_equal(step.observation, seen)


def test_the_last_observation_of_an_episode_travels_beside_the_first_of_the_next(world: SingleWorld) -> None:
    diary = Diary(world)
    first, _ = world.reset(seed=1)
    first = first.copy()
    turns = list(islice(play(diary, world, observation=first), 2 * EPISODE_STEPS))
    for number, turn in enumerate(turns, start=1):
        is_last = number % EPISODE_STEPS == 0
        assert turn.step.truncated.tolist() == turn.step.done.tolist() == [is_last]
        assert set(turn.step.final_observation) == ({0} if is_last else set())
        if is_last:
            assert np.array_equal(turn.step.observation, first)
            assert turn.step.final_observation[0].shape == first[0].shape
            assert not np.array_equal(turn.step.final_observation[0], first[0])


def test_the_turns_are_those_of_stepping_the_world_by_hand() -> None:
    by_hand = []
    world = airstriker(Jerk.specs(Jerk.PRESETS["default"])[0])
    try:
        agent = Jerk(Jerk.PRESETS["default"], world_spec(world), 3)
        turns = [(turn.action.tolist(), turn.step.reward.item()) for turn in islice(play(agent, world, seed=4), 40)]
        agent = Jerk(Jerk.PRESETS["default"], world_spec(world), 3)
        observation, _ = world.reset(seed=4)
        for _ in range(40):
            action = agent.act(observation)
            observation, reward, terminated, truncated, _ = world.step(action)
            agent.observe(Step(observation, reward, terminated, truncated))
            by_hand.append((action.tolist(), reward.item()))
    finally:
        world.close()
    assert turns == by_hand


def test_given_an_observation_the_world_is_not_reset(world: SingleWorld) -> None:
    agent = Random(Random.PRESETS["default"], world_spec(world), 0)
    observation, _ = world.reset(seed=2)
    ends = []
    for _ in range(4):
        turn = next(play(agent, world, observation=observation))
        observation = turn.step.observation
        ends.append(turn.step.done.item())
    ends += [turn.step.done.item() for turn in islice(play(agent, world, observation=observation), 2)]
    assert ends == [False] * 5 + [True]


class Pusher(Diary):
    """Pushes the first cart left, the second right, the third in turns."""

    def act(self, observation: Array) -> Array:
        self.seen.append(observation.copy())
        return np.array([0, 1, len(self.seen) % 2])


def test_in_a_batch_each_ended_row_has_its_own_last_observation() -> None:
    world = SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    diary = Pusher(world)
    ended = set()
    for turn in islice(play(diary, world, seed=0), 100):
        assert set(turn.step.final_observation) == set(np.flatnonzero(turn.step.done).tolist())
        for row, last in turn.step.final_observation.items():
            ended.add(row)
            assert max(abs(last[0]) / 2.4, abs(last[2]) / 0.2095) > 0.99
            assert np.abs(turn.step.observation[row]).max() <= 0.05
    world.close()
    assert ended == {0, 1, 2}


def test_a_world_that_resets_in_another_way_is_refused() -> None:
    world = SyncVectorEnv([lambda: gym.make("CartPole-v1")], autoreset_mode=AutoresetMode.NEXT_STEP)
    with pytest.raises(UsageError, match="SAME_STEP"):
        play(Diary(world), world)
    world.close()


def test_a_seed_and_an_observation_exclude_each_other(world: SingleWorld) -> None:
    observation, _ = world.reset()
    with pytest.raises(UsageError, match="seed"):
        play(Diary(world), world, seed=1, observation=observation)
