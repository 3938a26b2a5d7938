"""A network that learns: its weights, what computes with them, and the optimizer that changes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
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
        build: makes the network, its weights drawn from torch's own generator.
        seed: of the weights.
        device: where it runs.
        precision: of what computes; the weights themselves are of float32.
        learning_rate: of Adam.
        adam_epsilon: added to Adam's denominator.
        max_gradient_norm: to which the gradient is scaled down.

    Raises:
        UsageError: the device is not there.
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
        """Computes everything, gradients too: a copy in bfloat16, or the network itself."""
        self.optimizer = adam(self.network.parameters(), learning_rate, adam_epsilon, self.device)
        """Of the network's parameters."""
        self.improve = Improver(self.optimizer, self.network, self.computing, max_gradient_norm)
        """Takes a step by the gradients of what computes; see there."""

    def playing_copy(self) -> Network:
        """Return a copy that only plays or judges, with weights and noise of its own."""
        return playing_copy(self.network, self._is_low)

    def refresh(self) -> None:
        """Let what computes have the weights, and the noise, that the network has now."""
        refresh(self.computing, self.network)

    def state(self) -> State:
        """Return the weights and what the optimizer remembers."""
        return {"network": module_state(self.network), "optimizer": optimizer_state(self.optimizer)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned; other entries are passed over.

        Raises:
            StateError: it belongs to another network.
        """
        self.begin_from(state["network"])
        restore_optimizer(self.optimizer, state["optimizer"])

    def begin_from(self, weights: Mapping[str, Any]) -> None:
        """Take the weights of a state's network.

        Raises:
            StateError: they belong to another network.
        """
        restore_module(self.network, weights)
        self.refresh()
