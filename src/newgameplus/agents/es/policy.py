"""The policy whose parameters are evolved, with parameters of its own in each row.

Shapes: ``B`` rows, ``A`` actions, ``H`` hidden units, ``D`` parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from newgameplus.agents.es.config import EsConfig
from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.nn.device import find_device, is_low_precision
from newgameplus.nn.precision import playing_copy, refresh
from newgameplus.types import Array


class RowPolicies(Protocol):
    """Policies of B rows that differ in the parameters that are evolved."""

    def parameters(self) -> Array:
        """Parameters that the network begins with, float32 ``[D]``."""

    def seat(self, row: int, parameters: Array) -> None:
        """Let a row play with these parameters, float32 ``[D]``."""

    def write(self, parameters: Array) -> None:
        """Write these parameters, float32 ``[D]``, into the network."""

    def logits(self, observation: Array) -> Tensor:
        """Return logits, float32 ``[B, A]`` on the CPU, of uint8 ``[B, H, W, C]``."""


def make_network(config: EsConfig, observation_shape: tuple[int, ...], num_actions: int, seed: int) -> ActorCritic:
    """Return a network with weights from ``seed``, on the CPU."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ActorCritic(config.encoder, config.num_hidden, observation_shape, num_actions)


def make_policies(config: EsConfig, network: ActorCritic, num_rows: int) -> RowPolicies:
    """Return the policies of all rows.

    Raises:
        UsageError: the device is not available, or has no hardware for the precision.
    """
    kind = LastLayers if config.only_last_layer else WholeNetworks
    return kind(config, network, num_rows)


class LastLayers:
    """One network for the features of all rows, and a last layer of its own for each."""

    def __init__(self, config: EsConfig, network: ActorCritic, num_rows: int) -> None:
        self._device = find_device(config.device)
        self._evolved = [network.policy.weight, network.policy.bias]
        self._features = _copy(config, network, self._device)
        num_actions, num_hidden = network.policy.weight.shape
        self._weight = torch.zeros((num_rows, num_actions, num_hidden), device=self._device)
        self._bias = torch.zeros((num_rows, num_actions), device=self._device)

    def parameters(self) -> Array:
        """The last layer's weights and biases, float32 ``[A * H + A]``."""
        return _vector(self._evolved)

    def seat(self, row: int, parameters: Array) -> None:
        """Let a row play with this last layer."""
        _write(parameters, [self._weight[row], self._bias[row]])

    def write(self, parameters: Array) -> None:
        """Write a last layer into the network."""
        _write(parameters, self._evolved)

    @torch.inference_mode()
    def logits(self, observation: Array) -> Tensor:
        """Return logits, float32 ``[B, A]``: one forward of all rows, then each row's layer."""
        features = self._features.features(torch.from_numpy(observation).to(self._device))
        return torch.baddbmm(self._bias[..., None], self._weight, features[..., None]).squeeze(-1).cpu()


class WholeNetworks:
    """A network for each row, which is computed by itself: for small networks."""

    def __init__(self, config: EsConfig, network: ActorCritic, num_rows: int) -> None:
        self._device = find_device(config.device)
        self._network = network
        self._evolved = [parameter for name, parameter in network.named_parameters() if not name.startswith("value.")]
        self._rows = [_copy(config, network, self._device) for _ in range(num_rows)]

    def parameters(self) -> Array:
        """All parameters but those of the value estimate, float32 ``[D]``."""
        return _vector(self._evolved)

    def seat(self, row: int, parameters: Array) -> None:
        """Let a row play with these parameters."""
        before = self.parameters()
        self.write(parameters)
        refresh(self._rows[row], self._network)
        self.write(before)

    def write(self, parameters: Array) -> None:
        """Write parameters into the network."""
        _write(parameters, self._evolved)

    @torch.inference_mode()
    def logits(self, observation: Array) -> Tensor:
        """Return logits up to a constant of each row, float32 ``[B, A]``."""
        pictures = torch.from_numpy(observation).to(self._device)
        return torch.cat([row(picture[None])[0] for row, picture in zip(self._rows, pictures, strict=True)]).cpu()


def _copy(config: EsConfig, network: ActorCritic, device: torch.device) -> ActorCritic:
    """Return a copy of the network on a device, in the precision for playing."""
    copied = playing_copy(network, is_low_precision(device, config.precision))
    moved: ActorCritic = copied.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


@torch.no_grad()
def _write(parameters: Array, into: Sequence[Tensor]) -> None:
    begin = 0
    for tensor in into:
        part = torch.from_numpy(parameters[begin : begin + tensor.numel()])
        tensor.copy_(part.view(tensor.shape))
        begin += tensor.numel()


def _vector(parameters: Sequence[Tensor]) -> Array:
    vector: Array = torch.cat([parameter.detach().flatten() for parameter in parameters]).cpu().float().numpy()
    return vector
