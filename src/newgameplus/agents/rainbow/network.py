"""Rainbow's network: convolutional encoder, a noisy layer, and dueling noisy heads of return distributions.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms or fractions, ``F`` features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.learning.dueling import action_quantiles, atom_log_probabilities
from newgameplus.nn.encoders import make_encoder, num_features
from newgameplus.nn.fractions import multiply_by_fractions
from newgameplus.nn.noisy import NoisyLinear, draw_into, noise_of, noisy_heads
from newgameplus.nn.precision import has_training_mode
from newgameplus.nn.weights import NoisyWeights


class RainbowNetwork(nn.Module):
    """Return distribution of each action.

    Args:
        config: gives the encoder, the hidden layer, the kind of distribution, and noise.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
    """

    def __init__(self, config: RainbowConfig, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        is_implicit, self._has_atoms = (config.distribution == name for name in ("implicit-quantiles", "categorical"))
        num_outputs = config.num_atoms if self._has_atoms else 1 if is_implicit else config.num_fractions
        self._num_actions = num_actions
        self.encoder = make_encoder(config.encoder, num_channels)
        self.has_training_mode = has_training_mode(self.encoder)
        features = num_features(self.encoder, height, width, num_channels)
        self.embedding = FractionEmbedding(config.num_cosines, features) if is_implicit else None
        self.hidden = NoisyLinear(features, config.num_hidden, config.noisy_sigma)
        self.value = NoisyLinear(config.num_hidden, num_outputs, config.noisy_sigma)
        self.advantage = NoisyLinear(config.num_hidden, num_actions * num_outputs, config.noisy_sigma)
        self._noise: list[Tensor] | None = None
        self._weights: list[NoisyWeights] | None = None

    def forward(self, observation: Tensor, fraction: Tensor | None = None) -> Tensor:
        """Return log-probabilities of atoms, or quantiles, float32 ``[B, A, N]``, of uint8 ``[B, H, W, C]``.

        Args:
            observation: stacked frames.
            fraction: float32 ``[B, N]`` from 0 to 1, for implicit quantiles.
        """
        join = atom_log_probabilities if self._has_atoms else action_quantiles
        return join(*self.parts(observation, fraction))

    def parts(self, observation: Tensor, fraction: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return values and advantages, as :mod:`newgameplus.learning.dueling` takes them.

        Those of atoms are ``[B, N]`` and ``[B, A * N]``, those of quantiles ``[B, N, 1]`` and ``[B, N, A]``. The
        arguments are those of ``forward``.
        """
        return self._parts_of(self.encoder(observation), fraction, self.noisy_weights())

    def parts_of_rows(
        self, observation: Tensor, fraction: Tensor | None, others: Mapping[int, RainbowNetwork]
    ) -> tuple[Tensor, Tensor]:
        """Return :meth:`parts`, each row with the noise of a network of its own and zeros where there is none.

        Args:
            observation: stacked frames.
            fraction: as for ``parts``.
            others: network of each row that is evaluated, with the weights of this one.
        """
        features = self.encoder(observation)
        found: list[tuple[Tensor, Tensor] | None] = [None] * len(observation)
        for row, other in others.items():
            noisy = zip(self.noisy_weights(), other.noisy_weights(), strict=True)
            weights = [own._replace(noise_in=given.noise_in, noise_out=given.noise_out) for own, given in noisy]
            of_row = None if fraction is None else fraction[row : row + 1]
            found[row] = self._parts_of(features[row : row + 1], of_row, weights)
        nothing = [torch.zeros_like(part) for part in next(parts for parts in found if parts is not None)]
        value, advantage = zip(*(nothing if parts is None else parts for parts in found), strict=True)
        return torch.cat(value), torch.cat(advantage)

    def noisy_weights(self) -> list[NoisyWeights]:
        """Weights and noise of the hidden layer and of both heads."""
        if self._weights is None:
            # Kept, since looking them up takes as long as a small kernel.
            self._weights = [layer.weights() for layer in (self.hidden, self.value, self.advantage)]
        return self._weights

    def _parts_of(
        self, features: Tensor, fraction: Tensor | None, weights: list[NoisyWeights]
    ) -> tuple[Tensor, Tensor]:
        num_rows = len(features)
        if self.embedding is not None:
            assert fraction is not None
            features = multiply_by_fractions(features, fraction, self.embedding.layer)
        hidden, *heads = weights
        value, advantage = noisy_heads(features, hidden, tuple(heads))
        if self._has_atoms:
            return value, advantage
        return value.view(num_rows, -1, 1), advantage.view(num_rows, -1, self._num_actions)

    def features(self, observation: Tensor) -> Tensor:
        """Return the hidden layer, computed with the mean weights, ``[B, H]``, of uint8 ``[B, H, W, C]``.

        Implicit quantiles are looked at in their median.
        """
        features: Tensor = self.encoder(observation)
        if self.embedding is not None:
            median = torch.full((len(observation), 1), 0.5, device=observation.device)
            features = multiply_by_fractions(features, median, self.embedding.layer)
        return torch.relu(functional.linear(features, self.hidden.weight, self.hidden.bias))

    def draw_noise(self, generator: torch.Generator) -> None:
        """Resample the noise of every noisy layer from ``generator``."""
        if self._noise is None:
            self._noise = noise_of((self.hidden, self.value, self.advantage))
        draw_into(self._noise, generator)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # Torch replaces the buffers that it moves or converts by new ones.
        self._noise = self._weights = None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self


class FractionEmbedding(nn.Module):
    """Weights of the embedding of fractions (newgameplus.nn.fractions.multiply_by_fractions).

    Args:
        num_cosines: C.
        num_features: F.
    """

    def __init__(self, num_cosines: int, num_features: int) -> None:
        super().__init__()
        self.layer = nn.Linear(num_cosines, num_features)
