"""The kernels compute what torch's convolutions do, forward and backward, and the same in every run."""

from __future__ import annotations

import copy
import multiprocessing
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from newgameplus.nn.cpu import convolutions
from newgameplus.nn.cpu.compiled import availability, kernels, using
from newgameplus.nn.encoders import PLAIN, Plain

pytestmark = pytest.mark.usefixtures("instruction_set")
TOLERANCES = {torch.bfloat16: (1e-2, 2e-2), torch.float32: (1e-5, 1e-5)}
"""Of ``||found - expected|| / ||expected||`` for features and for gradients: each layer on the way back rounds again.

Bfloat16 has eight bits, so that one rounding is off by up to 0.004.
"""


@pytest.fixture(params=(1, 2))
def num_threads(request: Any) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def encoder(name: Any = "nature", num_channels: int = 4, seed: int = 0) -> Plain:
    torch.manual_seed(seed)
    made = Plain(num_channels, PLAIN[name]).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.no_grad():
        for layer in made.layers[::2]:
            layer.bias.uniform_(-0.1, 0.1)
    return made.to(availability.dtype)


def pictures(num: int, num_channels: int = 4, side: int = 84) -> Tensor:
    generator = torch.Generator().manual_seed(num)
    return torch.randint(0, 256, (num, side, side, num_channels), generator=generator, dtype=torch.uint8)


def activations(made: Plain, observation: Tensor) -> Tensor:
    """What the kernels make of pictures, all layers one after the other, each ``[H, W, F]``: float32 ``[B, …]``."""
    kernel = convolutions.find_convolutions(observation, made.convolutions)
    assert kernel is not None
    layers = list(made.convolutions)
    weights = [layer.weight.detach().contiguous(memory_format=torch.channels_last) for layer in layers]
    hidden, features = (
        torch.empty((len(observation), count), dtype=availability.dtype)
        for count in (kernel.num_hidden, kernel.num_features)
    )
    biases = [layer.bias.detach() for layer in layers]
    kernel.forward(observation, weights, biases, hidden, features, torch.get_num_threads())
    return torch.cat([hidden, features], 1).float()


def expected_features(made: Plain, observation: Tensor) -> Tensor:
    """By float32 convolutions of torch.

    The value of each layer is that of the kernels, so that the same rectifiers are open and only one layer's rounding
    tells in a gradient; what the layer itself would make of its input must be near it.
    """
    seen, all_found = observation.permute(0, 3, 1, 2).float() / 255, activations(made, observation)
    for layer in made.layers[::2]:
        assert isinstance(layer, nn.Conv2d)
        sums = functional.conv2d(seen, layer.weight.float(), layer.bias.float(), layer.stride, layer.padding)
        found, all_found = all_found[:, : sums[0].numel()], all_found[:, sums[0].numel() :]
        found = found.view(len(sums), *sums.shape[2:], sums.shape[1]).permute(0, 3, 1, 2)
        assert_near(found, torch.relu(sums))
        passed = sums * (found > 0)
        seen = passed + (found - passed).detach()
    return seen.permute(0, 2, 3, 1).flatten(1)


def by_kernel(made: Plain, observation: Tensor) -> Tensor:
    features = convolutions.convolve(observation, made.convolutions)
    assert features is not None
    assert features.dtype == availability.dtype
    return features


def gradients(made: Plain, features: Tensor, given: Tensor) -> dict[str, Tensor]:
    made.zero_grad()
    features.backward(given.to(features.dtype))
    return {name: weight.grad.clone() for name, weight in made.named_parameters()}


def assert_near(found: Tensor, expected: Tensor, is_gradient: bool = False) -> None:
    error = float((found.detach().float() - expected.detach()).norm() / expected.detach().norm())
    assert error < TOLERANCES[availability.dtype][is_gradient]


def assert_as_torch(made: Plain, observation: Tensor) -> None:
    expected, features = expected_features(made, observation), by_kernel(made, observation)
    torch.testing.assert_close(features.float(), expected, rtol=1e-6, atol=0)
    given = torch.randn(expected.shape).to(availability.dtype).float()
    wanted = gradients(made, expected, given)
    for label, gradient in gradients(made, features, given).items():
        assert_near(gradient, wanted[label], is_gradient=True)


@pytest.mark.parametrize("num", [1, 3, 8, 17, 32])
@pytest.mark.parametrize("name", PLAIN)
def test_features_and_every_gradient_are_those_of_torch(name: str, num: int, num_threads: int) -> None:
    assert_as_torch(encoder(name), pictures(num))


def test_a_large_batch_is_that_of_torch(num_threads: int) -> None:
    assert_as_torch(encoder(), pictures(256))


@pytest.mark.parametrize("num", [5, 17])
@pytest.mark.parametrize(("num_channels", "side"), [(1, 84), (3, 84), (2, 61), (4, 67), (8, 85), (12, 50)])
def test_other_pictures_are_done_too(num_channels: int, side: int, num: int) -> None:
    observation = pictures(num, num_channels, side)
    assert_as_torch(encoder(num_channels=num_channels), observation)


def test_the_same_is_computed_in_every_run(num_threads: int) -> None:
    made, observation = encoder(), pictures(33)
    runs = []
    for _ in range(3):
        features = by_kernel(made, observation)
        runs.append([features.detach(), *gradients(made, features, torch.ones_like(features)).values()])
    for run in runs[1:]:
        assert all(torch.equal(found, first) for found, first in zip(run, runs[0], strict=True))


