"""PPO's update against the same written out plainly in float32, and what its extras do."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.errors import LearningError
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
    reward_scale=0.1,
    device="cpu",
    precision="float32",
)
"""With three rows, one update is one gradient step over the whole rollout."""
NUM_ROWS, NUM_ACTIONS = 3, 7


def build(config: PpoConfig = SMALL, seed: int = 0) -> Ppo:
    return Ppo(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS, num_timesteps=80), seed)


def outcomes(num_steps: int, seed: int = 0) -> list[Step]:
    random = np.random.default_rng(seed)
    steps = []
    for _ in range(num_steps + 1):
        terminated, truncated = random.random(NUM_ROWS) < 0.15, random.random(NUM_ROWS) < 0.15
        final = {int(row): picture(random) for row in np.flatnonzero(terminated | truncated)}
        observation = np.stack([picture(random) for _ in range(NUM_ROWS)])
        steps.append(Step(observation, random.normal(0, 10, NUM_ROWS), terminated, truncated, final))
    return steps


def picture(random: np.random.Generator) -> Array:
    return random.integers(0, 256, SHAPE, np.uint8)


def plain(agent: Ppo) -> dict[str, Tensor]:
    """Copies of the weights that learn, in the ordinary memory order."""
    return {
        name: weight.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
        for name, weight in agent.network.named_parameters()
    }


def evaluate(weights: dict[str, Tensor], observation: Tensor) -> tuple[Tensor, Tensor]:
    """The Nature network of pictures from 0 to 1, layer by layer."""
    x = observation.float().permute(0, 3, 1, 2).contiguous() / 255
    for layer, stride in ((0, 4), (2, 2), (4, 1)):
        x = functional.relu(
            functional.conv2d(
                x, weights[f"encoder.layers.{layer}.weight"], weights[f"encoder.layers.{layer}.bias"], stride
            )
        )
    x = functional.relu(
        functional.linear(x.permute(0, 2, 3, 1).flatten(1), weights["hidden.weight"], weights["hidden.bias"])
    )
    logits = functional.linear(x, weights["policy.weight"], weights["policy.bias"])
    return logits.log_softmax(-1), functional.linear(x, weights["value.weight"], weights["value.bias"]).squeeze(-1)


def plain_update(weights: dict[str, Tensor], steps: list[Step], actions: list[Array], config: PpoConfig) -> None:
    """One epoch of PPO over one batch, after the papers, one number at a time where that is clearest."""
    with torch.no_grad():
        thought = [evaluate(weights, torch.from_numpy(step.observation)) for step in steps]
    num_steps = len(actions)
    advantage = torch.zeros(num_steps, NUM_ROWS)
    for row in range(NUM_ROWS):
        later = 0.0
        for t in reversed(range(num_steps)):
            came = steps[t + 1]
            if came.terminated[row]:
                value_after, keeps = 0.0, 0.0
            elif came.truncated[row]:
                with torch.no_grad():
                    last = torch.from_numpy(came.final_observation[row])[None]
                    value_after, keeps = float(evaluate(weights, last)[1]), 0.0
            else:
                value_after, keeps = float(thought[t + 1][1][row]), 1.0
            reward = config.reward_scale * came.reward[row]
            delta = reward + config.discount * value_after - float(thought[t][1][row])
            later = delta + config.discount * config.gae_lambda * keeps * later
            advantage[t, row] = later
    value = torch.stack([thought[t][1] for t in range(num_steps)])
    target, action = (advantage + value).flatten(), torch.from_numpy(np.stack(actions)).flatten()
    old = torch.stack([thought[t][0] for t in range(num_steps)]).flatten(0, 1)[range(len(action)), action]
    normal = (advantage.flatten() - advantage.mean()) / (advantage.std(unbiased=False) + 1e-8)
    log_probabilities, now = evaluate(
        weights, torch.from_numpy(np.stack([step.observation for step in steps[:-1]])).flatten(0, 1)
    )
    ratio = (log_probabilities[range(len(action)), action] - old).exp()
    policy_loss = -torch.min(ratio * normal, ratio.clamp(1 - config.clip, 1 + config.clip) * normal).mean()
    assert config.value_clip is not None
    limited = value.flatten() + (now - value.flatten()).clamp(-config.value_clip, config.value_clip)
    value_loss = 0.5 * torch.max((now - target) ** 2, (limited - target) ** 2).mean()
    entropy = -(log_probabilities.exp() * log_probabilities).sum(-1).mean()
    (policy_loss + config.value_weight * value_loss - config.entropy_weight * entropy).backward()
    norm = torch.sqrt(sum(weight.grad.square().sum() for weight in weights.values() if weight.grad is not None))
    scale = min(1.0, config.max_gradient_norm / float(norm))
    with torch.no_grad():
        for weight in weights.values():
            assert weight.grad is not None
            gradient = weight.grad * scale
            # Adam's first step: both moments, corrected for their start at 0, are the gradient and its square.
            weight -= config.learning_rate * gradient / (gradient.abs() + config.adam_epsilon)


def test_an_update_is_what_the_papers_write_down() -> None:
    agent = build()
    # A first update, so that the policy no longer begins at random with a head near 0; then a fresh optimizer.
    follow(agent, outcomes(SMALL.rollout_steps, seed=3))
    agent._learner.optimizer.state.clear()
    weights, steps = plain(agent), outcomes(SMALL.rollout_steps)
    begun = {name: weight.detach().clone() for name, weight in weights.items()}
    actions = follow(agent, steps)
    plain_update(weights, steps, actions, SMALL)
    for name, weight in agent.network.named_parameters():
        moved = float((weight.detach() - begun[name]).abs().max())
        assert moved > 1e-4
        difference = (weight.detach() - weights[name].detach()).abs()
        # Adam divides by the gradient's size: where that is nearly 0, its rounding counts.
        assert float(difference.mean()) < 0.01 * moved, name


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("encoder", ["nature", "impala-normalised"])
def test_before_an_update_learning_and_acting_agree_on_the_policy_to_a_thousandth_of_the_clip(encoder: str) -> None:
    agent = build(replace(SMALL, encoder=encoder, precision="auto", num_epochs=4))
    steps = outcomes(2 * SMALL.rollout_steps)
    follow(agent, steps)
    assert agent.metrics()["initial_log_ratio_std"] < SMALL.clip / 1000
    assert agent.metrics()["approx_kl"] > 1e-6


def test_the_metric_tells_how_far_the_policy_that_learns_is_from_the_one_that_acted() -> None:
    agent = build()
    steps = outcomes(SMALL.rollout_steps)
    follow(agent, steps[:-1])
    random, rollout = np.random.default_rng(0), agent._rollout
    agent.act(steps[-2].observation)
    shift = random.normal(0.0, 0.05, rollout.log_probability.shape).astype(np.float32)
    rollout.log_probability += shift
    agent.observe(steps[-1])
    assert agent.metrics()["initial_log_ratio_std"] == pytest.approx(float(shift.std()), rel=0.01)


@pytest.mark.bfloat16
def test_losses_in_bfloat16_stay_within_a_hundredth_of_those_in_float32() -> None:
    exact, rough = build(), build(replace(SMALL, precision="bfloat16"))
    steps = outcomes(SMALL.rollout_steps)
    for before, step in itertools.pairwise(steps):
        action = exact.act(before.observation)
        rough.act(before.observation)
        rough._rollout.action[rough._rollout.length] = action
        exact.observe(step)
        rough.observe(step)
    first, second = exact.metrics(), rough.metrics()
    assert second["value_loss"] == pytest.approx(first["value_loss"], rel=0.01)
    assert second["entropy"] == pytest.approx(first["entropy"], rel=0.01)
    assert second["policy_loss"] == pytest.approx(first["policy_loss"], abs=0.01)
    assert second["gradient_norm"] == pytest.approx(first["gradient_norm"], rel=0.05)


def test_a_policy_is_held_near_the_one_that_it_began_from() -> None:
    begun = build(seed=1)
    follow(begun, outcomes(SMALL.rollout_steps, seed=3))
    drifts = []
    for weight in (1e-9, 10.0):
        agent = build(replace(SMALL, num_epochs=4, learning_rate=3e-3, reference_kl_weight=weight))
        agent.begin_from(begun.state())
        follow(agent, outcomes(4 * SMALL.rollout_steps))
        drifts.append(agent.metrics()["reference_kl"])
    assert 0 < drifts[1] < drifts[0] / 3


def test_the_policy_to_stay_near_is_part_of_the_state() -> None:
    config = replace(SMALL, reference_kl_weight=1.0, advantage_memory=0.9)
    agent, other = build(config), build(config, seed=1)
    agent.begin_from(other.state())
    steps = outcomes(4 * SMALL.rollout_steps)
    follow(agent, steps[: 2 * SMALL.rollout_steps + 1])
    resumed = build(config, seed=2)
    resumed.restore(agent.state())
    for each in (agent, resumed):
        follow(each, steps[2 * SMALL.rollout_steps :])
    assert resumed.metrics() == agent.metrics()
    for mine, its in zip(agent.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(mine, its)


def test_a_stretch_without_reward_hardly_moves_a_policy_that_remembers_the_spread_of_advantages() -> None:
    moves = []
    for memory in (0.0, 0.99):
        agent = build(
            replace(SMALL, entropy_weight=0.0, value_weight=0.0, advantage_memory=memory, max_gradient_norm=1e9)
        )
        follow(agent, outcomes(SMALL.rollout_steps, seed=3))
        quiet = [replace(step, reward=np.zeros(NUM_ROWS)) for step in outcomes(SMALL.rollout_steps)]
        follow(agent, quiet)
        moves.append(agent.metrics()["gradient_norm"])
    assert moves[1] < moves[0] / 3


def test_an_update_comes_after_every_rollout_and_not_before() -> None:
    agent = build()
    steps = outcomes(2 * SMALL.rollout_steps)
    changes = []
    for before, step in itertools.pairwise(steps):
        weights = agent.network.policy.weight.detach().clone()
        agent.act(before.observation)
        agent.observe(step)
        changes.append(not torch.equal(weights, agent.network.policy.weight))
    assert np.flatnonzero(changes).tolist() == [SMALL.rollout_steps - 1, 2 * SMALL.rollout_steps - 1]


def test_actions_are_drawn_as_the_policy_says() -> None:
    agent = build()
    with torch.no_grad():
        agent.network.policy.bias.copy_(torch.tensor([0.5, 0.25, 0.25, 1e-9, 1e-9, 1e-9, 1e-9]).log())
        agent.network.policy.weight.zero_()
    agent.is_frozen = True
    observation = np.zeros((NUM_ROWS, *SHAPE), np.uint8)
    probability, _ = agent.probabilities(observation)
    assert probability[0, :3] == pytest.approx([0.5, 0.25, 0.25], abs=1e-3)
    drawn = np.concatenate([agent.act(observation) for _ in range(300)])
    share = np.bincount(drawn, minlength=NUM_ACTIONS) / len(drawn)
    # Three standard deviations of 900 draws are 0.05.
    assert share == pytest.approx(probability[0], abs=0.05)


def test_the_learning_rate_falls_in_a_line_to_its_end() -> None:
    agent = build(replace(SMALL, final_learning_rate=0.0))
    rates = []
    for seed in range(10):
        follow(agent, outcomes(SMALL.rollout_steps, seed))
        rates.append(agent.metrics()["learning_rate"])
    # 80 steps in each row are ten updates.
    assert rates == pytest.approx([1e-3 * (1 - update / 10) for update in range(10)])


def test_noisy_heads_draw_new_noise_for_each_rollout_alone() -> None:
    agent = build(replace(SMALL, has_noisy_layers=True))
    noise, seen = agent.network.policy.noise_in, []
    steps = outcomes(2 * SMALL.rollout_steps)
    for before, step in itertools.pairwise(steps):
        agent.act(before.observation)
        seen.append(noise.clone())
        agent.observe(step)
    first, second = seen[: SMALL.rollout_steps], seen[SMALL.rollout_steps :]
    assert all(torch.equal(one, first[0]) for one in first)
    assert all(torch.equal(one, second[0]) for one in second)
    assert not torch.equal(first[0], second[0])


@pytest.mark.parametrize("has_noisy_layers", [False, True])
def test_the_policy_begins_near_uniform_whether_its_noise_is_learned_or_not(has_noisy_layers: bool) -> None:
    head = build(replace(SMALL, has_noisy_layers=has_noisy_layers)).network.policy
    weight = head.weight.detach().double()
    # Orthogonal rows of length 0.01, as in openai/baselines.
    assert weight @ weight.T == pytest.approx(1e-4 * np.eye(NUM_ACTIONS), abs=1e-8)
    assert not head.bias.detach().any()
    if has_noisy_layers:
        # The noise stays as large as in Fortunato et al. 2018: 0.5 over the root of the inputs.
        assert head.weight_sigma.detach().flatten().numpy() == pytest.approx(0.5 / SMALL.num_hidden**0.5)


def test_a_loss_that_is_no_longer_a_number_is_said_to_be_so_and_changes_no_weights() -> None:
    agent = build()
    steps = outcomes(SMALL.rollout_steps)
    follow(agent, steps[:-1])
    before = {name: weight.detach().clone() for name, weight in agent.network.named_parameters()}
    agent.act(steps[-2].observation)
    bad = replace(steps[-1], reward=np.full(NUM_ROWS, np.nan))
    with pytest.raises(LearningError, match="lower the learning rate"):
        agent.observe(bad)
    assert all(torch.equal(before[name], weight) for name, weight in agent.network.named_parameters())
