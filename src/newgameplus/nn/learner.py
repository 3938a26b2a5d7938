"""A network with what learning needs: its weights, the copy that computes, and the optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from newgameplus.nn.device import find_device, is_low_precision
from newgameplus.nn.names import DeviceName, PrecisionName
from newgameplus.nn.optimizer import Improver, adam
from newgameplus.nn.precision import computing_copy, playing_copy, refresh
from newgameplus.nn.saved import module_state, optimizer_state, restore_module, restore_optimizer
from newgameplus.types import State

Network = TypeVar("Network", bound=nn.Module)


class Learner(Generic[Network]):
    """A network, its computing copy and Adam.

    Args:
        build: creates the network, with weights from torch's global generator.
        seed: seed of the weights.
        device: device of the network.
        precision: precision of the computation; the weights themselves are float32.
        learning_rate: learning rate of Adam.
        adam_epsilon: Adam's epsilon.
        max_gradient_norm: norm at which the gradient is clipped.

    Raises:
        UsageError: the device is not available, or has no hardware for the precision.
    """

    def __init__(
        self,
        build: Callable[[], Network],
        *,
        seed: int,
        device: DeviceName,
        precision: PrecisionName = "auto",
        learning_rate: float,
        adam_epsilon: float = 1e-8,
        max_gradient_norm: float = math.inf,
    ) -> None:
        self.device = find_device(device)
        self._is_low = is_low_precision(self.device, precision)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build()
        self.network: Network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        """Keeps the weights, in float32."""
        self.computing = computing_copy(self.network, self._is_low)
        """Computes outputs and gradients: a copy in bfloat16, or the network itself."""
        self._learning_rate, self._adam_epsilon = learning_rate, adam_epsilon
        self._max_gradient_norm = max_gradient_norm

    @cached_property
    def optimizer(self) -> torch.optim.Optimizer:
        """Optimizer of the network's parameters, made when first needed: torch then imports its compiler (1.3 s)."""
        made: torch.optim.Optimizer = adam(
            self.network.parameters(), self._learning_rate, self._adam_epsilon, self.device
        )
        return made

    @cached_property
    def improve(self) -> Improver:
        """Takes an optimizer step with the gradients of ``computing``."""
        return Improver(self.optimizer, self.network, self.computing, self._max_gradient_norm)

    @property
    def _has_optimizer(self) -> bool:
        return "optimizer" in self.__dict__

    def playing_copy(self) -> Network:
        """Return a copy for playing or evaluation only, with weights and noise of its own."""
        return playing_copy(self.network, self._is_low)

    def refresh(self) -> None:
        """Copy the network's current weights and noise to ``computing``."""
        refresh(self.computing, self.network)

    def state(self) -> State:
        """Return the weights and the optimizer's state."""
        optimizer = optimizer_state(self.optimizer) if self._has_optimizer else {"slots": []}
        return {"network": module_state(self.network), "optimizer": optimizer}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state`` returned; other entries are ignored.

        Raises:
            StateError: it belongs to another network.
        """
        self.begin_from(state["network"])
        if self._has_optimizer or state["optimizer"]["slots"]:
            restore_optimizer(self.optimizer, state["optimizer"])

    def begin_from(self, weights: Mapping[str, Any]) -> None:
        """Load the weights of a state's network.

        Raises:
            StateError: they belong to another network.
        """
        restore_module(self.network, weights)
        self.refresh()
