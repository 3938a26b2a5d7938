"""What Rainbow learns with quantiles and with soft policies, against plain sums over every fraction and action."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from newgameplus.agents.batch_updates import given
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import BEYOND, RainbowConfig
from newgameplus.errors import UsageError
from newgameplus.experience.replay import Batch
from newgameplus.nn.fractions import multiply_by_fractions
from newgameplus.nn.noisy import draw_noise
from newgameplus.types import Array, Step, WorldSpec
from tests.agents.acting import follow

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE = (84, 84, 4)
NUM_ROWS, NUM_ACTIONS = 2, 7
ATOMS = RainbowConfig(
    num_hidden=8,
    num_atoms=11,
    v_max=5.0,
    num_fractions=3,
    num_cosines=5,
    capacity=80,
    min_transitions=20,
    batch_size=6,
    train_interval=2,
    target_interval=16,
    munchausen_temperature=0.3,
    device="cpu",
    precision="float32",
)
QUANTILES = replace(ATOMS, distribution="quantiles")
IMPLICIT = replace(ATOMS, distribution="implicit-quantiles")

Distributions = list[list[list[float]]]
"""Of each row and action, the probabilities of the atoms or the quantiles."""


def build(config: RainbowConfig, seed: int = 0) -> Rainbow:
    return Rainbow(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS), seed)


def outcomes(num_steps: int, seed: int = 0) -> list[Step]:
    random = np.random.default_rng(seed)
    steps = []
    for _ in range(num_steps + 1):
        terminated = random.random(NUM_ROWS) < 0.1
        final = {int(row): random.integers(0, 256, SHAPE, np.uint8) for row in np.flatnonzero(terminated)}
        observation = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
        steps.append(Step(observation, random.normal(0, 2, NUM_ROWS), terminated, np.zeros(NUM_ROWS, np.bool_), final))
    return steps


def twins(config: RainbowConfig) -> tuple[Rainbow, Rainbow]:
    """Two that have learned the same and have the same random numbers before them."""
    agent, again = build(config), build(config)
    follow(agent, outcomes(40))
    again.restore(agent.state())
    return agent, again


def targets(agent: Rainbow) -> list[list[float]]:
    """What the agent wants to learn of the next batch that it draws."""
    batch = agent._replay.draw(agent.config.batch_size, agent.config.priority_beta, agent._random)
    found: list[list[float]] = agent._q_learner.targets(given(batch, torch.device("cpu"))).tolist()
    return found


class Told:
    """What an agent's networks say of a batch, with draws from its generators in the order in which it learns."""

    def __init__(self, agent: Rainbow) -> None:
        self.agent, self.config = agent, agent.config
        self.batch: Batch = agent._replay.draw(self.config.batch_size, self.config.priority_beta, agent._random)

    def noise(self, *networks: torch.nn.Module) -> None:
        for network in networks:
            draw_noise(network, self.agent._generator)

    def drawn(self) -> torch.Tensor:
        if self.config.distribution == "quantiles":
            return self.even()
        shape = (self.config.batch_size, self.config.num_fractions)
        return torch.rand(shape, generator=self.agent._generator)

    def even(self) -> torch.Tensor:
        num = self.config.num_fractions
        return torch.tensor([(i + 0.5) / num for i in range(num)]).repeat(self.config.batch_size, 1)

    def says(self, network: torch.nn.Module, observation: Array, fraction: torch.Tensor | None = None) -> Distributions:
        with torch.no_grad():
            if self.config.distribution == "categorical":
                return network(torch.from_numpy(observation)).exp().tolist()  # type: ignore[no-any-return]
            fraction = self.even() if fraction is None else fraction
            return network(torch.from_numpy(observation), fraction).tolist()  # type: ignore[no-any-return]

    def means(self, said: Distributions) -> list[list[float]]:
        if self.config.distribution != "categorical":
            return [[sum(row) / len(row) for row in rows] for rows in said]
        atoms = self.atoms()
        return [[sum(p * z for p, z in zip(row, atoms, strict=True)) for row in rows] for rows in said]

    def atoms(self) -> list[float]:
        highest, num = self.config.v_max, self.config.num_atoms
        return [-highest + 2 * highest * i / (num - 1) for i in range(num)]


