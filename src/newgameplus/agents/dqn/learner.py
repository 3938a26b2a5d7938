"""Learning: the targets of a batch of transitions, and the gradient step.

Shapes: ``N`` transitions, ``A`` actions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from newgameplus.agents.batch_updates import Given
from newgameplus.agents.dqn.config import DqnConfig
from newgameplus.agents.dqn.network import DqnNetwork
from newgameplus.learning.losses import squared_log_error
from newgameplus.nn.learner import Learner
from newgameplus.nn.precision import training_mode

FIGURES = ("loss", "gradient_norm", "mean_value", "max_value", "expected_return")
"""Metrics of a gradient step, in this order."""
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "huber": functional.smooth_l1_loss,
    "mse": functional.mse_loss,
    "msle": lambda value, target: squared_log_error(value, target).mean(),
}
"""Loss of value estimates and targets ``[N]``, a scalar."""


@dataclass(frozen=True, slots=True)
class DqnLearner:
    """Online network, target network and optimizer."""

    config: DqnConfig
    learner: Learner[DqnNetwork]
    """Online network and its optimizer."""
    target: DqnNetwork | None
    """Target network; None if the online network gives its own targets."""

    def step(self, given: Given) -> Tensor:
        """Take one gradient step; return ``FIGURES``, float32 ``[5]``.

        If the gradient is NaN or infinite, no weight changes.
        """
        player = self.learner.computing
        target = self.targets(given)
        with training_mode(player, player.has_training_mode):
            values = player(given.observation)
        chosen = values.gather(1, given.action[:, None]).squeeze(1)
        loss = LOSSES[self.config.loss](chosen, target)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = self.learner.improve()
        figures = [loss.detach(), norm, chosen.detach().mean(), values.detach().max(), target.mean()]
        return torch.stack(figures)

    @torch.no_grad()
    def targets(self, given: Given) -> Tensor:
        """Return ``r + gamma^n max_a Q(s', a)``, float32 ``[N]`` (Mnih et al. 2015, algorithm 1)."""
        evaluates = self.learner.computing if self.target is None else self.target
        target: Tensor = given.reward + given.factor * evaluates(given.next_observation).max(1).values
        return target

    @property
    def device(self) -> torch.device:
        """Device of the networks."""
        return self.learner.device

    @property
    def batch_size(self) -> int:
        """N."""
        return self.config.batch_size

    @property
    def generators(self) -> tuple[torch.Generator, ...]:
        """None: a gradient step draws nothing."""
        return ()

    def num_figures(self, *, has_demonstrations: bool) -> int:
        """Return the number of metrics that a step returns, with demonstrations and without."""
        del has_demonstrations
        return len(FIGURES)

    def tensors(self) -> list[Tensor]:
        """Return all tensors that a step changes."""
        return self.learner.improve.tensors()
