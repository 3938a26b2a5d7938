"""What kernels make of values, advantages and fractions is what torch makes of them in float32."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from newgameplus.learning.losses import cross_entropy, quantile_huber
from newgameplus.learning.projections import expectation, project
from newgameplus.nn.cpu import dueling, fractions, quantiles
from newgameplus.nn.fractions import multiply_by_fractions
from newgameplus.nn.noisy import NoisyLinear, draw_noise, noisy_linear

pytestmark = pytest.mark.kernels

SHAPES = [(1, 7, 51), (5, 1, 2), (32, 10, 11), (3, 4, 64)]
"""Rows, actions, and atoms or fractions."""


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def low(*shape: int, seed: int = 0, scale: float = 3.0) -> Tensor:
    return (scale * drawn(*shape, seed=seed)).bfloat16().requires_grad_()


def exact(tensor: Tensor) -> Tensor:
    return tensor.detach().float().requires_grad_()


def joined(value: Tensor, advantage: Tensor) -> Tensor:
    """``[..., O]`` and ``[..., A, O]``, as a dueling network has them, to ``[..., A, O]``."""
    return value.unsqueeze(-2) + advantage - advantage.mean(-2, keepdim=True)


def chosen(distribution: Tensor, action: Tensor) -> Tensor:
    return distribution[torch.arange(len(action)), action]


def assert_near(found: Tensor | None, wanted: Tensor | None, tolerance: float = 1e-2) -> None:
    assert found is not None
    assert wanted is not None
    assert found.shape == wanted.shape
    assert float((found.float() - wanted).detach().norm()) <= tolerance * float(wanted.detach().norm()) + 1e-6


def numbers(num_rows: int, num_actions: int) -> tuple[Tensor, Tensor, Tensor]:
    action = torch.arange(num_rows) * 3 % num_actions
    return action, 4 * drawn(num_rows, seed=5), torch.rand(num_rows, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_distributions_on_atoms_say_and_become_what_those_of_float32_do(
    num_rows: int, num_actions: int, num_atoms: int
) -> None:
    parts = (low(num_rows, num_atoms), low(num_rows, num_actions * num_atoms, seed=1))
    atoms = torch.linspace(-5, 5, num_atoms)
    action, reward, factor = numbers(num_rows, num_actions)
    logits = joined(parts[0].float(), parts[1].float().view(num_rows, num_actions, num_atoms))
    probabilities = torch.softmax(logits, -1).detach()
    torch.testing.assert_close(dueling.mean_returns(*parts, atoms), expectation(probabilities, atoms))
    found = dueling.projected_returns(*parts, action, reward, factor, atoms)
    torch.testing.assert_close(
        found, project(chosen(probabilities, action), reward, factor, atoms), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_cross_entropies_and_their_gradients_are_those_of_float32(
    num_rows: int, num_actions: int, num_atoms: int
) -> None:
    value, advantage = low(num_rows, num_atoms), low(num_rows, num_actions * num_atoms, seed=1)
    full = exact(value), exact(advantage)
    action, given, _ = numbers(num_rows, num_actions)
    target = torch.softmax(drawn(num_rows, num_atoms, seed=2), -1)
    errors = dueling.cross_entropies(value, advantage, action, target)
    logits = joined(full[0], full[1].view(num_rows, num_actions, num_atoms))
    expected = cross_entropy(target, chosen(torch.log_softmax(logits, -1), action))
    torch.testing.assert_close(errors, expected, rtol=1e-4, atol=1e-5)
    errors.backward(given)
    expected.backward(given)
    assert_near(value.grad, full[0].grad)
    if num_actions > 1:
        assert_near(advantage.grad, full[1].grad)


@pytest.mark.parametrize(("num_rows", "num_actions", "num_fractions"), SHAPES)
def test_quantiles_and_the_gradients_of_their_errors_are_those_of_float32(
    num_rows: int, num_actions: int, num_fractions: int
) -> None:
    value, advantage = low(num_rows, num_fractions, 1), low(num_rows, num_fractions, num_actions, seed=1)
    full = exact(value), exact(advantage)
    action, reward, factor = numbers(num_rows, num_actions)
    fraction = torch.rand((num_rows, num_fractions), generator=torch.Generator().manual_seed(7))
    target = 3 * drawn(num_rows, 5, seed=2)
    quantile = joined(full[0], full[1].unsqueeze(-1)).squeeze(-1).transpose(1, 2)
    torch.testing.assert_close(quantiles.mean_quantiles(value, advantage), quantile.mean(-1), rtol=1e-4, atol=1e-5)
    moved = quantiles.moved_quantiles(value, advantage, action, reward, factor)
    torch.testing.assert_close(moved, reward[:, None] + factor[:, None] * chosen(quantile, action))
    errors = quantiles.quantile_errors(value, advantage, action, fraction, target)
    expected = quantile_huber(chosen(quantile, action), fraction, target)
    torch.testing.assert_close(errors, expected, rtol=1e-4, atol=1e-5)
    errors.backward(reward)
    expected.backward(reward)
    assert_near(value.grad, full[0].grad)
    if num_actions > 1:
        assert_near(advantage.grad, full[1].grad)


@pytest.mark.parametrize(
    ("num_rows", "num_fractions", "num_features"), [(1, 8, 2592), (32, 8, 96), (3, 5, 32), (2, 1, 64)]
)
def test_features_times_fractions_and_their_gradients_are_those_of_float32(
    num_rows: int, num_fractions: int, num_features: int
) -> None:
    torch.manual_seed(0)
    mine = nn.Linear(64, num_features).to(torch.bfloat16)
    yours = copy.deepcopy(mine).float()
    features = low(num_rows, num_features)
    full = exact(features)
    fraction = torch.rand(num_rows, num_fractions)
    found = fractions.multiply_by_fractions(features, fraction, mine)
    assert found is not None
    assert fractions.multiply_by_fractions(full, fraction, yours) is None
    expected = multiply_by_fractions(full, fraction, yours)
    with torch.no_grad():
        assert torch.equal(multiply_by_fractions(features, fraction, mine), found)
        same = fraction[:1].expand(num_rows, -1)
        alone, together = (multiply_by_fractions(features, each, mine) for each in (same, same.contiguous()))
        assert torch.equal(alone, together)
    given = drawn(*found.shape, seed=3).bfloat16()
    found.backward(given)
    expected.backward(given.float())
    assert_near(found, expected)
    assert_near(features.grad, full.grad)
    for layer, other in zip(mine.parameters(), yours.parameters(), strict=True):
        # A rectifier that rounding opens or closes passes a whole gradient, or none of it.
        assert_near(layer.grad, other.grad, 3e-2)


def test_a_rectified_layer_is_a_layer_and_a_rectifier() -> None:
    torch.manual_seed(0)
    layer = NoisyLinear(64, 40).to(torch.bfloat16)
    draw_noise(layer, torch.Generator().manual_seed(0))
    for num_rows in (1, 33):
        inputs, again = low(num_rows, 64), low(num_rows, 64)
        found, expected = noisy_linear(inputs, layer.weights(), True), torch.relu(layer(again))
        with torch.no_grad():
            assert_near(noisy_linear(inputs, layer.weights(), True), expected)
        assert torch.equal(found, expected)
        given = drawn(num_rows, 40).bfloat16()
        gradients = [
            torch.autograd.grad(out, [seen, *layer.parameters()], given)
            for out, seen in ((found, inputs), (expected, again))
        ]
        assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))


def test_what_is_no_number_stays_none() -> None:
    value, advantage = low(2, 3), low(2, 12, seed=1)
    with torch.no_grad():
        advantage[1, 0] = float("nan")
    action, target = torch.zeros(2, dtype=torch.int64), torch.full((2, 3), 1 / 3)
    assert dueling.cross_entropies(value, advantage, action, target).isfinite().tolist() == [True, False]
    found = dueling.projected_returns(value, advantage, action, torch.zeros(2), torch.ones(2), torch.arange(3.0))
    assert found.isfinite().all(-1).tolist() == [True, False]
    layer = nn.Linear(32, 32).to(torch.bfloat16)
    fraction = torch.tensor([[float("nan")]])
    assert not fractions.multiply_by_fractions(low(1, 32), fraction, layer).isfinite().any()
    noisy = NoisyLinear(32, 1).to(torch.bfloat16)
    assert noisy_linear(torch.full((1, 32), float("nan")).bfloat16(), noisy.weights(), True).isnan().all()


def test_actions_that_are_none_are_refused() -> None:
    parts, target = (low(1, 3), low(1, 12)), torch.ones(1, 3)
    with pytest.raises(ValueError, match="Every action must be from 0 to 3"):
        dueling.cross_entropies(*parts, torch.tensor([4]), target)
    with pytest.raises(ValueError, match="action must be of int64"):
        dueling.cross_entropies(*parts, torch.tensor([1.0]), target)
    with pytest.raises(ValueError, match=r"target must be of shape \[1, 3\]"):
        dueling.cross_entropies(*parts, torch.tensor([1]), target[:, :2].contiguous())