def log_policy(values: list[float], temperature: float) -> list[float]:
    highest = max(values)
    total = sum(math.exp((value - highest) / temperature) for value in values)
    return [(value - highest) / temperature - math.log(total) for value in values]


def quantile_loss(quantiles: list[float], fractions: list[float], targets: list[float]) -> float:
    total = 0.0
    for fraction, quantile in zip(fractions, quantiles, strict=True):
        for target in targets:
            gap = target - quantile
            size = 0.5 * gap**2 if abs(gap) <= 1 else abs(gap) - 0.5
            total += abs(fraction - (gap < 0)) * size / len(targets)
    return total


@pytest.mark.parametrize("config", [QUANTILES, IMPLICIT], ids=["even", "implicit"])
def test_the_loss_of_quantiles_is_that_summed_over_every_pair_of_fractions(config: RainbowConfig) -> None:
    agent, again = twins(config)
    agent._learn()
    told = Told(again)
    batch = told.batch
    told.noise(again.network, again._target)
    chosen = told.means(told.says(again.network, batch.next_observation))
    judged = told.says(again._target, batch.next_observation, told.drawn())
    told.noise(again.network)
    fractions = told.drawn()
    online = told.says(again.network, batch.observation, fractions)
    losses = []
    for i in range(len(batch.action)):
        after = judged[i][chosen[i].index(max(chosen[i]))]
        targets = [float(batch.reward[i]) + float(batch.factor[i]) * quantile for quantile in after]
        losses.append(quantile_loss(online[i][int(batch.action[i])], fractions[i].tolist(), targets))
    assert agent.metrics()["loss"] == pytest.approx(float(np.mean(batch.weight * np.array(losses))), rel=1e-4)
    assert len(set(batch.factor.tolist())) > 1


@pytest.mark.parametrize("config", [ATOMS, QUANTILES, IMPLICIT], ids=["atoms", "quantiles", "implicit"])
def test_soft_targets_are_those_summed_over_every_next_action(config: RainbowConfig) -> None:
    agent, again = twins(replace(config, munchausen_weight=0.9))
    told = Told(again)
    batch, temperature = told.batch, config.munchausen_temperature
    found = targets(agent)
    told.noise(again._target)
    before = told.means(told.says(again._target, batch.observation))
    judged = told.says(again._target, batch.next_observation, told.drawn())
    atoms, floors = told.atoms(), 0
    for i, values in enumerate(told.means(judged)):
        taken = temperature * log_policy(before[i], temperature)[int(batch.action[i])]
        floors += taken < config.munchausen_floor
        gain = float(batch.reward[i]) + 0.9 * max(taken, config.munchausen_floor)
        factor, expected = float(batch.factor[i]), [0.0] * len(found[i])
        for distribution, log_probability in zip(judged[i], log_policy(values, temperature), strict=True):
            probability, added = math.exp(log_probability), gain - factor * temperature * log_probability
            if config.distribution != "categorical":
                for j, quantile in enumerate(distribution):
                    expected[j] += probability * (added + factor * quantile)
                continue
            for mass, atom in zip(distribution, atoms, strict=True):
                moved = min(max(added + factor * atom, atoms[0]), atoms[-1])
                for k, place in enumerate(atoms):
                    expected[k] += probability * mass * max(0.0, 1 - abs(moved - place) / (atoms[1] - atoms[0]))
        assert found[i] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_without_a_temperature_worth_speaking_of_a_soft_target_is_that_of_the_best_action() -> None:
    config = replace(QUANTILES, munchausen_weight=1e-9, munchausen_temperature=1e-6)
    agent, again = twins(config)
    told = Told(again)
    found = targets(agent)
    told.noise(again._target)
    judged = told.says(again._target, told.batch.next_observation, told.drawn())
    for i, values in enumerate(told.means(judged)):
        best = judged[i][values.index(max(values))]
        reward, factor = float(told.batch.reward[i]), float(told.batch.factor[i])
        assert found[i] == pytest.approx([reward + factor * quantile for quantile in best], abs=1e-4)


