"""Acting and learning as a GPU does it, step by step on whatever device there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from newgameplus.agents.ppo.acting import draw
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.ppo.update import ReplayedUpdate
from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.types import Array, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE, NUM_ROWS, NUM_ACTIONS = (84, 84, 4), 3, 7
SMALL = PpoConfig(rollout_steps=8, num_epochs=2, batch_size=10, num_hidden=16, device="cpu", precision="float32")


def build(config: PpoConfig = SMALL, seed: int = 0) -> Ppo:
    return Ppo(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS, num_timesteps=80), seed)


def follow(agent: Ppo, num_steps: int, seed: int = 0) -> list[Array]:
    random = np.random.default_rng(seed)
    actions, seen = [], random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
    for _ in range(num_steps):
        actions.append(agent.act(seen))
        terminated, truncated = random.random(NUM_ROWS) < 0.1, random.random(NUM_ROWS) < 0.1
        final = {int(row): seen[row] for row in np.flatnonzero(terminated | truncated)}
        seen = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
        agent.observe(Step(seen, random.normal(0, 50, NUM_ROWS), terminated, truncated, final))
    return actions


def replaying(agent: Ppo) -> Ppo:
    """The agent, which learns as on a GPU from now on, on a CPU."""
    pictures, num_references = torch.from_numpy(agent._rollout.observation), agent._num_references
    agent._begun_update = ReplayedUpdate(agent.config, agent._learner, pictures, num_references)
    return agent


def test_an_action_is_drawn_as_multinomial_draws_it() -> None:
    network = ActorCritic(SMALL.encoder, SMALL.num_hidden, SHAPE, NUM_ACTIONS)
    observation = torch.randint(0, 256, (50, *SHAPE), dtype=torch.uint8)
    with torch.no_grad():
        network.policy.weight.normal_(0, 0.05)
        log_probabilities, value = network(observation)
    generator, twin = (torch.Generator().manual_seed(4) for _ in range(2))
    race = torch.empty_like(log_probabilities).exponential_(generator=generator)
    action, log_probability, judged = draw(network, observation, race)
    assert torch.equal(action, torch.multinomial(log_probabilities.exp(), 1, generator=twin).squeeze(1))
    assert torch.equal(log_probability, log_probabilities.gather(1, action[:, None]).squeeze(1))
    assert torch.equal(judged, value)
    assert len(action.unique()) > 2


def test_learning_from_a_rollout_on_the_device_is_learning_from_one_in_memory() -> None:
    plain, replayed = build(), replaying(build())
    for agent in (plain, replayed):
        follow(agent, 2 * SMALL.rollout_steps)
    # 24 samples are two batches of 10 and one of 4.
    assert plain.metrics()["approx_kl"] > 0
    assert replayed.metrics() == pytest.approx(plain.metrics(), rel=1e-5)
    for name, weight in plain.network.named_parameters():
        assert torch.equal(weight, dict(replayed.network.named_parameters())[name])


def test_a_policy_stays_near_another_on_the_device_as_it_does_in_memory() -> None:
    config = replace(SMALL, reference_kl_weight=0.5, advantage_memory=0.9)
    plain, replayed = build(config), build(config)
    for agent in (plain, replayed):
        agent.begin_from(build(seed=1).state())
    replaying(replayed)
    for agent in (plain, replayed):
        follow(agent, 2 * SMALL.rollout_steps)
    assert plain.metrics()["reference_kl"] > 0
    assert replayed.metrics() == pytest.approx(plain.metrics(), rel=1e-5)


def test_pictures_on_the_device_are_moved_too() -> None:
    still, moved = replaying(build()), replaying(build(replace(SMALL, max_offset=4)))
    for agent in (still, moved):
        follow(agent, SMALL.rollout_steps)
    assert not torch.equal(still.network.hidden.weight, moved.network.hidden.weight)
    assert np.isfinite(list(moved.metrics().values())).all()


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.bfloat16)])
def test_on_cuda_it_learns_what_it_learns_on_a_cpu(precision: str) -> None:
    config = replace(SMALL, precision=precision)  # type: ignore[arg-type]
    agents = [build(config), build(replace(config, device="cuda"))]
    for agent in agents:
        follow(agent, 1)
        random = np.random.default_rng(5)
        for _ in range(SMALL.rollout_steps - 1):
            agent.act(random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8))
            # What is drawn close to a tie may differ; what is learned from must not.
            agent._rollout.action[agent._rollout.length] = random.integers(0, NUM_ACTIONS, NUM_ROWS)
            never = np.zeros(NUM_ROWS, np.bool_)
            seen = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
            agent.observe(Step(seen, random.normal(0, 50, NUM_ROWS), never, never))
    exact, found = (agent.metrics() for agent in agents)
    assert found == pytest.approx(exact, rel=0.1, abs=0.02)


@pytest.mark.cuda
@pytest.mark.parametrize("num_before", [3, 8, 21])
def test_on_cuda_it_goes_on_from_a_state(num_before: int) -> None:
    config = replace(SMALL, device="cuda")
    straight, broken, resumed = build(config), build(config), build(config, seed=1)
    follow(resumed, 11, seed=8)
    actions = [follow(agent, num_before) for agent in (straight, broken)]
    assert np.array_equal(*actions)
    resumed.restore(broken.state())
    again = [follow(agent, 24, seed=2) for agent in (straight, resumed)]
    assert np.array_equal(
        again[0][: SMALL.rollout_steps - num_before % SMALL.rollout_steps],
        again[1][: SMALL.rollout_steps - num_before % SMALL.rollout_steps],
    )
    for name, weight in straight.network.named_parameters():
        torch.testing.assert_close(weight, dict(resumed.network.named_parameters())[name], rtol=0.01, atol=1e-3)


@pytest.mark.cuda
def test_weights_from_cuda_play_on_a_cpu_and_a_run_may_go_on_there() -> None:
    trained, other = build(replace(SMALL, device="cuda")), build()
    follow(trained, 16)
    other.begin_from(trained.state())
    assert torch.equal(other.network.hidden.weight, trained.network.hidden.weight.cpu())
    other.restore(trained.state())
    follow(other, 16)
