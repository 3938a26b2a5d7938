"""How Rainbow describes returns: on fixed atoms, or by quantiles, at fixed fractions or at those that are drawn.

A head turns what the network says into expected returns, what came of a transition into a target, and both into errors;
the agent knows nothing else of it. Shapes: ``B`` batch, ``A`` actions, ``N`` atoms or fractions.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.learning.projections import expectation, project
from newgameplus.nn import losses


class Head(Protocol):
    """One description of returns."""

    def expected_returns(self, network: RainbowNetwork, observation: Tensor) -> Tensor:
        """Return the expected return of each action ``[B, A]`` of uint8 ``[B, H, W, C]``, without any chance."""
        ...

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return how the returns of each action are distributed, ``[B, A, N]``, of uint8 ``[B, H, W, C]``."""
        ...

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of distributions ``[..., N]``, as ``[...]``."""
        ...

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return what is to be learned, ``[B, N]``.

        Args:
            distribution: ``[B, K, N]`` of the returns after each of K actions.
            share: ``[B, K]``, the probabilities of these actions.
            shift: ``[B, K]``, what is added to their returns.
            factor: ``[B]``, what these are multiplied by before.
        """
        ...

    def target_of(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        reward: Tensor,
        factor: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return what is to be learned ``[B, N]`` where one action follows.

        Args:
            network: judges it.
            observation: uint8 ``[B, H, W, C]`` for which it is taken.
            action: int64 ``[B]``.
            reward: ``[B]``, what is added to its returns.
            factor: ``[B]``, what these are multiplied by before.
            generator: of what is drawn.
        """
        ...

    def errors(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        target: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the loss of each transition ``[B]``, of uint8 ``[B, H, W, C]``, int64 ``[B]`` and ``[B, N]``."""
        ...


class Categorical:
    """Probabilities of evenly spaced atoms (Bellemare, Dabney and Munos, "A Distributional Perspective on RL", 2017).

    Args:
        config: the atoms count.
        device: where they are kept.
    """

    def __init__(self, config: RainbowConfig, device: torch.device) -> None:
        self._atoms = torch.linspace(-config.highest_return, config.highest_return, config.num_atoms).to(device)

    def expected_returns(self, network: RainbowNetwork, observation: Tensor) -> Tensor:
        """Return the means of the distributions, ``[B, A]``."""
        return losses.mean_returns(*network.parts(observation), self._atoms)

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return probabilities ``[B, A, N]``; nothing is drawn from ``generator``."""
        probabilities: Tensor = network(observation).exp()
        return probabilities

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of probabilities ``[..., N]``, as ``[...]``."""
        return expectation(distribution, self._atoms)

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return the mixture of the K moved distributions on the atoms, probabilities ``[B, N]``."""
        num_rows, num_actions, num_atoms = distribution.shape
        moved = project(
            distribution.reshape(-1, num_atoms), shift.reshape(-1), factor.repeat_interleave(num_actions), self._atoms
        )
        return (share.unsqueeze(-1) * moved.view(num_rows, num_actions, num_atoms)).sum(1)

    def target_of(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        reward: Tensor,
        factor: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return probabilities ``[B, N]``; nothing is drawn from ``generator``."""
        return losses.projected_returns(*network.parts(observation), action, reward, factor, self._atoms)

    def errors(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        target: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the cross-entropies ``[B]``; nothing is drawn from ``generator``."""
        return losses.cross_entropies(*network.parts(observation), action, target)


class Quantiles:
    """Quantiles at evenly spaced fractions, or implicit ones at fractions that are drawn for each row.

    Dabney, Rowland, Bellemare and Munos, "Distributional Reinforcement Learning with Quantile Regression" (2018);
    Dabney, Ostrovski, Silver and Munos, "Implicit Quantile Networks" (2018).

    Args:
        config: the number of fractions, and whether they are drawn, count.
        device: where they are kept.
    """

    def __init__(self, config: RainbowConfig, device: torch.device) -> None:
        self._even = ((torch.arange(config.num_fractions) + 0.5) / config.num_fractions).to(device)
        self._is_implicit = config.distribution == "implicit-quantiles"

    def expected_returns(self, network: RainbowNetwork, observation: Tensor) -> Tensor:
        """Return the mean of the quantiles at evenly spaced fractions, ``[B, A]``."""
        return losses.mean_quantiles(*network.parts(observation, self._even.expand(len(observation), -1)))

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return quantiles of each action, ``[B, A, N]``."""
        found: Tensor = network(observation, self._fractions(len(observation), generator))
        return found

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of quantiles ``[..., N]``, as ``[...]``."""
        return distribution.mean(-1)

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return the mean over K of the moved quantiles, ``[B, N]``."""
        moved = shift.unsqueeze(-1) + factor[:, None, None] * distribution
        return (share.unsqueeze(-1) * moved).sum(1)

    def target_of(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        reward: Tensor,
        factor: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the moved quantiles ``[B, N]``."""
        parts = network.parts(observation, self._fractions(len(observation), generator))
        return losses.moved_quantiles(*parts, action, reward, factor)

    def errors(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        target: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the quantile Huber losses ``[B]``."""
        fraction = self._fractions(len(observation), generator)
        return losses.quantile_errors(*network.parts(observation, fraction), action, fraction, target)

    def _fractions(self, num_rows: int, generator: torch.Generator) -> Tensor:
        """Where the quantiles of each row are to be, ``[B, N]``."""
        if not self._is_implicit:
            return self._even.repeat(num_rows, 1)
        drawn = torch.rand((num_rows, len(self._even)), generator=generator, device=generator.device)
        return drawn.to(self._even.device)


def make_head(config: RainbowConfig, device: torch.device) -> Head:
    """Return the head that ``config.distribution`` names."""
    return Categorical(config, device) if config.distribution == "categorical" else Quantiles(config, device)