def test_quantiles_at_given_fractions_follow_from_the_cosines_of_these() -> None:
    network = build(IMPLICIT).network
    observation = torch.from_numpy(outcomes(1)[0].observation)
    fraction = torch.tensor([[0.1, 0.5, 0.9], [0.9, 0.1, 0.5]])
    assert network.embedding is not None
    layer = network.embedding.layer
    weight, bias = layer.weight[3].tolist(), layer.bias[3].item()
    expected = max(0.0, bias + sum(w * math.cos(math.pi * i * 0.9) for i, w in enumerate(weight)))
    alone = multiply_by_fractions(torch.ones(2, layer.out_features), fraction, layer)
    assert alone[0, 2, 3].item() == pytest.approx(expected, abs=1e-6)
    with torch.no_grad():
        quantiles = network(observation, fraction)
        moved = network(observation, fraction.roll(1, 1))
    assert quantiles.shape == (NUM_ROWS, NUM_ACTIONS, 3)
    torch.testing.assert_close(moved, quantiles.roll(1, 2))


@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.bfloat16)])
def test_the_preset_beyond_learns_and_goes_on_exactly_with_its_normalised_weights(precision: str) -> None:
    small = {"num_hidden": 8, "capacity": 80, "min_transitions": 16, "batch_size": 4, "train_interval": 8}
    config = replace(BEYOND, **small, target_interval=16, random_steps=30, device="cpu", precision=precision)  # type: ignore[arg-type]
    steps = outcomes(16)
    straight, broken, resumed = build(config), build(config), build(config, seed=1)
    expected = follow(straight, steps)
    actions = follow(broken, steps[:10])
    resumed.restore(broken.state())
    actions += follow(resumed, steps[9:])
    assert np.array_equal(actions, expected)
    assert straight.state()["num_updates"] > 1
    for name, array in straight.state()["network"].items():
        assert np.array_equal(array, resumed.state()["network"][name]), name
    frozen = build(config, seed=2)
    frozen.begin_from(straight.state(), is_frozen=True)
    follow(frozen, steps)
    kept = frozen.state()["network"]
    for name, array in straight.state()["network"].items():
        assert "noise" in name or np.array_equal(kept[name], array), name


def test_the_share_of_random_actions_falls_from_all_to_what_stays() -> None:
    agent = build(replace(QUANTILES, random_steps=400, final_random_share=0.5, noisy_sigma=0.0, min_transitions=10**6))
    observation = outcomes(1)[0].observation
    best = agent.expected_returns(observation).argmax(-1)
    is_best = np.array([(agent.act(observation) == best).mean() for _ in range(800)])
    # A random action of seven is the best by chance; the last three quarters draw a half of them at random.
    assert is_best[:20].mean() < 0.4
    assert is_best[200:].mean() == pytest.approx(0.5 + 0.5 / NUM_ACTIONS, abs=0.07)
    frozen = build(agent.config)
    frozen.begin_from(agent.state(), is_frozen=True)
    assert all((frozen.act(observation) == best).all() for _ in range(50))


def test_what_was_learned_elsewhere_is_not_explored_at_random_again() -> None:
    agent = build(replace(QUANTILES, random_steps=400, noisy_sigma=0.0))
    agent.begin_from(build(replace(QUANTILES, noisy_sigma=0.0), seed=1).state())
    observation = outcomes(1)[0].observation
    assert len({agent.act(observation).tobytes() for _ in range(30)}) == 1


@pytest.mark.parametrize(
    "fields",
    [{"munchausen_weight": 1.5}, {"munchausen_temperature": 0.0}, {"munchausen_floor": 0.5}, {"num_fractions": 0}],
)
def test_settings_that_make_no_sense_are_refused_by_name(fields: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(fields))):
        replace(QUANTILES, **fields)  # type: ignore[arg-type]
