"""A policy and a value estimate of pictures: convolutional encoder, one hidden layer and two heads.

Shapes: ``B`` batch, ``A`` actions, ``H`` hidden units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.nn.encoders import make_encoder, num_features, orthogonal
from newgameplus.nn.names import EncoderName
from newgameplus.nn.noisy import NoisyLinear
from newgameplus.nn.policy import linear, policy_and_value
from newgameplus.nn.precision import has_training_mode


class ActorCritic(nn.Module):
    """Policy and value estimate of a picture.

    Args:
        encoder: name of the convolutional encoder.
        num_hidden: H.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
        has_noisy_policy: whether the policy's head is a noisy layer.
    """

    def __init__(
        self,
        encoder: EncoderName,
        num_hidden: int,
        observation_shape: tuple[int, ...],
        num_actions: int,
        *,
        has_noisy_policy: bool = False,
    ) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        self.encoder = make_encoder(encoder, num_channels)
        self.has_training_mode = has_training_mode(self.encoder)
        self.hidden = nn.Linear(num_features(self.encoder, height, width, num_channels), num_hidden)
        head = NoisyLinear if has_noisy_policy else nn.Linear
        self.policy = head(num_hidden, num_actions)
        self.value = nn.Linear(num_hidden, 1)
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

    def features(self, observation: Tensor) -> Tensor:
        """Return what the heads see, float32 ``[B, H]``, of uint8 ``[B, H, W, C]``."""
        return torch.relu(linear(self.encoder(observation), self.hidden)).float()
