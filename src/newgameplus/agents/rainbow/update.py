"""Learning: targets of a batch of transitions, and the gradient step.

Shapes: ``N`` transitions, ``K`` parameters of a return distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from newgameplus.agents.batch_updates import Given
from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.heads import Head
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.learning.losses import large_margin_loss
from newgameplus.learning.policies import munchausen_bonus, soft_policy
from newgameplus.nn.augmentation import shift
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import training_mode
from newgameplus.types import Array, State

FIGURES = ("loss", "gradient_norm", "expected_return", "margin_loss")
"""Metrics of a gradient step, in this order, after the errors; the last only if there are demonstrations."""


@dataclass(frozen=True, slots=True)
class QLearner:
    """Online network, target network and optimizer."""

    config: RainbowConfig
    learner: Learner[RainbowNetwork]
    """Online network and its optimizer."""
    target: RainbowNetwork
    """Target network."""
    head: Head
    generator: torch.Generator

    def step(self, given: Given) -> Tensor:
        """Take one gradient step; return the errors and ``FIGURES``, float32 ``[N + 3]`` or ``[N + 4]``.

        If the gradient is NaN or infinite, no weight changes.
        """
        config, player = self.config, self.learner.computing
        target = self.targets(given)
        player.draw_noise(self.generator)
        observation = given.observation
        if config.max_offset:
            observation = shift(observation, config.max_offset, self.generator)
        with training_mode(player, player.has_training_mode):
            errors = self.head.errors(player, observation, given.action, target, self.generator)
        loss = (given.weight * errors).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        further = self._add_gradients(observation, given)
        norm = self.learner.improve()
        figures = torch.stack([loss.detach(), norm, self.head.mean(target).mean(), *further])
        return torch.cat([errors.detach(), figures])

    def _add_gradients(self, observation: Tensor, given: Given) -> list[Tensor]:
        """Add the gradients of the large-margin loss and of the squared weights; return the metrics of demonstrations.

        Hester et al., "Deep Q-learning from Demonstrations" (2018), eq. 1 and section on the loss.
        """
        config, player = self.config, self.learner.computing
        if config.l2_weight:
            squares = torch.stack([parameter.float().square().sum() for parameter in player.parameters()])
            (config.l2_weight * squares.sum()).backward()  # type: ignore[no-untyped-call]
        if given.is_demonstration is None:
            return []
        # On a CPU of the demonstrations alone; a CUDA graph needs the same shapes each time.
        rows = slice(None) if observation.is_cuda else given.is_demonstration.nonzero().squeeze(1)
        if not len(given.is_demonstration[rows]):
            return [torch.zeros(())]
        with training_mode(player, player.has_training_mode):
            values = self.head.mean(self.head.distribution(player, observation[rows], self.generator)).float()
        margins = large_margin_loss(values, given.action[rows], config.margin)
        loss = (margins * given.is_demonstration[rows]).sum() / len(given.is_demonstration)
        (config.margin_weight * loss).backward()  # type: ignore[no-untyped-call]
        return [loss.detach()]

    def targets(self, given: Given) -> Tensor:
        """Double Q-learning targets ``[N, K]``: the online network selects, the target network evaluates."""
        if self.config.munchausen_weight:
            return self._soft_targets(given)
        for network in (self.learner.computing, self.target):
            network.draw_noise(self.generator)
        after = given.next_observation
        with torch.no_grad():
            best = self.head.expected_returns(self.learner.computing, after).argmax(-1)
            return self.head.target_of(self.target, after, best, given.reward, given.factor, self.generator)

    def _soft_targets(self, given: Given) -> Tensor:
        """Munchausen targets ``[N, K]`` over all next actions, weighted by the target network's soft policy.

        Vieillard, Pietquin and Geist, "Munchausen Reinforcement Learning" (2020), eq. 1, over n steps.
        """
        temperature, floor = self.config.munchausen_temperature, self.config.munchausen_floor
        self.target.draw_noise(self.generator)
        with torch.no_grad():
            before = self.head.expected_returns(self.target, given.observation)
            bonus = munchausen_bonus(before, given.action, temperature, floor)
            distribution = self.head.distribution(self.target, given.next_observation, self.generator)
            policy = soft_policy(self.head.mean(distribution), temperature)
            gain = (given.reward + self.config.munchausen_weight * bonus).unsqueeze(1)
            added = gain - given.factor.unsqueeze(1) * temperature * policy
            return self.head.target(distribution, policy.exp(), added, given.factor)

    @property
    def device(self) -> torch.device:
        """Device of the networks."""
        return self.learner.device

    @property
    def batch_size(self) -> int:
        """N."""
        return self.config.batch_size

    @property
    def generators(self) -> tuple[torch.Generator]:
        """The generator of noise, fractions and shifts."""
        return (self.generator,)

    def num_figures(self, *, has_demonstrations: bool) -> int:
        """Return the number of errors and metrics that a step returns."""
        return self.batch_size + len(FIGURES) - (0 if has_demonstrations else 1)

    def tensors(self) -> list[Tensor]:
        """Return all tensors that a step changes."""
        return [*self.learner.improve.tensors(), *self.target.parameters(), *self.target.buffers()]


@dataclass(frozen=True, slots=True)
class Awaited:
    """A pending gradient step."""

    entries: Array
    """int64 ``[N]``: entries that it learns from."""
    answer: Callable[[], Array]
    """Waits for the errors and metrics."""

    def state(self) -> State:
        """Return what is needed to settle it after a restore."""
        return {"entries": self.entries.copy(), "answer": self.answer().copy()}

    @classmethod
    def from_state(cls, state: State) -> Awaited:
        """Return the gradient step that was saved, whose answer is there."""
        answer: Array = state["answer"].copy()
        return cls(state["entries"].copy(), lambda: answer)
