"""Return distributions of Rainbow: on fixed atoms (C51), or as quantiles at fixed (QR-DQN) or sampled fractions (IQN).

A head turns network outputs into expected returns, transitions into targets, and both into losses; the agent does not
depend on the kind. Shapes: ``B`` batch, ``A`` actions, ``N`` atoms or fractions.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.learning.projections import expectation, project
from newgameplus.nn import dueling


class Evaluated(Protocol):
    """Whatever evaluates observations as a network does."""

    def parts(self, observation: Tensor, fraction: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return values and advantages, as :meth:`RainbowNetwork.parts`."""
        ...


class Head(Protocol):
    """One kind of return distribution."""

    def expected_returns(self, network: Evaluated, observation: Tensor) -> Tensor:
        """Return the expected return of each action ``[B, A]`` of uint8 ``[B, H, W, C]``, deterministically."""
        ...

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return the return distribution of each action, ``[B, A, N]``, of uint8 ``[B, H, W, C]``."""
        ...

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of distributions ``[..., N]``, as ``[...]``."""
        ...

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return the target distribution, ``[B, N]``.

        Args:
            distribution: ``[B, K, N]``, return distributions after each of K actions.
            share: ``[B, K]``, probabilities of these actions.
            shift: ``[B, K]``, added to their returns.
            factor: ``[B]``, multiplied with their returns first.
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
        """Return the target distribution ``[B, N]`` if a single action follows.

        Args:
            network: evaluates the next observation.
            observation: uint8 ``[B, H, W, C]``, next observation.
            action: int64 ``[B]``, action in it.
            reward: ``[B]``, added to its returns.
            factor: ``[B]``, multiplied with its returns first.
            generator: generator of random fractions.
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
        config: gives the atoms.
        device: device of the atoms.
    """

    def __init__(self, config: RainbowConfig, device: torch.device) -> None:
        self._atoms = torch.linspace(-config.v_max, config.v_max, config.num_atoms).to(device)

    def expected_returns(self, network: Evaluated, observation: Tensor) -> Tensor:
        """Return the means of the distributions, ``[B, A]``."""
        return dueling.mean_returns(*network.parts(observation), self._atoms)

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return probabilities ``[B, A, N]``; ``generator`` is not used."""
        probabilities: Tensor = network(observation).exp()
        return probabilities

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of probabilities ``[..., N]``, as ``[...]``."""
        return expectation(distribution, self._atoms)

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return the mixture of the K shifted distributions, projected onto the atoms: probabilities ``[B, N]``."""
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
        """Return probabilities ``[B, N]``; ``generator`` is not used."""
        return dueling.projected_returns(*network.parts(observation), action, reward, factor, self._atoms)

    def errors(
        self,
        network: RainbowNetwork,
        observation: Tensor,
        action: Tensor,
        target: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """Return the cross-entropies ``[B]``; ``generator`` is not used."""
        return dueling.cross_entropies(*network.parts(observation), action, target)


class Quantiles:
    """Quantiles at evenly spaced fractions, or implicit quantiles at fractions sampled for each row.

    Dabney, Rowland, Bellemare and Munos, "Distributional Reinforcement Learning with Quantile Regression" (2018);
    Dabney, Ostrovski, Silver and Munos, "Implicit Quantile Networks" (2018).

    Args:
        config: gives the number of fractions, and whether they are sampled.
        device: device of the fractions.
    """

    def __init__(self, config: RainbowConfig, device: torch.device) -> None:
        self._even = ((torch.arange(config.num_fractions) + 0.5) / config.num_fractions).to(device)
        self._is_implicit = config.distribution == "implicit-quantiles"

    def expected_returns(self, network: Evaluated, observation: Tensor) -> Tensor:
        """Return the mean of the quantiles at evenly spaced fractions, ``[B, A]``."""
        return dueling.mean_quantiles(*network.parts(observation, self._even.expand(len(observation), -1)))

    def distribution(self, network: RainbowNetwork, observation: Tensor, generator: torch.Generator) -> Tensor:
        """Return quantiles of each action, ``[B, A, N]``."""
        found: Tensor = network(observation, self._fractions(len(observation), generator))
        return found

    def mean(self, distribution: Tensor) -> Tensor:
        """Return the mean of quantiles ``[..., N]``, as ``[...]``."""
        return distribution.mean(-1)

    def target(self, distribution: Tensor, share: Tensor, shift: Tensor, factor: Tensor) -> Tensor:
        """Return the mean over K of the shifted quantiles, ``[B, N]``."""
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
        """Return the shifted quantiles ``[B, N]``."""
        parts = network.parts(observation, self._fractions(len(observation), generator))
        return dueling.moved_quantiles(*parts, action, reward, factor)

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
        return dueling.quantile_errors(*network.parts(observation, fraction), action, fraction, target)

    def _fractions(self, num_rows: int, generator: torch.Generator) -> Tensor:
        """Fractions of the quantiles of each row, ``[B, N]``."""
        if not self._is_implicit:
            return self._even.repeat(num_rows, 1)
        drawn = torch.rand((num_rows, len(self._even)), generator=generator, device=generator.device)
        return drawn.to(self._even.device)


def make_head(config: RainbowConfig, device: torch.device) -> Head:
    """Return the head that ``config.distribution`` names."""
    return Categorical(config, device) if config.distribution == "categorical" else Quantiles(config, device)
