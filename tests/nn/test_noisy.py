"""A noisy layer is what the paper writes down, though its noisy weights are never built."""

from __future__ import annotations

import copy
from inspect import unwrap

import pytest
import torch
from torch import nn

from newgameplus.nn.cpu.compiled import availability, kernels
from newgameplus.nn.noisy import NoisyLinear, draw_noise, noisy_heads, noisy_linear, set_noise, shape_noise


def layer(seed: int = 0) -> NoisyLinear:
    torch.manual_seed(seed)
    made = NoisyLinear(7, 5)
    with torch.no_grad():
        made.weight_sigma.normal_()
        made.bias_sigma.normal_()
    draw_noise(made, torch.Generator().manual_seed(seed))
    return made


def test_it_equals_its_definition_with_an_explicit_weight_matrix() -> None:
    noisy, inputs = layer(), torch.randn(3, 7)
    weight = noisy.weight + noisy.weight_sigma * torch.outer(noisy.noise_out, noisy.noise_in)
    bias = noisy.bias + noisy.bias_sigma * noisy.noise_out
    torch.testing.assert_close(noisy(inputs), inputs @ weight.T + bias)


def test_its_gradients_are_those_of_the_definition() -> None:
    noisy, inputs = layer(), torch.randn(3, 7)
    names = ("weight", "bias", "weight_sigma", "bias_sigma")
    noisy(inputs).square().sum().backward()
    found = [getattr(noisy, name).grad.clone() for name in names]
    noisy.zero_grad()
    weight = noisy.weight + noisy.weight_sigma * torch.outer(noisy.noise_out, noisy.noise_in)
    (inputs @ weight.T + noisy.bias + noisy.bias_sigma * noisy.noise_out).square().sum().backward()
    for name, gradient in zip(names, found, strict=True):
        torch.testing.assert_close(gradient, getattr(noisy, name).grad, msg=name)


def test_without_noise_it_is_the_layer_of_the_mean_weights() -> None:
    noisy, inputs = layer(), torch.randn(3, 7)
    set_noise(noisy, False)
    assert torch.equal(noisy(inputs), nn.functional.linear(inputs, noisy.weight, noisy.bias))
    set_noise(noisy, True)
    assert not torch.equal(noisy(inputs), nn.functional.linear(inputs, noisy.weight, noisy.bias))


def test_noise_changes_when_it_is_drawn_and_only_then() -> None:
    noisy, inputs = layer(), torch.randn(1, 7)
    first, again = noisy(inputs), noisy(inputs)
    draw_noise(nn.Sequential(nn.Linear(1, 1), noisy), torch.Generator().manual_seed(9))
    assert torch.equal(first, again)
    assert not torch.equal(noisy(inputs), first)


def test_the_same_generator_draws_the_same_noise() -> None:
    assert torch.equal(layer(3).noise_in, layer(3).noise_in)
    assert not torch.equal(layer(3).noise_in, layer(4).noise_in)


def test_noise_has_the_signed_root_of_a_normal_distribution() -> None:
    noisy = NoisyLinear(20_000, 1)
    draw_noise(noisy, torch.Generator().manual_seed(0))
    # Where f(e) = sign(e) sqrt(|e|), f² is |e|, whose mean is sqrt(2 / pi); f itself has mean 0.
    assert float(noisy.noise_in.square().mean()) == pytest.approx((2 / torch.pi) ** 0.5, abs=0.02)
    assert float(noisy.noise_in.mean()) == pytest.approx(0, abs=0.02)


