"""Learning in bfloat16, by kernels where there are some, follows learning in float32 by torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from newgameplus.agents.ppo.agent import Ppo
from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.agents.ppo.update import FIGURES, gradient_step
from newgameplus.agents.rainbow.agent import Rainbow
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.learning.losses import PpoSteps
from newgameplus.nn.cpu.compiled import using
from newgameplus.types import Step, WorldSpec

pytestmark = [pytest.mark.bfloat16, pytest.mark.usefixtures("one_thread")]

NUM_STEPS = 24
TOLERANCE = 0.03
"""Of the losses of all gradient steps together, as ``||found - expected|| / ||expected||``."""
PICTURES = np.random.default_rng(0).integers(0, 256, (48, 84, 84, 4), dtype=np.uint8)


def world(num_envs: int) -> WorldSpec:
    return WorldSpec(num_envs, (None,) * 12, (84, 84, 4), (), num_actions=7)


def difference(found: list[float], expected: list[float]) -> float:
    return float(np.linalg.norm(np.subtract(found, expected)) / np.linalg.norm(expected))


def losses_of_ppo(precision: Any) -> list[float]:
    agent = Ppo(PpoConfig(device="cpu", precision=precision, value_clip=None, num_hidden=128), world(8), 0)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(NUM_STEPS):
        rows = torch.randint(0, len(PICTURES), (32,), generator=generator)
        action, old = rows % 7, torch.full((32,), -np.log(7.0))
        value, advantage = torch.zeros(32), torch.randn(32, generator=generator)
        seen, target = torch.from_numpy(PICTURES)[rows], (rows % 5).float()
        steps = PpoSteps(action, old, value, advantage, target, reference=torch.zeros(32, 0))
        figures = gradient_step(agent._learner, agent.config, seen, steps)
        losses.append(float(figures[FIGURES.index("value_loss")]))
    return losses


def losses_of_rainbow(precision: Any) -> list[float]:
    config = RainbowConfig(
        device="cpu",
        precision=precision,
        num_hidden=128,
        capacity=500,
        min_transitions=400,
        train_interval=1,
        batch_size=32,
    )
    agent = Rainbow(config, world(1), 0)
    for step in range(400 + NUM_STEPS):
        agent._last = (PICTURES[step % 48][None], np.array([step % 7]))
        reward = np.array([float(step % 3 == 0)])
        agent.observe(Step(PICTURES[(step + 1) % 48][None], reward, np.array([step % 48 == 47]), np.array([False])))
        if step == 398:
            losses: list[float] = []
        if agent.metrics():
            losses.append(agent.metrics()["loss"])
    return losses


@pytest.mark.parametrize("losses_of", [losses_of_ppo, losses_of_rainbow])
def test_losses_fall_as_those_of_float32_do(losses_of: Any) -> None:
    found = losses_of("bfloat16")
    with using("off"):
        expected = losses_of("float32")
    assert len(found) >= NUM_STEPS
    assert np.mean(expected[-6:]) < 0.9 * expected[0]
    assert difference(found, expected) < TOLERANCE
