"""DQN: its targets and losses, its schedule, what it learns, and what fails as the original did."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents.batch_updates import Given, ReplayedUpdate
from newgameplus.agents.configuration import describe
from newgameplus.agents.dqn.agent import Dqn
from newgameplus.agents.dqn.config import DqnConfig
from newgameplus.agents.dqn.learner import LOSSES, DqnLearner
from newgameplus.agents.frame_mirror import FrameMirror
from newgameplus.emulator.cores import console_named
from newgameplus.errors import LearningError, StateError, UsageError
from newgameplus.games.action_sets import resolved
from newgameplus.types import Array, ObservationSpec, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPE, NUM_ROWS, NUM_ACTIONS = (36, 36, 2), 2, 3
SMALL = DqnConfig(
    encoder="dqn-2013",
    num_hidden=16,
    capacity=200,
    min_transitions=20,
    batch_size=8,
    train_interval=2,
    target_interval=20,
    explore_steps=60,
    learning_rate=2e-3,
    reward_scale=1.0,
    allows_backtracking=False,
    device="cpu",
    precision="float32",
)


def build(config: DqnConfig = SMALL, seed: int = 0) -> Dqn:
    return Dqn(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS, combos=(("B",), ("RIGHT",), ())), seed)


def picture(kind: Array) -> Array:
    """A dark or a bright picture per row."""
    seen: Array = np.zeros((len(kind), *SHAPE), np.uint8) + (255 * kind).astype(np.uint8)[:, None, None, None]
    return seen


def follow(agent: Dqn, num_steps: int, reward: float = 1.0) -> None:
    """Play episodes of one step: the bright picture asks for RIGHT, the dark one for B."""
    random = np.random.default_rng(3)
    kind = random.integers(0, 2, NUM_ROWS)
    for _ in range(num_steps):
        action = agent.act(picture(kind))
        gain = np.where(action == kind, reward, 0.0)
        final = {row: picture(kind)[row] for row in range(NUM_ROWS)}
        kind = random.integers(0, 2, NUM_ROWS)
        agent.observe(Step(picture(kind), gain, np.ones(NUM_ROWS, bool), np.zeros(NUM_ROWS, bool), final))


def test_it_learns_which_action_each_picture_asks_for() -> None:
    agent = build()
    follow(agent, 150)
    values = agent.expected_returns(picture(np.array([0, 1])))
    assert values.argmax(axis=1).tolist() == [0, 1]
    told = agent.metrics()
    assert told["epsilon"] == SMALL.final_epsilon
    assert told["random_share"] < 0.9
    assert sum(told[f"greedy/{name}"] for name in ("B", "RIGHT", "none")) == pytest.approx(1.0)
    assert told["max_value"] >= told["mean_value"]


def test_random_actions_fall_from_when_learning_begins() -> None:
    agent, epsilons = build(replace(SMALL, min_transitions=24, initial_epsilon=0.7, final_epsilon=0.1)), []
    for _ in range(44):
        follow(agent, 1)
        epsilons.append(agent.metrics()["epsilon"])
    assert epsilons[:12] == [0.7] * 12
    assert epsilons[26] == pytest.approx(0.4)
    assert epsilons[-1] == pytest.approx(0.1)


def test_the_original_still_draws_three_of_five_actions_when_its_schedule_ends() -> None:
    """Its share of random actions began at 0.7 and fell as if at 0.1, in 200,000 steps after 200,000."""
    original = Dqn.PRESETS["reverie-2018"]
    fallen = (original.initial_epsilon - original.final_epsilon) * 200_000 / original.explore_steps
    assert original.initial_epsilon - fallen == pytest.approx(0.6, abs=1e-3)


def test_the_original_sees_edges_and_chooses_from_its_eight_actions_at_sixty_hertz() -> None:
    original = Dqn.PRESETS["reverie-2018"]
    seen, actions = Dqn.specs(original)
    assert seen == ObservationSpec(crop=(56, 0, 0, 80), gray=True, size=(84, 120), edges=(100, 200), stack=4)
    combos = resolved(actions, console_named("Genesis")).combos
    assert combos == (("B",), ("B", "RIGHT"), ("RIGHT",), ("DOWN",), ("B", "DOWN"), (), ("LEFT",), ("LEFT", "B"))
    assert json.loads(json.dumps(describe(original), allow_nan=False))["target_interval"] is None
    assert (Dqn.wishes(original).frames_per_step, Dqn.wishes(original).sticky_probability) == (1, 0.0)


@pytest.mark.parametrize(("loss", "expected"), [("huber", 1.5), ("mse", 4.0), ("msle", math.log(3.0) ** 2)])
def test_a_loss_is_what_its_name_says(loss: str, expected: float) -> None:
    found = LOSSES[loss](torch.tensor([2.0, 2.0]), torch.tensor([0.0, 0.0]))
    assert float(found) == pytest.approx(expected)


def test_a_value_below_zero_has_no_gradient_with_logarithms() -> None:
    value = torch.tensor([-0.5], requires_grad=True)
    LOSSES["msle"](value, torch.tensor([3.0])).backward()  # type: ignore[no-untyped-call]
    assert value.grad is not None
    assert value.grad.item() == 0.0


def test_targets_come_from_the_target_network_or_without_one_from_the_one_that_learns() -> None:
    agent, other = build(), build(seed=1)
    seen = torch.from_numpy(picture(np.array([0, 1])))
    reward, factor = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 0.0])
    given = Given(seen, seen, torch.zeros(2, dtype=torch.int64), reward, factor, torch.ones(2))
    for target, evaluates in ((other.network, other), (None, agent)):
        learner = DqnLearner(agent.config, agent._learner, target)
        best = evaluates.expected_returns(seen.numpy()).max(axis=1)
        np.testing.assert_allclose(learner.targets(given), [1.0 + 0.5 * best[0], 2.0], rtol=1e-6)


@pytest.mark.parametrize("has_mirror", [True, False])
def test_a_step_as_on_a_gpu_is_the_same_step(has_mirror: bool) -> None:
    plain, replayed = build(), build()
    learner = DqnLearner(replayed.config, replayed._learner, replayed._target)
    mirror = FrameMirror(replayed._replay, torch.device("cpu")) if has_mirror else None
    replayed._begun_update = ReplayedUpdate(learner, replayed._replay, mirror)
    for agent in (plain, replayed):
        follow(agent, 30)
    assert plain.metrics() == replayed.metrics()


def test_a_loss_that_is_not_finite_is_an_error_and_changes_no_weight() -> None:
    agent = build(replace(SMALL, loss="mse"))
    before = [weight.clone() for weight in agent.network.parameters()]
    with pytest.raises(LearningError, match=r"DQN \(mse\).*after 1 updates.*target_interval"):
        follow(agent, 30, reward=math.inf)
    assert all(torch.equal(*pair) for pair in zip(before, agent.network.parameters(), strict=True))


def test_frozen_it_takes_the_best_action_but_for_its_share_of_random_ones() -> None:
    agent = build(replace(SMALL, frozen_epsilon=0.0))
    agent.begin_from(Dqn.weights_in(build(seed=5).state()), is_frozen=True)
    seen = picture(np.array([0, 1]))
    assert agent.act(seen).tolist() == agent.expected_returns(seen).argmax(axis=1).tolist()


def test_weights_of_another_agent_or_without_a_target_network_do_not_fit() -> None:
    agent = build()
    with pytest.raises(StateError, match="'rainbow'"):
        agent.begin_from({"agent": "rainbow"})
    with pytest.raises(StateError, match="target"):
        agent.restore(build(replace(SMALL, target_interval=None)).state())


@pytest.mark.parametrize(
    ("field", "value"),
    [("batch_size", 0), ("discount", 1.5), ("target_interval", 0), ("explore_steps", -1), ("max_gradient_norm", 0.0)],
)
def test_a_field_out_of_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=field):
        replace(SMALL, **{field: value})
