"""Networks that compute with weights of bfloat16 beside the one that keeps them in float32."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def playing_copy(network: Network, is_low: bool) -> Network:
    """Return a copy that only plays or judges, in bfloat16 where ``is_low``: its weights need no cast at each use."""
    copied = copy.deepcopy(network).requires_grad_(False).eval()
    return copied.to(torch.bfloat16) if is_low else copied


def computing_copy(network: Network, is_low: bool) -> Network:
    """Return what computes everything, gradients too, while ``network`` keeps the weights.

    That is a copy in bfloat16 where ``is_low``, else the network itself. From its gradients
    :class:`newgameplus.nn.optimizer.Improver` goes to new weights of both.
    """
    return (playing_copy(network, is_low).requires_grad_(True) if is_low else network).eval()


def has_training_mode(module: nn.Module) -> bool:
    """Whether learning needs ``train()``: spectral norms, which then look at their weights once more."""
    return any(nn.utils.parametrize.is_parametrized(part) for part in module.modules())


@contextmanager
def training_mode(network: nn.Module, is_needed: bool) -> Iterator[None]:
    """Within the block a network learns, where that makes a difference; it plays before and after."""
    if is_needed:
        network.train()
    yield
    if is_needed:
        network.eval()


def refresh(copied: nn.Module, network: nn.Module) -> None:
    """Give a copy the weights, and the noise, that the network has now; nothing where they are the same object."""
    if copied is not network:
        copied.load_state_dict(network.state_dict())
