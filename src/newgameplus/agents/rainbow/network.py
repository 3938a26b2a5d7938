"""Rainbow's network: convolutions, a noisy layer, and a dueling pair of noisy heads that give distributions of returns.

Shapes: ``B`` batch, ``A`` actions, ``N`` atoms.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.agents.rainbow.config import RainbowConfig
from newgameplus.nn.encoders import make_encoder, num_features, pixels
from newgameplus.nn.noisy import NoisyLinear


class RainbowNetwork(nn.Module):
    """The distribution of returns of each action.

    Args:
        config: the encoder, the hidden layers, atoms and noise.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
    """

    def __init__(self, config: RainbowConfig, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        self._shape = (num_actions, config.num_atoms)
        self.encoder = make_encoder(config.encoder, num_channels)
        features = num_features(self.encoder, height, width, num_channels)
        self.hidden = NoisyLinear(features, config.num_hidden, config.noise)
        self.value = NoisyLinear(config.num_hidden, config.num_atoms, config.noise)
        self.advantage = NoisyLinear(config.num_hidden, num_actions * config.num_atoms, config.noise)

    def forward(self, observation: Tensor) -> Tensor:
        """Return log-probabilities float32 ``[B, A, N]`` of uint8 ``[B, H, W, C]``.

        The logits of an action are ``value + advantage - mean advantage`` (Wang et al., "Dueling Network
        Architectures", 2016, eq. 9).
        """
        features = torch.relu(self.hidden(self.encoder(pixels(observation, self.hidden.weight.dtype))))
        advantage = self.advantage(features).unflatten(-1, self._shape)
        logits = self.value(features).unsqueeze(-2) + advantage - advantage.mean(-2, keepdim=True)
        return torch.log_softmax(logits.float(), -1)
