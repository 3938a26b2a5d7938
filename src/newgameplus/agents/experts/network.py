"""Network of the classifier: convolutions, one hidden layer, a probability for each zone.

Shapes: ``B`` batch, ``Z`` zones.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from newgameplus.agents.experts.config import ExpertsConfig
from newgameplus.nn.encoders import make_encoder, num_features, orthogonal


class ZoneNetwork(nn.Module):
    """Predicts the zone of a picture.

    Args:
        config: gives the encoder and the hidden layer.
        observation_shape: ``(H, W, C)``.
        num_zones: Z.
    """

    def __init__(self, config: ExpertsConfig, observation_shape: tuple[int, ...], num_zones: int) -> None:
        super().__init__()
        height, width, num_channels = observation_shape
        self.encoder = make_encoder(config.encoder, num_channels)
        self.hidden = nn.Linear(num_features(self.encoder, height, width, num_channels), config.num_hidden)
        self.zone = nn.Linear(config.num_hidden, num_zones)
        for module, gain in ((self.encoder, 2**0.5), (self.hidden, 2**0.5), (self.zone, 0.01)):
            orthogonal(module, gain)

    def forward(self, observation: Tensor) -> Tensor:
        """Return log-probabilities ``[B, Z]``, float32, of uint8 ``[B, H, W, C]``."""
        features = torch.relu(self.hidden(self.encoder(observation)))
        return torch.log_softmax(self.zone(features).float(), -1)
