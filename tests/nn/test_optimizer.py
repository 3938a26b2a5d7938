"""A step by the kernel is one of torch's Adam, and its state goes on in the other."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from newgameplus.nn.optimizer import Improver
from newgameplus.nn.precision import playing_copy
from newgameplus.nn.saved import optimizer_state, restore_optimizer

RATE, EPSILON = 1e-2, 1e-4
both = pytest.mark.usefixtures("road")


def build() -> tuple[nn.Module, torch.optim.Adam]:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Linear(70, 33), nn.BatchNorm1d(7), nn.Linear(3, 1))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network, torch.optim.Adam(network.parameters(), RATE, eps=EPSILON, fused=True)


def give_gradients(network: nn.Module, seed: int, factor: float = 1.0) -> None:
    """Random ones, rounded to bfloat16; none for the last layer's bias."""
    generator = torch.Generator().manual_seed(seed)
    for weight in network.parameters():
        drawn = factor * torch.randn(weight.shape, generator=generator)
        weight.grad = torch.empty_like(weight).copy_(drawn.bfloat16())
    next(reversed(list(network.parameters()))).grad = None


def assert_close(network: nn.Module, other: nn.Module) -> None:
    for weight, expected in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(weight, expected, rtol=1e-5, atol=1e-6)


@both
@pytest.mark.parametrize("is_low", [True, False])
def test_steps_are_those_of_torch_with_clipping(is_low: bool) -> None:
    (network, optimizer), (plain, plain_optimizer) = build(), build()
    copied = playing_copy(network, is_low=True).requires_grad_(True) if is_low else network
    for step, factor in enumerate([0.01, 3.0, 0.001, 0.5, 1.0]):
        for given in (copied, plain):
            give_gradients(given, step, factor)
        expected = nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        plain_optimizer.step()
        norm = Improver(optimizer, network, copied, 1.0)()
        assert norm == pytest.approx(float(expected), rel=1e-5)
        assert_close(network, plain)
        assert all(weight.grad is None for weight in copied.parameters())
    for weight, low in zip(network.parameters(), copied.parameters(), strict=True):
        assert torch.equal(low, weight.to(low.dtype))


@both
def test_a_step_that_is_no_number_changes_nothing() -> None:
    network, optimizer = build()
    before = copy.deepcopy(network.state_dict())
    give_gradients(network, 0)
    next(network.parameters()).grad[0, 0, 0, 0] = float("inf")  # type: ignore[index]
    assert Improver(optimizer, network, network, 1.0)() == float("inf")
    assert all(torch.equal(before[name], found) for name, found in network.state_dict().items())


def test_the_state_is_torchs_and_goes_on_exactly() -> None:
    (network, optimizer), (other, other_optimizer) = build(), build()
    for step in range(3):
        give_gradients(network, step)
        Improver(optimizer, network, network, 1.0)()
    other.load_state_dict(network.state_dict())
    restore_optimizer(other_optimizer, optimizer_state(optimizer))
    reference = copy.deepcopy(other)
    reference_optimizer = torch.optim.Adam(reference.parameters(), RATE, eps=EPSILON, fused=True)
    restore_optimizer(reference_optimizer, optimizer_state(optimizer))
    for given in (network, other, reference):
        give_gradients(given, 9)
    Improver(optimizer, network, network, 1.0)()
    Improver(other_optimizer, other, other, 1.0)()
    nn.utils.clip_grad_norm_(reference.parameters(), 1.0)
    reference_optimizer.step()
    assert all(torch.equal(*pair) for pair in zip(network.parameters(), other.parameters(), strict=True))
    assert_close(network, reference)


def test_a_network_without_gradients_stays_as_it_is() -> None:
    network, optimizer = build()
    before = copy.deepcopy(network.state_dict())
    assert Improver(optimizer, network, network, 1.0)() == 0
    assert all(torch.equal(before[name], found) for name, found in network.state_dict().items())


@both
def test_a_gradient_from_before_the_step_is_refused_after_it() -> None:
    network, optimizer = build()
    layer = network[1]
    outputs = layer(torch.randn(2, 70, requires_grad=True))
    give_gradients(network, 0)
    Improver(optimizer, network, network, 1.0)()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()
