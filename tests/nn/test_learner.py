"""A learner keeps its weights in float32, computes with what is fastest, and goes on exactly from its state."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from newgameplus.errors import StateError
from newgameplus.nn.encoders import make_encoder, num_features
from newgameplus.nn.learner import Learner

pytestmark = pytest.mark.usefixtures("one_thread", "road")


class Judge(nn.Module):
    def __init__(self, num_outputs: int = 3) -> None:
        super().__init__()
        self.encoder = make_encoder("dqn-2013", 4)
        self.outputs = nn.Linear(num_features(self.encoder, 44, 44, 4), num_outputs)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.outputs(self.encoder(observation)).float()
        return outputs


def build(seed: int = 0, num_outputs: int = 3) -> Learner[Judge]:
    return Learner(lambda: Judge(num_outputs), seed=seed, device="cpu", learning_rate=1e-3)


def step(learner: Learner[Judge], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    observation = torch.randint(0, 256, (8, 44, 44, 4), generator=generator, dtype=torch.uint8)
    learner.computing(observation).square().sum().backward()
    learner.improve()


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(*pair) for pair in zip(one.parameters(), other.parameters(), strict=True))


def test_the_seed_makes_the_weights_and_torchs_own_generator_stays_as_it_is() -> None:
    before = torch.random.get_rng_state()
    assert same(build(1).network, build(1).network)
    assert not same(build(1).network, build(2).network)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_weights_are_of_float32_and_those_that_compute_are_of_the_precision_of_the_road(road: str) -> None:
    learner = build()
    assert {weight.dtype for weight in learner.network.parameters()} == {torch.float32}
    computing = torch.bfloat16 if road == "avx512bf16" else torch.float32
    assert {weight.dtype for weight in learner.computing.parameters()} == {computing}
    assert (learner.computing is learner.network) == (road != "avx512bf16")


def test_it_goes_on_exactly_from_its_state() -> None:
    straight, resumed = build(), build(5)
    step(straight, 0)
    resumed.restore(straight.state())
    for learner in (straight, resumed):
        step(learner, 1)
    assert same(straight.network, resumed.network)
    assert same(straight.computing, resumed.computing)


def test_what_computes_has_the_weights_of_the_network_after_each_step() -> None:
    learner = build()
    before = [weight.detach().clone() for weight in learner.network.parameters()]
    step(learner, 0)
    for weight, copied, begun in zip(learner.network.parameters(), learner.computing.parameters(), before, strict=True):
        assert not torch.equal(weight, begun)
        assert torch.equal(weight.to(copied.dtype), copied)


def test_a_playing_copy_has_weights_of_its_own() -> None:
    learner = build()
    copied = learner.playing_copy()
    step(learner, 0)
    assert not same(copied, learner.computing)
    assert not any(weight.requires_grad for weight in copied.parameters())


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(StateError, match=r"outputs\.weight"):
        build().begin_from(build(num_outputs=4).state()["network"])
