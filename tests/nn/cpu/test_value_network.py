"""A whole network by one call of the kernels says and learns what it does layer by layer."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from newgameplus.agents.rainbow.config import DEFAULT, RainbowConfig
from newgameplus.agents.rainbow.network import RainbowNetwork
from newgameplus.nn.cpu import value_network
from newgameplus.nn.cpu.value_network import FoundNetwork, find_network
from newgameplus.nn.precision import playing_copy

pytestmark = pytest.mark.kernels

NUM_ACTIONS, NUM_FRACTIONS = 7, 8
CONFIGS = {
    "atoms": replace(DEFAULT, distribution="categorical", encoder="dqn-2013", num_hidden=64),
    "atoms-nature": replace(DEFAULT, distribution="categorical", encoder="nature", num_hidden=32),
    "quantiles": replace(DEFAULT, distribution="quantiles", encoder="dqn-2013", num_hidden=64),
    "implicit": replace(DEFAULT, distribution="implicit-quantiles", encoder="dqn-2013", num_hidden=64),
}
CONFIGS = {name: replace(config, num_fractions=NUM_FRACTIONS) for name, config in CONFIGS.items()}


@pytest.fixture(params=CONFIGS)
def config(request: Any) -> RainbowConfig:
    return CONFIGS[request.param]


def build(config: RainbowConfig, seed: int = 0, *, learns: bool = False) -> RainbowNetwork:
    torch.manual_seed(seed)
    made = RainbowNetwork(config, (84, 84, 4), NUM_ACTIONS).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network: RainbowNetwork = playing_copy(made, is_low=True).requires_grad_(learns)
    draw(network)
    return network


def draw(network: RainbowNetwork, seed: int = 1) -> None:
    network.draw_noise(torch.Generator().manual_seed(seed))


def pictures(num: int, side: int = 84) -> Tensor:
    return torch.randint(0, 256, (num, side, side, 4), generator=torch.Generator().manual_seed(num), dtype=torch.uint8)


def fractions(num: int) -> Tensor:
    return torch.rand((num, NUM_FRACTIONS), generator=torch.Generator().manual_seed(num))


def gradients(network: RainbowNetwork, num: int) -> dict[str, Tensor]:
    """What the parameters learn from some loss of ``num`` pictures."""
    parts = network.parts(pictures(num), fractions(num))
    generator = torch.Generator().manual_seed(3)
    sum((part * torch.randn(part.shape, generator=generator)).sum() for part in parts).backward()  # type: ignore[union-attr]
    found = {}
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        found[name] = parameter.grad
        parameter.grad = None
    return found


def leave_to_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, networks are computed layer by layer."""
    monkeypatch.setattr(value_network, "find_network", lambda *given: replace(find_network(*given), network=None))


def is_by_kernel(network: RainbowNetwork) -> bool:
    return found_for(network).network is not None


def found_for(network: RainbowNetwork) -> FoundNetwork:
    assert network._layers is not None
    return find_network(network._layers, pictures(1))


