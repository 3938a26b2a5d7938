"""Acting: the policy and the value of what is seen, and an action drawn from the policy.

Shapes: ``B`` rows, ``A`` actions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from newgameplus.agents.ppo.network import PpoNetwork
from newgameplus.nn.graphs import Answer, Replayed
from newgameplus.nn.noisy import set_noise
from newgameplus.nn.policy import draw_actions, has_draw_kernel
from newgameplus.types import Array


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is done in each row, and what is thought of it."""

    action: Array
    """int64 ``[B]``."""
    log_probability: Array
    """float32 ``[B]``, of the action; NaN where any weight is no longer a number."""
    value: Array
    """float32 ``[B]``, of the observation."""


class Player:
    """Plays with the weights and the noise that the network has at the moment.

    On CUDA a step is one upload, one launch and one small answer.

    Args:
        network: whose weights count.
        num_rows: B.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
        device: where the network is.
    """

    def __init__(
        self,
        network: PpoNetwork,
        num_rows: int,
        observation_shape: tuple[int, ...],
        num_actions: int,
        device: torch.device,
    ) -> None:
        self._network, self._device = network, device
        self._race = torch.ones((num_rows, num_actions), pin_memory=device.type == "cuda")
        self._race_there = self._race.to(device)
        self.seen = torch.zeros((num_rows, *observation_shape), dtype=torch.uint8, device=device)
        """The observation that was acted on last, uint8 ``[B, H, W, C]``; on CUDA always in the same place."""
        self._step = self._new_step()
        self._answer = Answer((3, num_rows), torch.float32, device)

    def without_noise(self) -> None:
        """Play with the mean weights from now on."""
        set_noise(self._network, False)
        self._step = self._new_step()

    def draw(self, observation: Array, generator: torch.Generator) -> Drawn:
        """Draw an action for each row of uint8 ``[B, H, W, C]``, by a generator of the CPU."""
        self._race.exponential_(generator=generator)
        if self._device.type == "cuda":
            self.seen.copy_(torch.from_numpy(observation), non_blocking=True)
            self._race_there.copy_(self._race, non_blocking=True)
            answer = self._step()
        else:
            self.seen = torch.from_numpy(observation)
            if has_draw_kernel(self._device):
                return self._draw_by_kernel()
            answer = draw(self._network, self.seen, self._race)
        self._answer.fetch(answer)
        action, log_probability, value = self._answer.read()
        return Drawn(action.astype(np.int64), log_probability.copy(), value.copy())

    def evaluate(self, observation: Array) -> tuple[Tensor, Tensor]:
        """Return log-probabilities ``[N, A]`` and values ``[N]``, on the CPU, of any number of observations."""
        with torch.inference_mode():
            log_probabilities, value = self._network(torch.from_numpy(observation).to(self._device))
            return log_probabilities.cpu(), value.cpu()

    @torch.no_grad()
    def _draw_by_kernel(self) -> Drawn:
        log_probabilities, value = self._network(self.seen)
        action, chosen = draw_actions(log_probabilities, self._race)
        return Drawn(action.numpy(), chosen.numpy(), value.numpy())

    def _new_step(self) -> Replayed[Tensor]:
        return Replayed(lambda: draw(self._network, self.seen, self._race_there), self._device)


@torch.no_grad()
def draw(network: PpoNetwork, observation: Tensor, race: Tensor) -> Tensor:
    """Return the drawn actions, their log-probabilities and the values, float32 ``[3, B]``.

    The action whose random time, over its probability, is the shortest wins with just this probability; that is how
    ``torch.multinomial`` draws one of several, but without asking whether the probabilities are numbers.

    Args:
        network: the policy and the value.
        observation: uint8 ``[B, H, W, C]``.
        race: a random time for each action, exponentially distributed, ``[B, A]``.
    """
    log_probabilities, value = network(observation)
    action = (log_probabilities.exp() / race).argmax(-1)
    chosen = log_probabilities.gather(1, action[:, None]).squeeze(1)
    chosen = chosen.masked_fill(~log_probabilities.isfinite().all(-1), torch.nan)
    return torch.stack([action.float(), chosen, value])
