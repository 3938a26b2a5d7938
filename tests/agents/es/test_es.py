"""Evolution strategies: each row plays its individual, the mean climbs, and it may begin with PPO's policy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from newgameplus.agents.configuration import configure
from newgameplus.agents.es.agent import Es
from newgameplus.agents.es.policy import make_network, make_policies
from newgameplus.agents.ppo.agent import Ppo
from newgameplus.errors import StateError, UsageError
from newgameplus.experience.population import NOBODY
from newgameplus.types import Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPE = (84, 84, 4)
NUM_ACTIONS = 7
SMALL = {"encoder": "dqn-2013", "num_hidden": "32", "num_individuals": "8", "precision": "float32"}
WANTED = 3


def world(num_rows=4, levels=None):
    return WorldSpec(num_rows, (), SHAPE, (), NUM_ACTIONS, num_timesteps=1000, levels=levels)


def pictures(num_rows, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (num_rows, *SHAPE), np.uint8)


def play(agent, num_steps, num_rows=4, episode_steps=5):
    """Pay for one action; episodes of all rows end together."""
    returns = []
    for index in range(num_steps):
        reward = (agent.act(pictures(num_rows, index)) == WANTED).astype(np.float64)
        done = np.full(num_rows, (index + 1) % episode_steps == 0)
        agent.observe(Step(pictures(num_rows, index + 1), reward, done, np.zeros(num_rows, bool)))
        returns.append(reward.mean())
    return float(np.mean(returns[-num_steps // 4 :]))


@pytest.mark.parametrize("only_last_layer", ["yes", "no"])
def test_each_row_plays_with_parameters_of_its_own(only_last_layer):
    config = configure(Es, "default", SMALL | {"only_last_layer": only_last_layer})
    network = make_network(config, SHAPE, NUM_ACTIONS, 0)
    policies = make_policies(config, network, 3)
    first, random = policies.parameters(), np.random.default_rng(0)
    vectors = [first + random.normal(0, 0.1, first.shape).astype(np.float32) for _ in range(3)]
    for row, vector in enumerate(vectors):
        policies.seat(row, vector)
    assert np.array_equal(policies.parameters(), first)
    seen = pictures(3)
    logits = policies.logits(seen)
    for row, vector in enumerate(vectors):
        policies.write(vector)
        with torch.inference_mode():
            expected = network(torch.from_numpy(seen[row : row + 1]))[0][0]
        assert torch.log_softmax(logits[row], -1).numpy() == pytest.approx(expected.numpy(), abs=1e-4)


@pytest.mark.parametrize("search", ["openai", "sep-cma", pytest.param("cma", marks=pytest.mark.nightly)])
def test_the_mean_climbs(search):
    fields = SMALL | {"search": search, "sigma": "0.3", "learning_rate": "0.1", "num_individuals": "16"}
    agent = Es(configure(Es, "default", fields), world(), 0)
    before = agent.probabilities(pictures(50))[0][:, WANTED].mean()
    play(agent, 800)
    after = agent.probabilities(pictures(50))[0][:, WANTED].mean()
    assert agent.metrics()["generation"] == 40
    assert after > before + 0.3


def test_individuals_are_played_on_every_level_and_few_steps_are_idle():
    agent = Es(configure(Es, "default", SMALL), world(levels=(0, 0, 1, 1)), 0)
    seen = {0: set(), 1: set()}
    for index in range(40):
        for row, individual in enumerate(agent._population.individual.tolist()):
            seen[row // 2].add(individual)
        done = np.full(4, index % 5 == 4)
        agent.observe(Step(pictures(4), np.ones(4), done, done & False))
    assert seen[0] - {NOBODY} == seen[1] - {NOBODY} == set(range(16))
    assert agent.metrics()["idle_share"] == 0


def test_it_begins_with_the_policy_of_ppo():
    ppo = Ppo(configure(Ppo, "default", {"encoder": "dqn-2013", "num_hidden": "32"}), world(2), 3)
    config = Es.continued(configure(Es, "default"), "ppo", ppo.config)
    assert (config.encoder, config.num_hidden, config.actions) == ("dqn-2013", 32, ppo.config.actions)
    agent = Es(config, world(2), 0)
    agent.begin_from(ppo.state(), is_frozen=True)
    policy, value = agent.probabilities(pictures(5))
    expected_policy, expected_value = ppo.probabilities(pictures(5))
    assert policy == pytest.approx(expected_policy, abs=1e-2)
    assert value == pytest.approx(expected_value, abs=5e-2)


def test_a_frozen_agent_plays_the_mean_in_every_row_and_does_not_learn():
    agent = Es(configure(Es, "default", SMALL), world(), 0)
    play(agent, 60)
    frozen = Es(configure(Es, "default", SMALL), world(), 1)
    frozen.begin_from(agent.state(), is_frozen=True)
    seen = np.repeat(pictures(1), 4, axis=0)
    logits = torch.log_softmax(frozen._policies.logits(seen), -1)
    for row in range(4):
        assert logits[row].exp().numpy() == pytest.approx(agent.probabilities(seen)[0][0], abs=1e-4)
    before = frozen.state()["network"]
    play(frozen, 60)
    assert all(np.array_equal(before[name], array) for name, array in frozen.state()["network"].items())


def test_weights_that_do_not_fit_are_refused():
    agent = Es(configure(Es, "default", SMALL), world(), 0)
    other = Es(configure(Es, "default", SMALL | {"num_hidden": "16"}), world(), 0)
    with pytest.raises(StateError, match=r"another network: .* is of shape"):
        agent.begin_from(other.state())
    with pytest.raises(StateError, match="of the agent 'rainbow', not of 'es' or 'ppo'"):
        agent.begin_from({"agent": "rainbow", "network": {}})
    assert Es.continued(agent.config, "rainbow", None) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"num_individuals": "7"}, "an even number, not 7"),
        ({"search": "cma", "num_hidden": "512"}, "use sep-cma or openai"),
        ({"sigma": "0"}, "sigma must be more than 0"),
        ({"weight_decay": "1"}, "weight_decay must be from 0"),
    ],
)
def test_bad_fields_are_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        Es(configure(Es, "default", SMALL | fields), world(), 0)
