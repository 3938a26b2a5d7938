"""Rainbow's update as a GPU does it, step by step on whatever device there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from newgameplus.agents.batch_updates import ReplayedUpdate
from newgameplus.agents.frame_mirror import FrameMirror
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.errors import LearningError
from newgameplus.types import Array, Step, WorldSpec

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPE, NUM_ROWS, NUM_ACTIONS, CPU = (84, 84, 4), 2, 7, torch.device("cpu")
SMALL = RainbowConfig(
    num_hidden=8,
    num_atoms=11,
    v_max=5.0,
    capacity=80,
    min_transitions=20,
    batch_size=6,
    train_interval=2,
    target_interval=16,
    device="cpu",
    precision="float32",
)
VARIANTS = {
    "atoms": SMALL,
    "quantiles": replace(SMALL, distribution="quantiles"),
    "implicit": replace(SMALL, distribution="implicit-quantiles", max_offset=1),
    "soft": replace(SMALL, munchausen_weight=0.9, encoder="impala-normalised"),
}


def build(config: RainbowConfig = SMALL, seed: int = 0) -> Rainbow:
    return Rainbow(config, WorldSpec(NUM_ROWS, (), SHAPE, (), NUM_ACTIONS), seed)


def follow(agent: Rainbow, num_steps: int, seed: int = 0) -> list[Array]:
    random = np.random.default_rng(seed)
    actions, seen = [], random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
    for _ in range(num_steps):
        actions.append(agent.act(seen))
        terminated, truncated = random.random(NUM_ROWS) < 0.1, random.random(NUM_ROWS) < 0.1
        final = {int(row): seen[row] for row in np.flatnonzero(terminated | truncated)}
        seen = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
        agent.observe(Step(seen, random.normal(0, 2, NUM_ROWS), terminated, truncated, final))
    return actions


def replaying(config: RainbowConfig, has_mirror: bool) -> Rainbow:
    """One that learns as on a GPU, on a CPU."""
    agent = build(config)
    mirror = FrameMirror(agent._replay, CPU) if has_mirror else None
    agent._begun_update = ReplayedUpdate(agent._q_learner, agent._replay, mirror)
    return agent


def weights(agent: Rainbow) -> bytes:
    return b"".join(weight.detach().cpu().numpy().tobytes() for weight in agent.network.parameters())


@pytest.mark.parametrize("has_mirror", [True, False])
def test_a_step_from_pictures_on_the_device_is_one_from_pictures_in_memory(has_mirror: bool) -> None:
    plain, replayed = build(), replaying(SMALL, has_mirror)
    # One update, since the next would be drawn before the priorities of this one are known.
    for agent in (plain, replayed):
        follow(agent, 9)
        assert agent._num_updates == 1
    replayed._settle()
    assert weights(plain) == weights(replayed)
    assert replayed.metrics() == plain.metrics()
    assert np.array_equal(plain._replay.state()["priorities"], replayed._replay.state()["priorities"])


def test_a_mirror_shows_what_the_replay_buffer_shows_also_when_it_goes_round() -> None:
    agent = build(replace(SMALL, min_transitions=10**6))
    follow(agent, 5)
    mirror = FrameMirror(agent._replay, CPU)
    for num_steps in (1, 60, 3, 40):
        follow(agent, num_steps, seed=num_steps)
        mirror.catch_up()
        choice = agent._replay.choose(50, 0.4, np.random.default_rng(0))
        batch = agent._replay.stacked(choice)
        seen, after = mirror.stacked(torch.from_numpy(np.stack([choice.places, choice.next_places])))
        assert np.array_equal(seen.numpy(), batch.observation)
        assert np.array_equal(after.numpy(), batch.next_observation)


def test_priorities_that_are_awaited_are_part_of_a_state() -> None:
    straight, broken, resumed = (replaying(SMALL, True) for _ in range(3))
    follow(straight, 14)
    follow(broken, 14)
    assert len(broken.state()["waiting"]) == 2
    resumed.restore(broken.state())
    pair = [straight, resumed]
    resumed._begun_update = ReplayedUpdate(resumed._q_learner, resumed._replay, None)
    actions = [follow(agent, 12, seed=3) for agent in pair]
    assert np.array_equal(*actions)
    assert weights(straight) == weights(resumed)
    assert len({agent._replay.state()["priorities"].tobytes() for agent in pair}) == 1


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", VARIANTS)
def test_on_cuda_it_learns_and_goes_on_from_a_state(name: str, precision: str) -> None:
    config = replace(VARIANTS[name], device="cuda", precision=precision)  # type: ignore[arg-type]
    straight, broken, resumed = build(config), build(config), build(config, seed=1)
    begun = weights(straight)
    follow(resumed, 15, seed=9)
    for agent in (straight, broken):
        follow(agent, 14)
    assert weights(straight) != begun
    state = broken.state()
    resumed.restore(state)
    assert weights(resumed) == weights(broken)
    for agent in (broken, resumed):
        follow(agent, 12, seed=3)
        assert np.isfinite(list(agent.metrics().values())).all()
    first, second = (np.frombuffer(weights(agent), np.float32) for agent in (broken, resumed))
    assert np.linalg.norm(first - second) < 0.01 * np.linalg.norm(first)


@pytest.mark.cuda
def test_on_cuda_a_replayed_step_is_a_plain_one() -> None:
    config = replace(SMALL, device="cuda", noisy_sigma=0.0)
    plain, replayed = build(replace(config, device="cpu")), build(config)
    for agent in (plain, replayed):
        for seed in range(20):
            random = np.random.default_rng(seed)
            seen = random.integers(0, 256, (NUM_ROWS, *SHAPE), np.uint8)
            never = np.zeros(NUM_ROWS, np.bool_)
            agent.remember(
                seen, random.integers(0, 7, NUM_ROWS), Step(seen, random.normal(0, 2, 2), never, never), [0, 1]
            )
        agent._learn()
        agent._settle()
    assert replayed.metrics() == pytest.approx(plain.metrics(), rel=0.01, abs=1e-3)
    found, expected = (agent._replay.state()["priorities"] for agent in (replayed, plain))
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.cuda
def test_on_cuda_a_loss_that_is_no_number_is_said_to_be_so_and_changes_no_weights() -> None:
    agent = build(replace(SMALL, device="cuda"))
    follow(agent, 9)
    with torch.no_grad():
        agent._target.value.bias.fill_(float("nan"))
    before = weights(agent)
    with pytest.raises(LearningError, match="lower the learning rate"):
        follow(agent, 20)
    assert weights(agent) == before
