"""PPO imitates demonstrations, with a loss beside its own that ends, and goes on exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.errors import LearningError, StateError
from newgameplus.types import Array, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

NUM_ACTIONS = 3
SMALL = PpoConfig(
    encoder="dqn-2013",
    rollout_steps=4,
    num_epochs=1,
    batch_size=20,
    num_hidden=16,
    learning_rate=2e-3,
    cloning_epochs=8,
    cloning_steps=8,
    device="cpu",
)
NOTHING = np.zeros(1)


def build(config: PpoConfig = SMALL, seed: int = 0) -> Ppo:
    shape = (84, 84, config.stack)
    return Ppo(config, WorldSpec(1, (), shape, (), NUM_ACTIONS, num_timesteps=80), seed)


def pictures(num: int, stack: int, seed: int) -> tuple[Array, Array]:
    """Noisy pictures, and the third of each that is bright, which says what to do in it."""
    random = np.random.default_rng(seed)
    action = random.integers(0, NUM_ACTIONS, num)
    seen = random.integers(0, 100, (num, 84, 84, stack), np.uint8)
    for number, place in enumerate(action):
        seen[number, 28 * place : 28 * (place + 1)] += 100
    return seen, action


def taught(config: PpoConfig = SMALL, folder: Path | None = None) -> tuple[Ppo, dict[str, float]]:
    """An agent that has learned from two demonstrations, and the last metrics."""
    agent = build(config)
    if folder is not None:
        agent.keep_in(folder, 100)
    seen, action = pictures(120, config.stack, 1)
    for number in range(120):
        step = Step(seen[number][None], np.ones(1), np.array([number % 60 == 59]), NOTHING > 0)
        agent.demonstrate(seen[number][None], action[number : number + 1], step, [0])
    told = list(agent.pretrain())
    assert [num_done for num_done, _, _ in told] == [6 * epoch for epoch in range(1, config.cloning_epochs + 1)]
    return agent, told[-1][2] if told else {}


def follow(agent: Ppo, num_steps: int, seed: int = 5) -> list[int]:
    seen, _ = pictures(num_steps + 1, agent.config.stack, seed)
    actions = []
    for number in range(num_steps):
        actions.append(int(agent.act(seen[number][None])[0]))
        agent.observe(Step(seen[number + 1][None], np.full(1, float(number % 3)), NOTHING > 0, NOTHING > 0))
    return actions


@pytest.mark.parametrize("stack", [6, *(pytest.param(stack, marks=pytest.mark.nightly) for stack in (1, 4))])
def test_it_does_what_it_was_shown_also_where_it_was_not_shown(stack: int) -> None:
    agent, figures = taught(replace(SMALL, stack=stack))
    assert figures["held_out_accuracy"] > 0.8
    seen, action = pictures(60, stack, 2)
    probability, _ = agent.probabilities(seen)
    assert (probability.argmax(1) == action).mean() > 0.8


def test_the_value_estimate_learns_the_returns_of_the_demonstrations() -> None:
    agent, _ = taught(replace(SMALL, reward_scale=1.0, discount=0.0, value_weight=5.0))
    _, value = agent.probabilities(pictures(20, 4, 2)[0])
    _, before = build(replace(SMALL, reward_scale=1.0)).probabilities(pictures(20, 4, 2)[0])
    assert np.abs(value - 1).mean() < 0.3 < np.abs(before - 1).mean()


def test_the_loss_beside_ppos_falls_to_nothing_and_is_then_gone() -> None:
    agent, _ = taught()
    told = []
    for number in range(4):
        follow(agent, 4, number)
        told.append("cloning_loss" in agent.metrics())
    assert told == [True, True, False, False]


@pytest.mark.nightly
def test_the_loss_beside_ppos_holds_it_to_what_it_was_shown() -> None:
    seen, action = pictures(60, 4, 2)
    chosen = []
    for weight in (0.0, 5.0):
        agent, _ = taught(replace(SMALL, rollout_steps=2, cloning_epochs=0, cloning_weight=weight, cloning_steps=1000))
        follow(agent, 120)
        probability, _ = agent.probabilities(seen)
        chosen.append(float(probability[np.arange(60), action].mean()))
    assert chosen[1] > chosen[0] + 0.2


@pytest.mark.parametrize("num_before", [6, *(pytest.param(num, marks=pytest.mark.nightly) for num in (0, 3))])
def test_with_its_demonstrations_in_a_file_it_goes_on_exactly(num_before: int, tmp_path: Path) -> None:
    agent, _ = taught(folder=tmp_path)
    follow(agent, num_before)
    state = agent.state()
    assert "records" not in state["demonstrations"][0]["frames"]
    again = build(seed=9)
    again.keep_in(tmp_path, 100)
    again.restore(state)
    assert follow(again, 14) == follow(agent, 14)
    first, second = agent.state()["network"], again.state()["network"]
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_policy_after_cloning_is_the_one_that_it_is_held_to() -> None:
    agent, _ = taught(replace(SMALL, reference_kl_weight=1.0, cloning_epochs=1, precision="float32"))
    assert np.array_equal(agent.state()["reference"][0]["value.bias"], agent.state()["network"]["value.bias"])


def test_weights_of_another_stack_are_refused() -> None:
    with pytest.raises(StateError, match=r"another network: encoder.*another observation"):
        build(replace(SMALL, stack=6)).begin_from(build().state())


def test_a_loss_that_is_not_finite_is_said_and_changes_no_weight() -> None:
    agent = build(replace(SMALL, learning_rate=1e30))
    with pytest.raises(LearningError, match="behaviour cloning is NaN or infinite"):
        taught_by(agent)
    assert all(bool(torch.isfinite(weight).all()) for weight in agent.network.parameters())


def taught_by(agent: Ppo) -> None:
    seen, action = pictures(40, 4, 1)
    for number in range(40):
        step = Step(seen[number][None], np.ones(1), np.array([number == 39]), NOTHING > 0)
        agent.demonstrate(seen[number][None], action[number : number + 1], step, [0])
    list(agent.pretrain())
