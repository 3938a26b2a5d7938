"""Networks, optimizers and generators come back to the bit, and a stranger's state is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from newgameplus.errors import StateError
from newgameplus.nn.encoders import make_encoder
from newgameplus.nn.noisy import NoisyLinear, draw_noise
from newgameplus.nn.saved import (
    generator_state,
    module_state,
    optimizer_state,
    restore_encoder,
    restore_generator,
    restore_module,
    restore_optimizer,
)
from newgameplus.results.checkpoints import load_state, save_state


class Network(nn.Module):
    def __init__(self, encoder: str = "nature", num_outputs: int = 3) -> None:
        super().__init__()
        self.encoder = make_encoder(encoder, 4)  # type: ignore[arg-type]
        self.head = NoisyLinear(64, num_outputs)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(observation))


def build(seed: int, learning_rate: float = 1e-2) -> tuple[Network, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    network = Network().to(memory_format=torch.channels_last)
    return network, torch.optim.Adam(network.parameters(), learning_rate, fused=True)


def learn(network: Network, optimizer: torch.optim.Optimizer, generator: torch.Generator, num_steps: int) -> None:
    for _ in range(num_steps):
        draw_noise(network, generator)
        observation = torch.randint(0, 256, (2, 36, 36, 4), generator=generator, dtype=torch.uint8)
        optimizer.zero_grad()
        network(observation).square().sum().backward()
        optimizer.step()


def content(network: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in network.state_dict().items()}


def test_a_network_and_its_optimizer_go_on_from_a_file_as_if_nothing_had_happened(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(5)
    network, optimizer = build(0)
    learn(network, optimizer, generator, 3)
    saved = {
        "network": module_state(network),
        "optimizer": optimizer_state(optimizer),
        "generator": generator_state(generator),
    }
    save_state(tmp_path / "state", saved)
    other, other_optimizer = build(1)
    other_generator = torch.Generator()
    state = load_state(tmp_path / "state")
    restore_module(other, state["network"])
    restore_optimizer(other_optimizer, state["optimizer"])
    restore_generator(other_generator, state["generator"])
    assert content(other) == content(network)
    learn(network, optimizer, generator, 3)
    learn(other, other_optimizer, other_generator, 3)
    assert content(other) == content(network)


def test_moments_come_back_in_the_memory_order_of_their_parameters() -> None:
    network, optimizer = build(0)
    learn(network, optimizer, torch.Generator().manual_seed(0), 1)
    other, other_optimizer = build(1)
    restore_optimizer(other_optimizer, optimizer_state(optimizer))
    for mine, yours in zip(network.parameters(), other.parameters(), strict=True):
        for name, moment in optimizer.state[mine].items():
            found = other_optimizer.state[yours][name]
            assert torch.equal(found, moment)
            if moment.shape == mine.shape:
                assert found.stride() == yours.stride()
    assert any(not weight.is_contiguous() for weight in other.parameters())


def test_an_optimizer_that_has_not_learned_has_nothing_to_remember() -> None:
    _, optimizer = build(0)
    other, other_optimizer = build(1)
    restore_optimizer(other_optimizer, optimizer_state(optimizer))
    assert not other_optimizer.state[next(other.parameters())]


def test_a_saved_state_is_a_copy() -> None:
    network, optimizer = build(0)
    state = module_state(network)
    before = {name: array.tobytes() for name, array in state.items()}
    learn(network, optimizer, torch.Generator().manual_seed(0), 1)
    assert {name: array.tobytes() for name, array in state.items()} == before


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (lambda: Network("mobile"), "lacks|which this one has not"),
        (lambda: Network(num_outputs=4), r"head\.weight is of shape \[4, 64\] there and \[3, 64\] here"),
    ],
)
def test_another_networks_state_is_refused_by_name_and_changes_nothing(other: type[Network], named: str) -> None:
    network, _ = build(0)
    with pytest.raises(StateError, match=named):
        restore_module(network, module_state(other()))
    untouched = build(0)[0]
    assert content(network)["head.bias"] == content(untouched)["head.bias"]


def test_an_encoder_is_taken_from_a_network_whose_head_differs() -> None:
    given, (network, _) = Network(num_outputs=9), build(0)
    head = network.head.weight.detach().clone()
    restore_encoder(network, module_state(given))
    assert content(network.encoder) == content(given.encoder)
    assert torch.equal(network.head.weight, head)
    with pytest.raises(StateError, match="another network"):
        restore_encoder(network, module_state(Network("mobile")))


def test_a_generator_goes_on_where_it_stood() -> None:
    generator = torch.Generator().manual_seed(1)
    torch.randn(3, generator=generator)
    state = generator_state(generator)
    expected = torch.randn(5, generator=generator)
    other = torch.Generator()
    restore_generator(other, state)
    assert torch.equal(torch.randn(5, generator=other), expected)
    assert isinstance(state, np.ndarray)
