"""DQN's network: convolutional encoder, one hidden layer, and a value estimate of each action.

Shapes: ``B`` batch, ``A`` actions, ``H`` hidden units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.agents.dqn.config import DqnConfig
from newgameplus.nn.encoders import make_encoder, num_features
from newgameplus.nn.policy import linear
from newgameplus.nn.precision import has_training_mode


class DqnNetwork(nn.Module):
    """Value estimates; weights begin as Glorot's and Bengio's (2010), biases at 0, as in Keras.

    Args:
        config: gives the encoder and the hidden layer.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
    """

    def __init__(self, config: DqnConfig, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        self.encoder = make_encoder(config.encoder, num_channels)
        self.has_training_mode = has_training_mode(self.encoder)
        self.hidden = nn.Linear(num_features(self.encoder, height, width, num_channels), config.num_hidden)
        self.value = nn.Linear(config.num_hidden, num_actions)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, observation: Tensor) -> Tensor:
        """Return value estimates float32 ``[B, A]`` of uint8 ``[B, H, W, C]``."""
        values: Tensor = self.value(torch.relu(linear(self.encoder(observation), self.hidden))).float()
        return values