def test_weights_that_an_optimizer_changed_unseen_are_read_again() -> None:
    """Torch's fused Adam leaves the version counters of weights as they are."""
    made, observation = encoder(), pictures(3)
    optimizer = torch.optim.Adam(made.parameters(), 0.1, fused=True)
    with torch.no_grad():
        before = made(observation)
        assert torch.equal(made(observation), before)
    for parameter in made.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    with torch.no_grad():
        after = made(observation)
        assert not torch.equal(after, before)
        assert torch.equal(after, copy.deepcopy(made)(observation))


def test_a_picture_has_the_same_features_alone_and_among_others(num_threads: int) -> None:
    made, observation = encoder(), pictures(11)
    with torch.no_grad():
        together = by_kernel(made, observation)
        for row in range(11):
            assert torch.equal(by_kernel(made, observation[row : row + 1]), together[row : row + 1])


def test_no_pictures_have_no_features_and_no_gradient() -> None:
    made = encoder()
    features = by_kernel(made, pictures(1)[:0])
    assert features.shape == (0, 3136)
    assert not any(gradient.any() for gradient in gradients(made, features, features.detach()).values())


def test_memory_in_another_order_is_read_as_it_is_meant() -> None:
    made, wide = encoder(), pictures(4, num_channels=8)
    with torch.no_grad():
        narrow = by_kernel(made, wide[..., 2:6])
        assert torch.equal(narrow, by_kernel(made, wide[..., 2:6].contiguous()))
        assert torch.equal(narrow, by_kernel(made.to(memory_format=torch.contiguous_format), wide[..., 2:6]))  # type: ignore[call-overload]


def test_what_is_not_a_number_stays_visible() -> None:
    made = encoder()
    with torch.no_grad():
        made.layers[0].weight[3] = float("nan")
        assert by_kernel(made, pictures(2)).isnan().any()


def test_without_kernels_torch_computes_the_same() -> None:
    made, observation = encoder(), pictures(8)
    features = by_kernel(made, observation)
    with using("off"):
        by_torch = made(observation)
    assert_near(by_torch, features.float())


def test_another_precision_and_odd_shapes_are_left_to_torch() -> None:
    observation = pictures(2)
    assert convolutions.convolve(observation, encoder().double().convolutions) is None
    for shape in ((24, 8, 4, 0), (32, 3, 1, 1)):
        assert convolutions.convolve(observation, Plain(4, (shape,)).to(availability.dtype).convolutions) is None
    assert Plain(4, ((24, 8, 4, 0),)).to(availability.dtype)(observation).shape == (2, 24 * 20 * 20)


def test_shapes_that_do_not_fit_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="too small for a convolution of 8"):
        kernels.Convolutions(7, 84, 4, [(32, 8, 4, 0)])
    with pytest.raises(ValueError, match="multiple of 16, not 24"):
        kernels.Convolutions(84, 84, 4, [(24, 8, 4, 0)])
    kernel = kernels.Convolutions(84, 84, 4, [(32, 8, 4, 0)])
    weight, bias, hidden, features = (
        torch.zeros(shape, dtype=availability.dtype) for shape in ((32, 4, 8, 8), (32,), (2, 0), (2, 12800))
    )
    weight = weight.contiguous(memory_format=torch.channels_last)
    name = str(availability.dtype).removeprefix("torch.")
    right = [pictures(2), [weight], [bias], hidden, features]
    kernel.forward(*right, 1)
    for place, wrong, message in (
        (0, pictures(2, 3), r"observation must be of shape \[2, 84, 84, 4\], not \[2, 84, 84, 3\]"),
        (0, pictures(2).float(), "observation must be of uint8"),
        (0, pictures(2).permute(0, 2, 1, 3), "observation must be contiguous"),
        (1, [weight[:16]], r"weight must be of shape \[32, 8, 8, 4\], not \[16, 8, 8, 4\]"),
        (1, [weight.contiguous()], "weight must be contiguous"),
        (1, [], "weights and biases of 1 layers"),
        (1, [weight.double()], f"weight must be of {name}"),
        (2, [bias.double()], f"bias must be of {name}"),
        (4, features[:1], r"features must be of shape \[2, 12800\], not \[1, 12800\]"),
        (4, features.double(), f"features must be of {name}"),
    ):
        with pytest.raises(ValueError, match=message):
            kernel.forward(*[wrong if at == place else value for at, value in enumerate(right)], 1)


def _features_in_child(pipe: Any, made: Plain, observation: Tensor) -> None:
    with torch.no_grad():
        pipe.send(by_kernel(made, observation).float().numpy())


def test_a_forked_child_computes_with_threads_of_its_own(num_threads: int) -> None:
    # Torch's own threads are gone in the child, so that it must not be asked for much there.
    made, observation = encoder(), pictures(8)
    with torch.no_grad():
        expected = by_kernel(made, observation).float().numpy()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_features_in_child, args=(theirs, made, observation), daemon=True)
    child.start()
    assert ours.poll(60)
    assert (ours.recv() == expected).all()
    child.join(60)
    assert child.exitcode == 0
