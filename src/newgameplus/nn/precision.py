"""bfloat16 copies of a network, for computing, beside the one that keeps the weights in float32."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def playing_copy(network: Network, is_low: bool) -> Network:
    """Return a copy for playing or evaluation only, in bfloat16 if ``is_low``, so that weights need no casts."""
    copied = copy.deepcopy(network).requires_grad_(False).eval()
    return copied.to(torch.bfloat16) if is_low else copied


def computing_copy(network: Network, is_low: bool) -> Network:
    """Return the network that computes outputs and gradients, while ``network`` keeps the weights.

    This is a copy in bfloat16 if ``is_low``, else the network itself. :class:`newgameplus.nn.optimizer.Improver`
    updates both from its gradients.
    """
    return (playing_copy(network, is_low).requires_grad_(True) if is_low else network).eval()


def has_training_mode(module: nn.Module) -> bool:
    """Whether learning needs ``train()``, because of spectral norms, which then do a power iteration."""
    return any(nn.utils.parametrize.is_parametrized(part) for part in module.modules())


@contextmanager
def training_mode(network: nn.Module, is_needed: bool) -> Iterator[None]:
    """Put the network into training mode within the block, if it needs that."""
    if is_needed:
        network.train()
    yield
    if is_needed:
        network.eval()


def refresh(copied: nn.Module, network: nn.Module) -> None:
    """Copy the network's current weights and noise to the copy; does nothing if they are the same object."""
    if copied is not network:
        copied.load_state_dict(network.state_dict())
