"""Value network layer by layer: an encoder, optionally fractions, a noisy hidden layer and noisy heads."""

from __future__ import annotations

from torch import Tensor

from newgameplus.nn.cpu import table
from newgameplus.nn.fractions import multiply_by_fractions
from newgameplus.nn.noisy import noisy_linear
from newgameplus.nn.weights import ValueLayers


@table.value_outputs
def value_outputs(layers: ValueLayers, observation: Tensor, fraction: Tensor | None) -> list[Tensor]:
    """Return the outputs of each head: ``[B, …]``, or ``[B, N, …]`` flattened to ``[B * N, …]`` with fractions.

    Args:
        layers: always the same object for the same layers.
        observation: uint8 ``[B, H, W, C]``.
        fraction: float32 ``[B, N]`` if there is an embedding, else None.
    """
    features: Tensor = layers.encoder(observation)
    if layers.embedding is not None:
        assert fraction is not None
        features = multiply_by_fractions(features, fraction, layers.embedding).flatten(0, 1)
    hidden = noisy_linear(features, layers.hidden, True)
    return [noisy_linear(hidden, head) for head in layers.heads]
