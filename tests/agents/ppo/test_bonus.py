"""Bonuses for exploration: what they are, and that a step is paid for the picture that it led to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.bonus import Novelty, RandomNetworkDistillation
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.types import Array, Step, WorldSpec
from tests.agents.acting import follow

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE = (84, 84, 4)
SMALL = PpoConfig(
    rollout_steps=8,
    num_epochs=1,
    batch_size=24,
    num_hidden=16,
    learning_rate=1e-3,
    final_learning_rate=None,
    device="cpu",
    precision="float32",
)
NUM_ROWS, NUM_ACTIONS = 3, 7


def build(config: PpoConfig, seed: int = 0) -> Ppo:
    return Ppo(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS, num_timesteps=80), seed)


def picture(random: np.random.Generator) -> Array:
    return random.integers(0, 256, SHAPE, np.uint8)


def outcomes(num_steps: int, seed: int = 0) -> list[Step]:
    """Steps without reward, of which many end an episode."""
    random = np.random.default_rng(seed)
    steps = []
    for _ in range(num_steps + 1):
        terminated, truncated = random.random(NUM_ROWS) < 0.15, random.random(NUM_ROWS) < 0.15
        final = {int(row): picture(random) for row in np.flatnonzero(terminated | truncated)}
        observation = np.stack([picture(random) for _ in range(NUM_ROWS)])
        steps.append(Step(observation, np.zeros(NUM_ROWS), terminated, truncated, final))
    return steps


def reached(step: Step) -> Array:
    """The pictures that a step led to, ``[B, H, W, C]``, row by row."""
    return np.stack([step.final_observation.get(row, step.observation[row]) for row in range(NUM_ROWS)])


def learn_to_foretell(distillation: RandomNetworkDistillation, pictures: Array) -> Array:
    """Return the bonus ``[T, B]`` of ``[T, B, H, W, C]`` after a rollout that led to them."""
    for each in pictures:
        distillation.see(each)
    return distillation.reward_and_learn()


def test_the_bonus_for_a_picture_falls_with_the_root_of_its_visits() -> None:
    novelty = Novelty(2.0)
    observation = np.stack([np.full(SHAPE, 10, np.uint8), np.full(SHAPE, 200, np.uint8)])
    found = [novelty(observation) for _ in range(4)]
    for visits, bonus in enumerate(found, start=1):
        assert bonus == pytest.approx(2.0 / np.sqrt(visits))
    resumed = Novelty(2.0)
    resumed.restore(novelty.state())
    assert resumed(observation) == pytest.approx(2.0 / np.sqrt(5))


def test_only_the_newest_frame_and_its_large_shapes_make_a_picture_new() -> None:
    novelty = Novelty(1.0)
    observation = np.full((1, *SHAPE), 100, np.uint8)
    novelty(observation)
    older, faint, plainly = observation.copy(), observation.copy(), observation.copy()
    older[..., 0] = 0
    faint[0, 0, 0, -1] += 1
    plainly[0, :12, :12, -1] = 255
    assert [float(novelty(each)[0]) for each in (older, faint, plainly)] == pytest.approx([2**-0.5, 3**-0.5, 1.0])


def test_what_is_seen_often_is_foretold_better_than_what_is_new() -> None:
    distillation = RandomNetworkDistillation(1.0, SHAPE, 0, torch.device("cpu"))
    random = np.random.default_rng(0)
    familiar, new = (np.stack([np.stack([picture(random)] * 2)] * 4) for _ in range(2))
    for _ in range(60):
        learn_to_foretell(distillation, familiar)
    both = np.concatenate([familiar[:1], new[:1]], axis=1)
    bonus = learn_to_foretell(distillation, both)[0]
    assert bonus[2:].min() > 2 * bonus[:2].max()


def test_a_step_that_ends_an_episode_is_paid_for_its_last_picture_and_not_for_the_next_ones_first() -> None:
    agent = build(replace(SMALL, novelty_weight=1.0))
    start, last, elsewhere = (np.full(SHAPE, shade, np.uint8) for shade in (10, 120, 240))
    walking = Step(np.stack([elsewhere] * NUM_ROWS), np.zeros(NUM_ROWS), *np.zeros((2, NUM_ROWS), np.bool_))
    ends = np.array([True, False, False]), np.array([False, True, False])
    ending = Step(np.stack([start, start, elsewhere]), np.zeros(NUM_ROWS), *ends, {0: last, 1: start})
    follow(agent, [walking, walking, ending])
    # Rows count one after another, and all three led to the same picture at first.
    assert agent._rollout.reward[0].tolist() == pytest.approx([1, 2**-0.5, 3**-0.5])
    assert agent._rollout.reward[1].tolist() == pytest.approx([1, 1, 4**-0.5])


def test_rnd_pays_a_rollout_for_what_its_steps_led_to_as_foretold_before_it() -> None:
    agent = build(replace(SMALL, rnd_weight=0.5))
    follow(agent, outcomes(SMALL.rollout_steps, seed=1))
    before = RandomNetworkDistillation(0.5, SHAPE, 0, torch.device("cpu"))
    before.restore(agent._rnd.state())
    steps = outcomes(SMALL.rollout_steps)
    follow(agent, steps)
    # In double precision, one picture after another, by the networks of before the rollout.
    error = np.array([[plain_error(before, each) for each in reached(step)] for step in steps[1:]])
    mean_square = 0.99 * before._mean_square + 0.01 * np.square(error).mean()
    assert agent._rollout.reward == pytest.approx(0.5 * error / np.sqrt(mean_square), rel=1e-3)


def plain_error(distillation: RandomNetworkDistillation, observation: Array) -> float:
    frame = torch.from_numpy(observation[None, ..., -1:])

    def embed(network: torch.nn.Module) -> Tensor:
        result: Tensor = network(frame)[0].detach().double()
        return result

    return float((embed(distillation._predictor) - embed(distillation._target)).square().mean())


def test_the_first_rollout_is_paid_on_the_scale_of_the_later_ones() -> None:
    agent = build(replace(SMALL, rnd_weight=0.5))
    follow(agent, outcomes(SMALL.rollout_steps))
    assert np.sqrt(np.square(agent._rollout.reward).mean()) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("fields", [{"novelty_weight": 0.5}, {"rnd_weight": 0.5}])
def test_a_bonus_goes_on_exactly_where_it_was_saved(fields: dict[str, float]) -> None:
    config = replace(SMALL, **fields)
    straight, first, second = build(config), build(config), build(config, seed=4)
    steps = outcomes(3 * SMALL.rollout_steps)
    follow(straight, steps)
    follow(first, steps[:14])
    second.restore(first.state())
    follow(second, steps[13:])
    assert torch.equal(second.network.policy.weight, straight.network.policy.weight)
