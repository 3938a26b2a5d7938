"""Classifier of zones from pictures, trained while the experts play.

Shapes: ``B`` batch, ``Z`` zones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from newgameplus.agents import randomness
from newgameplus.agents.experts.config import ExpertsConfig
from newgameplus.agents.experts.network import ZoneNetwork
from newgameplus.agents.saved import require_likeness
from newgameplus.errors import LearningError
from newgameplus.experience.reservoir import Reservoir
from newgameplus.nn.augmentation import shift
from newgameplus.nn.device import find_device, has_fast_bfloat16, low_precision
from newgameplus.nn.saved import (
    generator_state,
    module_state,
    optimizer_state,
    restore_generator,
    restore_module,
    restore_optimizer,
)
from newgameplus.types import Array, State

_RECENT = 0.05
"""Weight of the newest pictures in the moving average of the accuracy."""


class ZoneClassifier:
    """A small network trained on a class-balanced sample of the pictures seen.

    Args:
        config: configuration.
        observation_shape: ``(H, W, C)``.
        num_zones: Z.
        seed: seed of the weights and of every random draw.

    Raises:
        UsageError: the requested device is not available.
    """

    def __init__(self, config: ExpertsConfig, observation_shape: tuple[int, ...], num_zones: int, seed: int) -> None:
        self._config = config
        self._device = find_device(config.device)
        self._is_low = has_fast_bfloat16(self._device)
        self._generator = torch.Generator().manual_seed(seed)
        self._random = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = ZoneNetwork(config, observation_shape, num_zones)
        self.network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.Adam(self.network.parameters(), config.learning_rate, fused=True)
        self._reservoir = Reservoir(num_zones, config.capacity, observation_shape)
        self._num_turns = 0
        self._metrics: dict[str, float] = {}

    def log_probabilities(self, observation: Array) -> Array:
        """Return the log-probability of each zone, float32 ``[B, Z]``, for uint8 ``[B, H, W, C]``."""
        with torch.inference_mode(), low_precision(self._device, self._is_low):
            result: Array = self.network(torch.from_numpy(observation).to(self._device)).cpu().numpy()
        return result

    def observe(self, observation: Array, zone: Array) -> None:
        """Every ``train_interval`` steps measure the accuracy on these pictures, add them to the sample, and learn.

        Args:
            observation: uint8 ``[B, H, W, C]``.
            zone: zone index of each picture, int64 ``[B]``.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        self._num_turns += 1
        if self._num_turns % self._config.train_interval == 0:
            self.learn(observation, zone)

    def learn(self, observation: Array, zone: Array) -> None:
        """Do now what ``observe`` does at intervals.

        Learning starts only when there is a picture of every zone; otherwise the zones that are no longer played would
        be forgotten.

        Raises:
            LearningError: the loss is NaN or infinite.
        """
        is_right = self.log_probabilities(observation).argmax(-1) == zone
        self._reservoir.add(observation, zone, self._random)
        accuracy = float(is_right.mean())
        before = self._metrics.get("zone_accuracy", accuracy)
        self._metrics = {**self._metrics, "zone_accuracy": before + _RECENT * (accuracy - before)}
        if self._reservoir.has_every_kind:
            self._metrics["zone_loss"] = self._gradient_step(
                *self._reservoir.draw(self._config.batch_size, self._random)
            )

    def metrics(self) -> dict[str, float]:
        """Return the accuracy on pictures before they are learned from, as a moving average, and the last loss."""
        return self._metrics

    def state(self) -> State:
        """Return the full state, including the sample of pictures."""
        return {
            "network": module_state(self.network),
            "optimizer": optimizer_state(self._optimizer),
            "generator": generator_state(self._generator),
            "random": randomness.save(self._random),
            "reservoir": self._reservoir.state(),
            "num_turns": self._num_turns,
            "zone_metrics": [dict(self._metrics)],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore ``state`` exactly.

        Raises:
            StateError: it belongs to another configuration or is damaged.
        """
        require_likeness(self.state(), state)
        restore_module(self.network, state["network"])
        restore_optimizer(self._optimizer, state["optimizer"])
        restore_generator(self._generator, state["generator"])
        self._random = randomness.load(state["random"])
        self._reservoir.restore(state["reservoir"])
        self._num_turns = state["num_turns"]
        self._metrics = dict(state["zone_metrics"][0])

    def begin_from(self, network: dict[str, Any]) -> None:
        """Start a new run with the weights in ``network``, as saved in a state.

        Raises:
            StateError: they belong to another network.
        """
        restore_module(self.network, network)

    def _gradient_step(self, picture: Array, zone: Array) -> float:
        observation = torch.from_numpy(picture).to(self._device)
        if self._config.max_offset:
            observation = shift(observation, self._config.max_offset, self._generator)
        with low_precision(self._device, self._is_low):
            log_probabilities = self.network(observation)
        loss = functional.nll_loss(log_probabilities, torch.from_numpy(zone).to(self._device))
        if not math.isfinite(float(loss.detach())):
            raise LearningError(
                "The loss of the zones' classifier is no longer a number: "
                "lower the learning rate (--set learning_rate=…) and go on from the last checkpoint."
            )
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return float(loss.detach())
