"""Rainbow's network: convolutions, a noisy layer, and a dueling pair of noisy heads that give distributions of returns.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms or fractions, ``F`` features.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.nn.encoders import make_encoder, num_features
from newgameplus.nn.fractions import has_fraction_kernel, multiply_by_fractions
from newgameplus.nn.noisy import NoisyLinear, draw_into, noise_of
from newgameplus.nn.precision import has_training_mode
from newgameplus.nn.value_network import ValueKernels, ValueLayers


class RainbowNetwork(nn.Module):
    """The distribution of returns of each action.

    Args:
        config: the encoder, the hidden layers, what describes returns, and noise.
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
        self.hidden = NoisyLinear(features, config.num_hidden, config.noise)
        self.value = NoisyLinear(config.num_hidden, num_outputs, config.noise)
        self.advantage = NoisyLinear(config.num_hidden, num_actions * num_outputs, config.noise)
        self._kernels = ValueKernels()
        self._noise: list[Tensor] | None = None

    def forward(self, observation: Tensor, fraction: Tensor | None = None) -> Tensor:
        """Return log-probabilities of atoms, or quantiles, float32 ``[B, A, N]``, of uint8 ``[B, H, W, C]``.

        The logits, or the quantile, of an action are ``value + advantage - mean advantage`` (Wang et al., "Dueling
        Network Architectures", 2016, eq. 9).

        Args:
            observation: the stacked frames.
            fraction: float32 ``[B, N]`` from 0 to 1, where implicit quantiles are wanted.
        """
        return self.joined(self.parts(observation, fraction))

    def parts(self, observation: Tensor, fraction: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return values and advantages.

        Those of atoms are ``[B, N]`` and ``[B, A * N]``, those of quantiles ``[B, N, 1]`` and ``[B, N, A]``. The
        arguments are those of ``forward``, which joins them.
        """
        found = self._kernels(self._layers(), observation, None if self.embedding is None else fraction)
        if found is not None:
            return self._shaped(found, len(observation))
        features = self.encoder(observation)
        if self.embedding is not None:
            assert fraction is not None
            features = self.embedding.multiply(features, fraction)
        hidden = self.hidden.rectified(features)
        return self._shaped((self.value(hidden), self.advantage(hidden)), len(observation))

    def joined(self, parts: tuple[Tensor, Tensor]) -> Tensor:
        """Return what ``forward`` does, float32 ``[B, A, N]``, of what ``parts`` does."""
        value, advantage = parts
        if self._has_atoms:
            value, advantage = value.unsqueeze(1), advantage.view(len(advantage), self._num_actions, -1)
            return torch.log_softmax((value + advantage - advantage.mean(1, keepdim=True)).float(), -1)
        return (value + advantage - advantage.mean(2, keepdim=True)).float().transpose(1, 2)

    def _layers(self) -> ValueLayers:
        embedding = None if self.embedding is None else self.embedding.layer
        return ValueLayers(self.encoder, embedding, self.hidden, (self.value, self.advantage))

    def _shaped(self, outputs: Sequence[Tensor], num_rows: int) -> tuple[Tensor, Tensor]:
        value, advantage = outputs
        if self._has_atoms:
            return value, advantage
        return value.view(num_rows, -1, 1), advantage.view(num_rows, -1, self._num_actions)

    def draw_noise(self, generator: torch.Generator) -> None:
        """Draw new noise in every noisy layer from ``generator``."""
        if self._noise is None:
            self._noise = noise_of((self.hidden, self.value, self.advantage))
        draw_into(self._noise, generator)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # Torch puts new buffers in the place of those that it moves or converts.
        self._kernels, self._noise = ValueKernels(), None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self


class FractionEmbedding(nn.Module):
    """Features of fractions, by which those of a picture are multiplied.

    ``relu(sum_i cos(pi i tau) w_i + b)`` for i from 0 (Dabney et al., "Implicit Quantile Networks", 2018, eq. 4).

    Args:
        num_cosines: how many.
        num_features: F.
    """

    def __init__(self, num_cosines: int, num_features: int) -> None:
        super().__init__()
        self._num_cosines = num_cosines
        self.layer = nn.Linear(num_cosines, num_features)

    def forward(self, fraction: Tensor) -> Tensor:
        """``[B, N]`` to ``[B, N, F]``."""
        angles = fraction.unsqueeze(-1) * (math.pi * torch.arange(self._num_cosines, device=fraction.device))
        return torch.relu(self.layer(angles.cos().to(self.layer.weight.dtype)))

    def multiply(self, features: Tensor, fraction: Tensor) -> Tensor:
        """Return features ``[B, F]`` times those of fractions ``[B, N]``, ``[B, N, F]``."""
        if has_fraction_kernel(features, self.layer):
            return multiply_by_fractions(features, fraction, self.layer)
        embedded: Tensor = self(fraction)
        return features.unsqueeze(1) * embedded
