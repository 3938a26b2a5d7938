"""PPO's network: convolutional encoder, one hidden layer, a policy head and a value head.

Shapes: ``B`` batch, ``A`` actions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.agents.ppo.config import PpoConfig
from newgameplus.nn.encoders import make_encoder, num_features, orthogonal
from newgameplus.nn.noisy import NoisyLinear
from newgameplus.nn.policy import linear, policy_and_value
from newgameplus.nn.precision import has_training_mode


class PpoNetwork(nn.Module):
    """Policy and value estimate of a picture.

    Args:
        config: gives the encoder, the hidden layer and whether the heads are noisy.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
    """

    def __init__(self, config: PpoConfig, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        self.encoder = make_encoder(config.encoder, num_channels)
        self.has_training_mode = has_training_mode(self.encoder)
        self.hidden = nn.Linear(num_features(self.encoder, height, width, num_channels), config.num_hidden)
        head = NoisyLinear if config.has_noisy_layers else nn.Linear
        self.policy = head(config.num_hidden, num_actions)
        self.value = nn.Linear(config.num_hidden, 1)
        for module, gain in ((self.encoder, 2**0.5), (self.hidden, 2**0.5), (self.policy, 0.01), (self.value, 1.0)):
            orthogonal(module, gain)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities ``[B, A]`` and value estimates ``[B]``, float32, of uint8 ``[B, H, W, C]``."""
        hidden = linear(self.encoder(observation), self.hidden)
        if isinstance(self.policy, nn.Linear):
            return policy_and_value(hidden, self.policy, self.value)
        features = torch.relu(hidden)
        log_probability = torch.log_softmax(self.policy(features).float(), -1)
        return log_probability, self.value(features).float().squeeze(-1)
