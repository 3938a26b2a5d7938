"""Classifier of zones from pictures, trained while the experts play.

Shapes: ``B`` batch, ``Z`` zones.
"""

from __future__ import annotations

import math
from functools import partial
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
from newgameplus.nn.learner import Learner
from newgameplus.nn.saved import generator_state, restore_generator
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
        self._learner = Learner(
            partial(ZoneNetwork, config, observation_shape, num_zones),
            seed=seed,
            device=config.device,
            learning_rate=config.learning_rate,
        )
        self.network, self._device = self._learner.network, self._learner.device
        self._generator = torch.Generator().manual_seed(seed)
        self._random = np.random.default_rng(seed)
        self._reservoir = Reservoir(num_zones, config.capacity, observation_shape)
        self._num_turns = 0
        self._metrics: dict[str, float] = {}

    def log_probabilities(self, observation: Array) -> Array:
        """Return the log-probability of each zone, float32 ``[B, Z]``, for uint8 ``[B, H, W, C]``."""
        with torch.inference_mode():
            result: Array = self._learner.computing(torch.from_numpy(observation).to(self._device)).cpu().numpy()
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
            **self._learner.state(),
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
        self._learner.restore(state)
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
        self._learner.begin_from(network)

    def _gradient_step(self, picture: Array, zone: Array) -> float:
        observation = torch.from_numpy(picture).to(self._device)
        if self._config.max_offset:
            observation = shift(observation, self._config.max_offset, self._generator)
        log_probabilities = self._learner.computing(observation)
        loss = functional.nll_loss(log_probabilities, torch.from_numpy(zone).to(self._device))
        if not math.isfinite(float(loss.detach())):
            raise LearningError(
                "The loss of the zones' classifier is NaN or infinite: "
                "lower the learning rate (--set learning_rate=…) and continue from the last checkpoint."
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self._learner.improve()
        return float(loss.detach())
