"""Acting: policy and value estimate of an observation, and an action sampled from the policy.

Shapes: ``B`` rows, ``A`` actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from newgameplus.nn.actor_critic import ActorCritic
from newgameplus.nn.cuda_graphs import Answer, Replayed
from newgameplus.nn.noisy import set_noise
from newgameplus.nn.policy import draw_actions
from newgameplus.types import Array


@dataclass(frozen=True, slots=True)
class Drawn:
    """Sampled actions with their log-probabilities and value estimates."""

    action: Array
    """int64 ``[B]``."""
    log_probability: Array
    """float32 ``[B]``, log-probability of the action; NaN if any weight is NaN or infinite."""
    value: Array
    """float32 ``[B]``, value estimate of the observation."""


class Actor:
    """Samples actions with the current weights and noise of the network.

    On CUDA a step is one upload, one graph launch and one small download.

    Args:
        network: the network.
        num_rows: B.
        observation_shape: ``(H, W, C)``.
        num_actions: A.
        device: device of the network.
    """

    def __init__(
        self,
        network: ActorCritic,
        num_rows: int,
        observation_shape: tuple[int, ...],
        num_actions: int,
        device: torch.device,
    ) -> None:
        self._network, self._device = network, device
        self._race = torch.ones((num_rows, num_actions), pin_memory=device.type == "cuda")
        self._race_there = self._race.to(device)
        self.seen = torch.zeros((num_rows, *observation_shape), dtype=torch.uint8, device=device)
        """Last observation acted on, uint8 ``[B, H, W, C]``; on CUDA always at the same address."""
        self._step = self._new_step()
        self._answer = Answer((3, num_rows), torch.float32, device)

    def without_noise(self) -> None:
        """Play with the mean weights, without noise, from now on."""
        set_noise(self._network, False)
        self._step = self._new_step()

    def draw(self, observation: Array, generator: torch.Generator) -> Drawn:
        """Sample an action for each row of uint8 ``[B, H, W, C]``, with a CPU generator."""
        self.draw_race(generator)
        if self._device.type != "cuda":
            self.seen = torch.from_numpy(observation)
            action, chosen, value = draw(self._network, self.seen, self._race)
            return Drawn(action.numpy(), chosen.numpy(), value.numpy())
        self.seen.copy_(torch.from_numpy(observation), non_blocking=True)
        self._race_there.copy_(self._race, non_blocking=True)
        self._answer.fetch(self._step())
        numbers, log_probability, values = self._answer.read()
        return Drawn(numbers.astype(np.int64), log_probability.copy(), values.copy())

    def draw_race(self, generator: torch.Generator) -> Tensor:
        """Draw the random times of one call of :meth:`draw`, float32 ``[B, A]``, on the CPU."""
        return self._race.exponential_(generator=generator)

    def skip(self, num_steps: int, generator: torch.Generator) -> None:
        """Draw the random numbers of that many calls of :meth:`draw`."""
        for _ in range(num_steps):
            self.draw_race(generator)

    def evaluate(self, observation: Array) -> tuple[Tensor, Tensor]:
        """Return log-probabilities ``[N, A]`` and value estimates ``[N]`` on the CPU, of any number of observations."""
        with torch.inference_mode():
            log_probabilities, value = self._network(torch.from_numpy(observation).to(self._device))
            return log_probabilities.cpu(), value.cpu()

    def _new_step(self) -> Replayed[Tensor]:
        return Replayed(self._answered, self._device)

    def _answered(self) -> Tensor:
        """Actions, log-probabilities and value estimates as one tensor, float32 ``[3, B]``, for a single download."""
        action, chosen, value = draw(self._network, self.seen, self._race_there)
        return torch.stack([action.float(), chosen, value])


@torch.inference_mode()
def draw_together(actors: Mapping[int, tuple[Actor, torch.Generator]], observation: Array) -> tuple[Array, Array]:
    """Return actions sampled by actors of one row each, with the same weights, in one forward.

    Args:
        actors: actor of each row that is played, with its generator; at least one.
        observation: uint8 ``[B, H, W, C]``.

    Returns:
        int64 ``[B]``, 0 in rows that are not played, and their log-probabilities, float32 ``[B]``.
    """
    first, _ = next(iter(actors.values()))
    log_probabilities, _ = first.evaluate(observation)
    race = torch.ones_like(log_probabilities)
    for row, (actor, generator) in actors.items():
        race[row] = actor.draw_race(generator)[0]
    action, chosen = draw_actions(log_probabilities, race)
    is_played = torch.zeros(len(observation), dtype=torch.int64)
    is_played[list(actors)] = 1
    return (action * is_played).numpy(), chosen.numpy()


@torch.no_grad()
def draw(network: ActorCritic, observation: Tensor, race: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return sampled actions, int64 ``[B]``, their log-probabilities and the value estimates, float32 ``[B]``.

    Args:
        network: policy and value estimate.
        observation: uint8 ``[B, H, W, C]``.
        race: exponential random times of each action (newgameplus.nn.policy.draw_actions), ``[B, A]``.
    """
    log_probabilities, value = network(observation)
    return *draw_actions(log_probabilities, race), value
