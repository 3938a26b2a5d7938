"""Rainbow's loss against one computed atom by atom, and what happens around it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.errors import LearningError, UsageError
from newgameplus.experience.replay import Batch
from newgameplus.nn.noisy import draw_noise
from newgameplus.types import Array, Step, WorldSpec
from tests.agents.acting import follow

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE = (84, 84, 4)
NUM_ROWS, NUM_ACTIONS = 2, 7
SMALL = RainbowConfig(
    num_hidden=8,
    num_atoms=11,
    v_max=5.0,
    capacity=80,
    min_transitions=20,
    batch_size=6,
    train_interval=2,
    target_interval=16,
    n_step=3,
    device="cpu",
    precision="float32",
)


def build(config: RainbowConfig = SMALL, seed: int = 0) -> Rainbow:
    return Rainbow(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS), seed)


def outcomes(num_steps: int, seed: int = 0) -> list[Step]:
    random = np.random.default_rng(seed)
    steps = []
    for _ in range(num_steps + 1):
        terminated, truncated = random.random(NUM_ROWS) < 0.1, random.random(NUM_ROWS) < 0.1
        final = {int(row): random.integers(0, 256, SHAPE, np.uint8) for row in np.flatnonzero(terminated | truncated)}
        observation = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
        steps.append(Step(observation, random.normal(0, 2, NUM_ROWS), terminated, truncated, final))
    return steps


def content(network: torch.nn.Module) -> dict[str, bytes]:
    return {name: weight.detach().numpy().tobytes() for name, weight in network.named_parameters()}


def distributions(network: torch.nn.Module, observation: Array) -> list[list[list[float]]]:
    with torch.no_grad():
        result: list[list[list[float]]] = network(torch.from_numpy(observation)).exp().tolist()
    return result


def brute_force_errors(agent: Rainbow, batch: Batch, online: Tensor, chosen: Tensor, judged: Tensor) -> list[float]:
    """The cross-entropy of each transition, from what the networks say with their noise of the moment.

    Args:
        agent: its atoms and settings count.
        batch: as it was drawn.
        online: ``[N, A, atoms]`` of the observations, by the network.
        chosen: the same of the next observations, by the network, which chooses.
        judged: the same of the next observations, by the target network.
    """
    atoms = np.linspace(-agent.config.v_max, agent.config.v_max, agent.config.num_atoms).tolist()
    gap, errors = atoms[1] - atoms[0], []
    for i in range(len(batch.action)):
        expected = [sum(p * z for p, z in zip(row, atoms, strict=True)) for row in chosen[i].tolist()]
        distribution = judged[i][expected.index(max(expected))].tolist()
        target = [0.0] * len(atoms)
        for probability, atom in zip(distribution, atoms, strict=True):
            moved = min(max(float(batch.reward[i]) + float(batch.factor[i]) * atom, atoms[0]), atoms[-1])
            for k, place in enumerate(atoms):
                target[k] += probability * max(0.0, 1 - abs(moved - place) / gap)
        log = online[i][int(batch.action[i])].log().tolist()
        errors.append(-sum(t * p for t, p in zip(target, log, strict=True)))
    return errors


def test_the_loss_of_a_batch_is_that_computed_atom_by_atom() -> None:
    agent, again = build(), build()
    steps = outcomes(40)
    follow(agent, steps)
    again.restore(agent.state())
    agent._learn()
    # The same once more: the same draws from the same generators, in their order, and plain sums instead of tensors.
    batch = again._replay.draw(SMALL.batch_size, SMALL.priority_beta, again._random)
    for network in (again.network, again._target):
        draw_noise(network, again._generator)
    chosen = torch.tensor(distributions(again.network, batch.next_observation))
    judged = torch.tensor(distributions(again._target, batch.next_observation))
    draw_noise(again._actor_network, again._generator)
    online = torch.tensor(distributions(again.network, batch.observation))
    errors = brute_force_errors(again, batch, online, chosen, judged)
    loss = float(np.mean(batch.weight * np.array(errors)))
    assert agent.metrics()["loss"] == pytest.approx(loss, rel=1e-4)
    # Entries drawn twice keep one of their errors, which are the same.
    expected = (np.array(errors) + SMALL.priority_offset) ** SMALL.priority_alpha
    assert agent._replay._tree.get(batch.entries) == pytest.approx(expected, rel=1e-4)
    assert len(set(batch.factor.tolist())) > 1


@pytest.mark.bfloat16
def test_losses_in_bfloat16_stay_within_a_fiftieth_of_those_in_float32() -> None:
    exact, rough = build(), build(replace(SMALL, precision="bfloat16"))
    follow(exact, outcomes(40))
    rough.restore(exact.state())
    exact._learn()
    rough._learn()
    assert rough.metrics()["loss"] == pytest.approx(exact.metrics()["loss"], rel=0.02)


def test_the_target_network_is_copied_at_its_interval_and_stays_between() -> None:
    agent, steps = build(), outcomes(30)
    changes, before = [], content(agent._target)
    for number, (last, step) in enumerate(pairwise(steps), start=1):
        agent.act(last.observation)
        agent.observe(step)
        if content(agent._target) != before:
            changes.append(number * NUM_ROWS)
            before = content(agent._target)
            assert before == content(agent.network)
    # Multiples of the interval of 16 from the 20 steps on that learning waits for.
    assert changes == [32, 48]


def test_learning_waits_and_then_comes_every_so_many_steps() -> None:
    agent, steps = build(replace(SMALL, train_interval=4)), outcomes(20)
    learned = []
    for number, (last, step) in enumerate(pairwise(steps), start=1):
        agent.act(last.observation)
        agent.observe(step)
        learned.append((number * NUM_ROWS, agent._num_updates))
    assert [count for num_steps, count in learned if num_steps < 20] == [0] * 9
    assert [count for num_steps, count in learned if num_steps >= 20] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]


def test_learning_waits_for_a_whole_batch_however_little_it_is_told_to_wait() -> None:
    agent = build(replace(SMALL, min_transitions=1, train_interval=1))
    follow(agent, outcomes(5))
    # 6 transitions for a batch, and of each of the 2 rows the last 3, which are not complete.
    assert agent._num_updates == 0
    follow(agent, outcomes(1, seed=1))
    assert agent._num_updates == 2


def test_given_weights_learn_from_the_first_batch_on_and_go_on_exactly() -> None:
    agent, resumed = (build(replace(SMALL, min_transitions=10**6)) for _ in range(2))
    agent.begin_from(build(seed=1).state())
    follow(agent, outcomes(5))
    assert agent._num_updates == 0
    resumed.restore(agent.state())
    for each in (agent, resumed):
        follow(each, outcomes(1, seed=1))
        assert each._num_updates == 1
    assert content(resumed.network) == content(agent.network)


def test_with_the_convolutions_of_ppo_alone_learning_waits_as_from_nothing() -> None:
    agent = build(replace(SMALL, min_transitions=10**6))
    config = PpoConfig(num_hidden=8, device="cpu", precision="float32")
    agent.begin_from(Ppo(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS), 0).state())
    follow(agent, outcomes(20))
    assert agent._num_updates == 0


def test_turns_that_it_remembers_are_stored_as_its_own_and_are_no_steps_of_its_own() -> None:
    config = replace(SMALL, min_transitions=60, allows_backtracking=True)
    played, told = build(config), build(config)
    steps = outcomes(15)[:14]
    for before, step in pairwise(steps):
        action = played.act(before.observation)
        played.observe(step)
        told.remember(before.observation, action, step, range(NUM_ROWS))
    own, other = played.state(), told.state()
    assert all(np.array_equal(own["replay"][0][name], other["replay"][0][name]) for name in own["replay"][0])
    assert np.array_equal(own["rewards"]["best"], other["rewards"]["best"])
    assert (own["num_steps"], other["num_steps"]) == (26, 0)
    assert content(told.network) == content(build(config).network)


def test_it_learns_at_once_from_what_it_was_told() -> None:
    agent = build()
    for before, step in pairwise(outcomes(15)):
        agent.remember(before.observation, np.zeros(NUM_ROWS, np.int64), step, range(NUM_ROWS))
    follow(agent, outcomes(1))
    assert agent.state()["num_updates"] == 1


def test_the_action_is_that_of_the_highest_expected_return_under_the_noise_of_the_moment() -> None:
    agent = build()
    observation = outcomes(1)[0].observation
    drawn = set()
    for _ in range(30):
        action = agent.act(observation)
        atoms = np.linspace(-5, 5, 11)
        expected = np.array(distributions(agent.network, observation)) @ atoms
        assert action.tolist() == expected.argmax(-1).tolist()
        assert agent.expected_returns(observation) == pytest.approx(expected, abs=1e-5)
        drawn.add(int(action[0]))
    assert len(drawn) > 1


def test_a_frozen_agent_draws_new_noise_for_each_choice_and_needs_no_replay_buffer() -> None:
    agent = build()
    agent.begin_from(build(seed=1).state(), is_frozen=True)
    observation = outcomes(1)[0].observation
    assert len({agent.act(observation).tobytes() for _ in range(30)}) > 1
    assert agent._buffer is None


def test_what_all_advantages_share_counts_for_nothing_and_the_value_for_all_actions() -> None:
    network = build().network
    observation = torch.from_numpy(outcomes(1)[0].observation)
    with torch.no_grad():
        before = network(observation)
        network.advantage.bias += torch.linspace(-1, 1, 11).repeat(NUM_ACTIONS)
        torch.testing.assert_close(network(observation), before)
        network.value.bias[3] += 1
        after = network(observation)
    gained = after[..., 3] - after[..., 0] - (before[..., 3] - before[..., 0])
    assert gained.flatten().tolist() == pytest.approx([1.0] * gained.numel(), abs=1e-5)


def test_until_it_goes_round_a_replay_buffer_in_files_draws_what_one_in_memory_draws(tmp_path: Path) -> None:
    in_memory, in_files = build(), build()
    in_files.keep_in(tmp_path / "replay")
    steps = outcomes(30)
    follow(in_memory, steps)
    follow(in_files, steps)
    assert content(in_memory.network) == content(in_files.network)
    assert "frame" not in in_files.state()["replay"][0]


def test_a_loss_that_is_no_longer_a_number_is_said_to_be_so_and_changes_no_weights() -> None:
    agent, steps = build(), outcomes(30)
    follow(agent, steps[:9])
    with torch.no_grad():
        agent._target.value.bias.fill_(float("nan"))
    before = content(agent.network)
    with pytest.raises(LearningError, match="lower the learning rate"):
        follow(agent, steps[8:])
    assert content(agent.network) == before


def test_a_replay_buffer_that_is_too_small_for_its_rows_is_refused() -> None:
    agent = build(replace(SMALL, capacity=10))
    with pytest.raises(UsageError, match="too small for 2 rows"):
        follow(agent, outcomes(2))