def test_weights_and_noise_begin_as_wide_as_the_paper_says() -> None:
    noisy = NoisyLinear(100, 50, sigma=0.5)
    assert float(noisy.weight.detach().abs().max()) <= 0.1
    assert float(noisy.weight.detach().abs().max()) > 0.099
    assert torch.equal(noisy.weight_sigma, torch.full((50, 100), 0.05))
    assert torch.equal(noisy.bias_sigma, torch.full((50,), 0.05))


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("num_rows", [1, 3, 8, 32, 65])
@pytest.mark.parametrize(("num_inputs", "num_outputs"), [(32, 1), (64, 51), (512, 357), (3136, 512)])
def test_kernels_compute_what_more_precision_does(num_inputs: int, num_outputs: int, num_rows: int) -> None:
    torch.manual_seed(0)
    noisy = NoisyLinear(num_inputs, num_outputs)
    draw_noise(noisy, torch.Generator().manual_seed(0))
    low = noisy.to(availability.dtype)
    full = copy.deepcopy(low).double()
    inputs = torch.randn(num_rows, num_inputs).to(availability.dtype).requires_grad_()
    exact = inputs.detach().double().requires_grad_()
    given = torch.randn(num_rows, num_outputs).to(availability.dtype)
    outputs, expected = low(inputs), full(exact)
    with torch.no_grad():
        alone = low(inputs)
    outputs.backward(given)
    expected.backward(given.double())
    pairs = [(outputs, expected), (alone, expected), (inputs.grad, exact.grad)]
    pairs += [(mine.grad, yours.grad) for mine, yours in zip(low.parameters(), full.parameters(), strict=True)]
    for found, wanted in pairs:
        assert found.dtype == availability.dtype
        tolerance = {torch.bfloat16: 1e-2, torch.float32: 1e-5}[availability.dtype]
        assert float((found.double() - wanted).detach().norm()) <= tolerance * float(wanted.detach().norm())


@pytest.mark.usefixtures("instruction_set")
def test_kernels_take_rows_of_any_shape_and_give_the_same_each_time() -> None:
    noisy = layer().to(availability.dtype)
    wide = NoisyLinear(64, 10).to(availability.dtype)
    draw_noise(wide, torch.Generator().manual_seed(0))
    inputs = torch.randn(5, 7, 64).to(availability.dtype)
    outputs = wide(inputs)
    assert outputs.shape == (5, 7, 10)
    assert torch.equal(outputs, wide(inputs))
    assert torch.equal(outputs[2, 3:4], wide(inputs)[2, 3:4])
    assert noisy(torch.randn(3, 7).to(availability.dtype)).shape == (3, 5)  # 7 inputs are left to torch


@pytest.mark.usefixtures("instruction_set")
def test_kernels_refuse_shapes_that_do_not_fit() -> None:
    low = NoisyLinear(64, 10).to(availability.dtype).requires_grad_(False)
    parts = [low.weight, low.weight_sigma, low.bias, low.bias_sigma, low.noise_in.float(), low.noise_out.float()]
    inputs, outputs = torch.zeros((2, 64), dtype=availability.dtype), torch.zeros((2, 10), dtype=availability.dtype)
    kernels.noisy_forward(inputs, *parts, False, None, outputs, 1)
    with pytest.raises(ValueError, match=r"input must be of shape \[2, 64\], not \[2, 32\]"):
        kernels.noisy_forward(inputs[:, :32].contiguous(), *parts, False, None, outputs, 1)
    with pytest.raises(ValueError, match="inputs a multiple of 32"):
        kernels.noisy_forward(inputs, parts[0][:, :40].contiguous(), *parts[1:], False, None, outputs, 1)
    with pytest.raises(ValueError, match=r"output must be of shape \[2, 10\], not \[1, 10\]"):
        kernels.noisy_forward(inputs, *parts, False, None, outputs[:1], 1)


