"""Networks that compute with weights of bfloat16 beside the one that keeps them in float32."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def playing_copy(network: Network, is_low: bool) -> Network:
    """Return a copy that only plays or judges, in bfloat16 where ``is_low``: its weights need no cast at each use."""
    copied = copy.deepcopy(network).requires_grad_(False).eval()
    return copied.to(torch.bfloat16) if is_low else copied


def refresh(copied: nn.Module, network: nn.Module) -> None:
    """Give a copy the weights, and the noise, that the network has now; nothing where they are the same object."""
    if copied is not network:
        copied.load_state_dict(network.state_dict())


def hand_over_gradients(copied: nn.Module, network: nn.Module) -> None:
    """Give a network the gradients and the buffers of its copy; nothing where they are the same object."""
    if copied is network:
        return
    for low, full in zip(copied.parameters(), network.parameters(), strict=True):
        full.grad = None if low.grad is None else low.grad.to(full.dtype)
        low.grad = None
    for found, kept in zip(copied.buffers(), network.buffers(), strict=True):
        kept.copy_(found)
