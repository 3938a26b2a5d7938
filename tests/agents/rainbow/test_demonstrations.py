"""Rainbow keeps demonstrations, samples them more often and prefers their actions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from newgameplus.agents.batch_updates import given
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import make_head
from newgameplus.agents.rainbow.update import QLearner
from newgameplus.errors import UsageError
from newgameplus.types import Step, WorldSpec

from .test_rainbow import NUM_ACTIONS, NUM_ROWS, SHAPE, follow, outcomes

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = RainbowConfig(
    encoder="dqn-2013",
    num_hidden=16,
    num_atoms=11,
    v_max=5.0,
    capacity=120,
    min_transitions=1000,
    random_steps=1000,
    batch_size=8,
    train_interval=2,
    n_step=2,
    learning_rate=3e-3,
    demonstration_updates=40,
    device="cpu",
    precision="float32",
)
DISTRIBUTIONS = (
    "quantiles",
    pytest.param("categorical", marks=pytest.mark.nightly),
    pytest.param("implicit-quantiles", marks=pytest.mark.nightly),
)


def build(config: RainbowConfig = SMALL, seed: int = 0) -> Rainbow:
    shape = (*SHAPE[:2], config.stack)
    return Rainbow(config, WorldSpec(NUM_ROWS, (), shape, (), NUM_ACTIONS), seed)


def demonstrate(agent: Rainbow, num_steps: int = 20) -> None:
    """Show one episode in each row, in which action 3 is always taken and nothing is earned."""
    random = np.random.default_rng(3)
    seen = random.integers(0, 256, (num_steps + 1, 1, *SHAPE[:2], agent.config.stack), np.uint8)
    for row in range(NUM_ROWS):
        for number in range(num_steps):
            is_last, nothing = np.array([number == num_steps - 1]), np.zeros(1)
            step = Step(seen[number + 1], nothing, is_last, nothing > 0)
            agent.demonstrate(seen[number], np.array([3]), step, [row])


def taught(config: RainbowConfig = SMALL) -> Rainbow:
    agent = build(config)
    demonstrate(agent)
    assert [told[:2] for told in agent.pretrain()] == [(40, 40)]
    return agent


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_it_prefers_what_it_was_shown_by_the_margin_though_that_earned_nothing(distribution: str) -> None:
    agent = taught(replace(SMALL, distribution=distribution, margin=0.3))  # type: ignore[arg-type]
    batch = agent._replay.draw(20, 0.4, np.random.default_rng(0))
    values = agent.expected_returns(batch.observation)
    assert (values.argmax(1) == 3).mean() > 0.8
    without = taught(replace(SMALL, distribution=distribution, margin_weight=0.0))  # type: ignore[arg-type]
    assert (without.expected_returns(batch.observation).argmax(1) == 3).mean() < 0.8


@pytest.mark.nightly
def test_demonstrations_stay_and_are_sampled_more_often_than_their_errors_say() -> None:
    small = replace(SMALL, distribution="quantiles", reward_scale=0.01, priority_alpha=1.0)
    agent, plain = taught(small), taught(replace(small, demonstration_bonus=0.0))
    shares = []
    for each in (agent, plain):
        follow(each, outcomes(60))
        replay = each._replay
        assert (replay.state()["kept"].sum(), len(replay)) == (40, 120)
        shares.append(float(replay.draw(4000, 0.4, np.random.default_rng(0)).is_demonstration.mean()))
    assert shares[0] > shares[1] + 0.2


def test_it_learns_at_once_and_plays_nothing_at_random() -> None:
    agent = build(replace(SMALL, demonstration_updates=2))
    demonstrate(agent)
    assert [told[:2] for told in agent.pretrain()] == [(2, 2)]
    before = agent.state()["num_updates"]
    follow(agent, outcomes(4))
    state = agent.state()
    assert (state["num_updates"] - before, state["num_random"]) == (4, 0)


@pytest.mark.parametrize("stack", [1, pytest.param(6, marks=pytest.mark.nightly)])
def test_it_goes_on_exactly_with_any_stack(stack: int) -> None:
    config = replace(SMALL, stack=stack, demonstration_updates=3)
    agent, again = build(config), build(config, 7)
    demonstrate(agent)
    list(agent.pretrain())
    steps = [
        replace(
            step,
            observation=step.observation[..., :1].repeat(stack, -1),
            final_observation={row: seen[..., :1].repeat(stack, -1) for row, seen in step.final_observation.items()},
        )
        for step in outcomes(40)
    ]
    follow(agent, steps[:20])
    again.restore(agent.state())
    for each in (agent, again):
        follow(each, steps[20:])
    first, second = agent.state(), again.state()
    assert all(np.array_equal(first["network"][name], second["network"][name]) for name in first["network"])
    assert np.array_equal(first["replay"][0]["kept"], second["replay"][0]["kept"])


def test_the_gradient_is_that_of_all_losses_together() -> None:
    agent = build(replace(SMALL, l2_weight=0.01, demonstration_updates=0))
    demonstrate(agent)
    assert list(agent.pretrain()) == []
    follow(agent, outcomes(20))
    config, network = agent.config, agent.network
    batch = given(agent._replay.draw(8, 0.4, np.random.default_rng(1)), torch.device("cpu"), has_demonstrations=True)
    assert batch.is_demonstration is not None
    assert 0 < batch.is_demonstration.sum() < 8
    head = make_head(config, torch.device("cpu"))
    learner = QLearner(config, agent._learner, agent._target, head, torch.Generator().manual_seed(0))
    network.zero_grad()
    further = learner._add_gradients(batch.observation, batch)
    found = {
        name: parameter.grad.clone() for name, parameter in network.named_parameters() if parameter.grad is not None
    }
    network.zero_grad()
    values = head.mean(network(batch.observation).exp())
    margins = torch.stack(
        [
            (row + config.margin * (torch.arange(NUM_ACTIONS) != action)).max() - row[action]
            for row, action in zip(values, batch.action.tolist(), strict=True)
        ]
    )
    loss = (margins * batch.is_demonstration).mean()
    assert further[0].item() == pytest.approx(loss.item(), rel=1e-4)
    squares = sum((parameter.square().sum() for parameter in network.parameters()), torch.zeros(()))
    (config.margin_weight * loss + config.l2_weight * squares).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        assert torch.allclose(found[name], parameter.grad, atol=1e-4), name


def test_demonstrations_that_leave_no_room_are_refused() -> None:
    agent = build()
    demonstrate(agent, 58)
    with pytest.raises(UsageError, match="cannot be kept in a row's 60"):
        list(agent.pretrain())