@pytest.mark.usefixtures("instruction_set")
def test_a_rectified_layer_is_a_layer_and_a_rectifier() -> None:
    torch.manual_seed(0)
    layer = NoisyLinear(64, 40).to(availability.dtype)
    draw_noise(layer, torch.Generator().manual_seed(0))
    for num_rows in (1, 33):
        inputs = torch.randn(num_rows, 64).to(availability.dtype).requires_grad_()
        again = inputs.detach().clone().requires_grad_()
        found, expected = noisy_linear(inputs, layer.weights(), True), torch.relu(layer(again))
        with torch.no_grad():  # in another order where there are few rows
            alone = noisy_linear(inputs, layer.weights(), True)
        assert float((alone - expected).detach().norm()) <= 1e-2 * float(expected.detach().norm())
        assert torch.equal(found, expected)
        given = torch.randn(num_rows, 40).to(availability.dtype)
        gradients = [
            torch.autograd.grad(out, [seen, *layer.parameters()], given)
            for out, seen in ((found, inputs), (expected, again))
        ]
        assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))


@pytest.mark.usefixtures("instruction_set")
def test_what_is_no_number_stays_none() -> None:
    noisy = NoisyLinear(32, 1).to(availability.dtype)
    for num_rows in (1, 40):
        inputs = torch.full((num_rows, 32), float("nan")).to(availability.dtype)
        with torch.no_grad():
            assert noisy_linear(inputs, noisy.weights(), True).isnan().all()
        assert noisy_linear(inputs, noisy.weights(), True).isnan().all()


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("num_rows", [1, 33])
def test_heads_by_one_call_are_layers_one_by_one(num_rows: int) -> None:
    torch.manual_seed(0)
    layers = [NoisyLinear(64, 32), NoisyLinear(32, 5), NoisyLinear(32, 20)]
    for layer in layers:
        draw_noise(layer.to(availability.dtype), torch.Generator().manual_seed(0))
    hidden, *heads = [layer.weights() for layer in layers]
    inputs = torch.randn(num_rows, 64).to(availability.dtype).requires_grad_()
    found = noisy_heads(inputs, hidden, tuple(heads))
    between = noisy_linear(inputs, hidden, True)
    expected = [noisy_linear(between, head) for head in heads]
    parameters = [inputs, *(parameter for layer in layers for parameter in layer.parameters())]
    given = [torch.randn(output.shape).to(output.dtype) for output in found]
    mine = torch.autograd.grad(list(found), parameters, given)
    for one, other in zip((*found, *mine), (*expected, *torch.autograd.grad(expected, parameters, given)), strict=True):
        torch.testing.assert_close(one, other)
    with torch.no_grad():
        alone = noisy_heads(inputs, hidden, tuple(heads))
    for one, other in zip(alone, expected, strict=True):
        assert float((one - other).detach().norm()) <= 1e-2 * float(other.detach().norm())


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_noise_by_the_kernel_is_that_of_torch(dtype: torch.dtype) -> None:
    drawn = torch.randn(39, generator=torch.Generator().manual_seed(0))
    drawn[3] = 0
    found, expected = ([torch.zeros(size, dtype=dtype) for size in (7, 32)] for _ in range(2))
    shape_noise(drawn, found)
    unwrap(shape_noise)(drawn, expected)
    for mine, yours in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, yours)


@pytest.mark.usefixtures("instruction_set")
def test_kernels_refuse_noise_and_layers_that_do_not_fit() -> None:
    drawn, vector = torch.zeros(4), torch.zeros(5, dtype=availability.dtype)
    with pytest.raises(ValueError, match="fewer numbers"):
        kernels.shape_noise(drawn, [vector])
    low = NoisyLinear(64, 32).to(availability.dtype).requires_grad_(False)
    inputs, outputs = torch.zeros((2, 64), dtype=availability.dtype), torch.zeros((2, 32), dtype=availability.dtype)
    with pytest.raises(ValueError, match=r"outputs must have 2 tensors, not 1"):
        kernels.stacked_forward(inputs, low.weights(), [low.weights()], [], [outputs], 1)
    with pytest.raises(ValueError, match=r"input must be of shape \[2, 64\], not \[2, 32\]"):
        kernels.stacked_forward(inputs, low.weights(), [low.weights()], [], [outputs, outputs], 1)
    with pytest.raises(ValueError, match="four weights and two vectors"):
        kernels.stacked_forward(inputs, low.weights()[:4], [], [], [outputs], 1)
