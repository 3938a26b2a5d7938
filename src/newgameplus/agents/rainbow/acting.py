"""Acting: the action with the highest expected return, with newly sampled noise in the network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from newgameplus.agents.rainbow.heads import Head
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.nn.cuda_graphs import Answer, Replayed
from newgameplus.types import Array


class Actor:
    """Chooses actions of B rows; on CUDA by one upload, one graph launch and one small download.

    Args:
        network: the network, with its current weights.
        head: interprets its return distributions.
        shape: ``(B, H, W, C)``.
        device: device of the network.
        generator: generator on the device, which samples new noise for each choice.
    """

    def __init__(
        self,
        network: RainbowNetwork,
        head: Head,
        shape: tuple[int, ...],
        device: torch.device,
        generator: torch.Generator,
    ) -> None:
        self._network, self._head, self._generator, self._device = network, head, generator, device
        self._seen = torch.zeros(shape, dtype=torch.uint8, device=device)
        self._step = Replayed(lambda: self._choose(self._seen), device, network.buffers(), [generator])
        self._answer = Answer(shape[:1], torch.int64, device)

    def best_actions(self, observation: Array) -> Array:
        """Return int64 ``[B]`` for uint8 ``[B, H, W, C]``."""
        if self._device.type == "cpu":
            chosen: Array = self._choose(torch.from_numpy(observation)).numpy()
            return chosen
        self._seen.copy_(torch.from_numpy(observation), non_blocking=True)
        self._answer.fetch(self._step())
        return self._answer.read().copy()

    @torch.no_grad()
    def _choose(self, observation: Tensor) -> Tensor:
        self._network.draw_noise(self._generator)
        return self._head.expected_returns(self._network, observation).argmax(-1)


class _RowByRow:
    """Networks of one row each, with the same weights and noise of their own, as one."""

    def __init__(self, networks: Mapping[int, RainbowNetwork]) -> None:
        self._networks = networks

    def parts(self, observation: Tensor, fraction: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return values and advantages; the encoder computes all rows in one forward."""
        return next(iter(self._networks.values())).parts_of_rows(observation, fraction, self._networks)


@torch.no_grad()
def best_actions_together(
    networks: Mapping[int, tuple[RainbowNetwork, torch.Generator]], head: Head, observation: Tensor
) -> Array:
    """Return the best actions by networks of one row each, with new noise, int64 ``[B]``; 0 in rows without one.

    Args:
        networks: network of each row that is played, with its generator of noise; at least one.
        head: interprets their return distributions.
        observation: uint8 ``[B, H, W, C]``, on their device.
    """
    for network, generator in networks.values():
        network.draw_noise(generator)
    rows = _RowByRow({row: network for row, (network, _) in networks.items()})
    action: Array = head.expected_returns(rows, observation).argmax(-1).cpu().numpy()
    return action
