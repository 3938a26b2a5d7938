"""Behaviour cloning: the policy imitates demonstrations before its first step, beside PPO's loss, and as they come.

Sources: Pomerleau, "ALVINN: An Autonomous Land Vehicle in a Neural Network" (1988), the supervised loss; Rajeswaran et
al., "Learning Complex Dexterous Manipulation with Deep Reinforcement Learning and Demonstrations" (2018),
arXiv:1709.10087 (DAPG), the loss that decays while the policy learns by its rewards. *Differences:* before the first
step the value estimate learns the demonstrations' returns, too; the decay is linear in agent steps, and the coefficient
does not depend on the advantages.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.errors import LearningError
from newgameplus.experience.demonstrations import Demonstrations
from newgameplus.experience.rewards import RewardShaper
from newgameplus.learning.schedules import linear
from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.nn.augmentation import shift
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import training_mode
from newgameplus.types import Array, State, Step

_MOST_AT_ONCE = 1024
"""Largest number of pictures evaluated at once."""
_FIGURES = ("cloning_loss", "cloning_accuracy")


class Cloning:
    """Imitates demonstrations.

    Args:
        config: epochs, coefficients and decay.
        observation_shape: ``(H, W, C)``.
        learner: the policy and its optimizer.
        seed: seed of which steps are held out.
    """

    def __init__(
        self, config: PpoConfig, observation_shape: tuple[int, ...], learner: Learner[ActorCritic], seed: int
    ) -> None:
        self._config, self._learner, self._seed = config, learner, seed
        self._none = partial(Demonstrations, observation_shape, config.discount)
        self._demonstrations = self._none()
        self._shaper = RewardShaper(1, config.reward_scale, config.allows_backtracking)
        self._told: list[Tensor] = []
        self._weight = 0.0
        self.folder: Path | None = None
        """Folder of the frames; None for memory."""

    def add(self, observation: Array, action: Array, step: Step) -> None:
        """Collect a step of a demonstration, ``[1, …]``."""
        reward = self._shaper(step.reward, step.done)
        self._demonstrations.add(observation[0], int(action[0]), float(reward[0]), bool(step.done[0]))

    def pretrain(self, generator: torch.Generator) -> Iterator[tuple[int, int, dict[str, float]]]:
        """Imitate for ``cloning_epochs``; after each yield the number of gradient steps, that of all, and metrics.

        ``held_out_accuracy`` is the share of held-out steps whose action is the most probable one.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        self._demonstrations.close(np.random.default_rng(self._seed), self.folder)
        learned, num_epochs, size = self._learned(), self._config.cloning_epochs, self._config.batch_size
        num_batches = -(-len(learned) // size)
        for epoch in range(1, num_epochs + 1):
            for chosen in torch.split(learned[torch.randperm(len(learned), generator=generator)], size):
                self._improve(chosen, generator)
            figures = self.figures() | {"held_out_accuracy": self._held_out_accuracy()}
            yield epoch * num_batches, num_epochs * num_batches, figures

    def imitate(self, num_steps: int, generator: torch.Generator) -> None:
        """Take up later demonstrations, the last of ``num_steps``, and imitate some of the latest ``cloning_capacity``.

        There are as many gradient steps as ``cloning_epochs`` of the last one alone would take.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        self._demonstrations.extend(self._config.cloning_capacity, self.folder)
        for _ in range(-(-num_steps * self._config.cloning_epochs // self._config.batch_size)):
            self._improve(self._drawn(generator), generator)

    def begin_update(self, num_steps: int) -> bool:
        """Set the coefficient for an update after ``num_steps`` agent steps; return whether there is a loss to add."""
        config = self._config
        share = num_steps / config.cloning_steps if config.cloning_steps else 1.0
        self._weight = linear(config.cloning_weight, 0.0, share) if len(self._demonstrations) else 0.0
        return self._weight > 0

    def loss(self, generator: torch.Generator) -> Tensor:
        """Return the loss to add to PPO's, a scalar: the coefficient times the cross-entropy of some demonstrations."""
        loss: Tensor = self._weight * self._loss(self._drawn(generator), generator, 0.0)
        return loss

    def figures(self) -> dict[str, float]:
        """Return the mean metrics of the losses since the last call; empty if there were none."""
        told, self._told = self._told, []
        return dict(zip(_FIGURES, torch.stack(told).mean(0).tolist(), strict=True)) if told else {}

    def state(self) -> State:
        """Return the demonstrations as a list of one; empty if there are none."""
        return {"demonstrations": [self._demonstrations.state()]} if len(self._demonstrations) else {}

    def restore(self, state: list[State]) -> None:
        """Restore what ``state`` returned as ``demonstrations``, an empty list if nothing.

        Raises:
            StateError: the frames of the demonstrations are missing; nothing has changed then.
        """
        restored = self._none()
        for demonstrations in state:
            restored.restore(demonstrations, self.folder)
        self._demonstrations = restored

    def _learned(self) -> Tensor:
        """Steps to learn from, int64 ``[K]``."""
        return torch.from_numpy(np.flatnonzero(~self._demonstrations.is_held_out))

    def _drawn(self, generator: torch.Generator) -> Tensor:
        """Random steps to learn from, as many as a minibatch has, int64 ``[K]``."""
        learned = self._learned()
        size = min(self._config.batch_size, len(learned))
        return learned[torch.randint(len(learned), (size,), generator=generator)]

    def _improve(self, chosen: Tensor, generator: torch.Generator) -> None:
        """Take a gradient step on steps int64 ``[K]``."""
        self._loss(chosen, generator, self._config.value_weight).backward()  # type: ignore[no-untyped-call]
        if not bool(self._learner.improve().isfinite()):
            raise LearningError(
                "The loss of behaviour cloning is NaN or infinite: lower the learning rate (--set learning_rate=…)."
            )

    def _loss(self, chosen: Tensor, generator: torch.Generator, value_weight: float) -> Tensor:
        """Cross-entropy of the chosen steps' actions, and the error of their values, a scalar."""
        observation, action, target = self._on_device(chosen.numpy())
        if self._config.max_offset:
            observation = shift(observation, self._config.max_offset, generator)
        computing = self._learner.computing
        with training_mode(computing, computing.has_training_mode):
            log_probabilities, value = computing(observation)
        loss = -log_probabilities.gather(1, action[:, None]).mean()
        is_right = (log_probabilities.detach().argmax(1) == action).float().mean()
        self._told.append(torch.stack([loss.detach(), is_right]))
        with_value: Tensor = loss + value_weight * 0.5 * (value - target).square().mean()
        return with_value

    def _held_out_accuracy(self) -> float:
        held_out = torch.from_numpy(np.flatnonzero(self._demonstrations.is_held_out))
        num_right = 0
        for chosen in torch.split(held_out, _MOST_AT_ONCE):
            observation, action, _ = self._on_device(chosen.numpy())
            with torch.inference_mode():
                num_right += int((self._learner.computing(observation)[0].argmax(1) == action).sum())
        return num_right / max(1, len(held_out))

    def _on_device(self, chosen: Array) -> tuple[Tensor, Tensor, Tensor]:
        """Observations, actions and returns of steps, on the network's device."""
        demonstrations = self._demonstrations
        parts = (demonstrations.observation(chosen), demonstrations.action[chosen], demonstrations.target[chosen])
        observation, action, target = (torch.from_numpy(part).to(self._learner.device) for part in parts)
        return observation, action, target