@pytest.mark.parametrize("num", [1, 9, 32])
def test_what_it_says_is_what_the_layers_say(config: RainbowConfig, num: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build(config)
    even = fractions(1).expand(num, -1)
    with torch.no_grad():
        found = [network.parts(pictures(num), given) for given in (fractions(num), even)]
        assert is_by_kernel(network)
        leave_to_layers(monkeypatch)
        expected = [network.parts(pictures(num), given) for given in (fractions(num), even)]
    for parts, wanted in zip(found, expected, strict=True):
        for part, other in zip(parts, wanted, strict=True):
            assert torch.equal(part, other)


@pytest.mark.parametrize("num", [1, 9, 32])
def test_what_it_learns_is_what_the_layers_learn(
    config: RainbowConfig, num: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build(config, learns=True)
    found = gradients(network, num)
    assert is_by_kernel(network)
    leave_to_layers(monkeypatch)
    expected = gradients(network, num)
    assert any(float(gradient.abs().sum()) for gradient in expected.values())
    for name, gradient in expected.items():
        assert torch.equal(found[name], gradient), name


def test_changes_of_weights_and_of_noise_are_seen(config: RainbowConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    network, other = build(config), build(config, seed=5)
    with torch.no_grad():
        before = network.parts(pictures(2), fractions(2))[0]
        network.load_state_dict(other.state_dict())
        draw(network, seed=7)
        after = network.parts(pictures(2), fractions(2))[0]
        network.encoder.layers[0].weight.data = network.encoder.layers[0].weight.data * 2  # elsewhere in memory
        moved = network.parts(pictures(2), fractions(2))[0]
        leave_to_layers(monkeypatch)
        assert torch.equal(moved, network.parts(pictures(2), fractions(2))[0])
    assert not torch.equal(before, after)
    assert not torch.equal(after, moved)


def test_noise_of_a_network_that_was_converted_is_its_own() -> None:
    """Torch then puts new buffers in the place of the old ones."""
    network = build(CONFIGS["atoms"])
    with torch.no_grad():
        network.parts(pictures(1))
        network.float().bfloat16()
        draw(network, seed=2)
        expected = build(CONFIGS["atoms"])
        draw(expected, seed=2)
        assert torch.equal(network.parts(pictures(1))[0], expected.parts(pictures(1))[0])


def test_copies_do_not_share_the_kernels_of_the_first() -> None:
    network = build(CONFIGS["atoms"])
    with torch.no_grad():
        before = network.parts(pictures(1))[0]
        other = copy.deepcopy(network)
        draw(other, seed=4)
        other.hidden.weight.zero_()
        assert not torch.equal(other.parts(pictures(1))[0], before)
        assert torch.equal(network.parts(pictures(1))[0], before)


def test_what_the_kernels_do_not_compute_is_left_to_the_layers() -> None:
    full = RainbowNetwork(CONFIGS["atoms"], (84, 84, 4), NUM_ACTIONS)
    deep = build(replace(CONFIGS["atoms"], encoder="impala"))
    for network in (full, deep):
        with torch.no_grad():
            before = network.parts(pictures(1))[0]
            draw(network, seed=6)
            assert not torch.equal(network.parts(pictures(1))[0], before)
    assert not is_by_kernel(full)
    assert not is_by_kernel(deep)


def test_a_forward_whose_place_another_took_cannot_be_gone_back_from() -> None:
    network = build(CONFIGS["atoms"], learns=True)
    first = network.parts(pictures(2))[0].sum()
    network.parts(pictures(3))
    with pytest.raises(ValueError, match="taken the place"):
        first.backward()  # type: ignore[no-untyped-call]


def test_weights_that_change_between_the_ways_are_noticed() -> None:
    network = build(CONFIGS["atoms"], learns=True)
    loss = network.parts(pictures(2))[0].sum()
    with torch.no_grad():
        network.hidden.weight.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()  # type: ignore[no-untyped-call]


def test_shapes_that_do_not_fit_are_refused_with_a_sentence() -> None:
    network = build(CONFIGS["implicit"])
    with torch.no_grad():
        network.parts(pictures(2), fractions(2))
        found = found_for(network)
        kernel = found.network
        assert kernel is not None
        outputs = found.outputs(pictures(2), fractions(2))
        for arguments, words in (
            ((pictures(3), fractions(2), outputs), "fractions must be of shape"),
            ((pictures(2), None, outputs), "where there is an embedding"),
            ((pictures(2), fractions(2), outputs[:1]), "for every head"),
            ((pictures(2), fractions(2), outputs[::-1]), "must be of shape"),
            ((pictures(2, side=80), fractions(2), outputs), "The observation must be"),
        ):
            with pytest.raises(ValueError, match=words):
                kernel.forward(*arguments, 1)
        with pytest.raises(ValueError, match="no way back"):
            kernel.forward_to_learn(pictures(2), fractions(1), outputs, 1)
        with pytest.raises(ValueError, match="taken the place"):
            kernel.backward(0, pictures(2), outputs, outputs[0], [], 1)


def test_kernels_are_found_once() -> None:
    network = build(CONFIGS["atoms"])
    with torch.no_grad():
        network.parts(pictures(1))
        first = found_for(network)
        network.parts(pictures(4))
        assert found_for(network) is first
