"""Distributions of returns of dueling networks, in both precisions that networks say them in."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from newgameplus.learning import dueling
from newgameplus.learning.losses import cross_entropy, quantile_huber
from newgameplus.learning.projections import expectation, project

SHAPES = [(1, 7, 51), (5, 1, 2), (32, 10, 11), (3, 4, 64)]
"""Rows, actions, and atoms or fractions."""
DTYPES = [torch.float32, torch.bfloat16]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def said(dtype: torch.dtype, *shape: int, seed: int = 0) -> Tensor:
    return (3 * drawn(*shape, seed=seed)).to(dtype).requires_grad_()


def exact(tensor: Tensor) -> Tensor:
    return tensor.detach().float().requires_grad_()


def joined(value: Tensor, advantage: Tensor) -> Tensor:
    """``[..., O]`` and ``[..., A, O]``, as a dueling network has them, to ``[..., A, O]``."""
    return value.unsqueeze(-2) + advantage - advantage.mean(-2, keepdim=True)


def chosen(distribution: Tensor, action: Tensor) -> Tensor:
    return distribution[torch.arange(len(action)), action]


def assert_near(found: Tensor | None, wanted: Tensor | None) -> None:
    assert found is not None
    assert wanted is not None
    assert float((found.float() - wanted).norm()) <= 1e-2 * float(wanted.norm()) + 1e-6


def numbers(num_rows: int, num_actions: int) -> tuple[Tensor, Tensor, Tensor]:
    action = torch.arange(num_rows) * 3 % num_actions
    return action, 4 * drawn(num_rows, seed=5), torch.rand(num_rows, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_distributions_on_atoms_say_and_become_what_those_of_float32_do(
    num_rows: int, num_actions: int, num_atoms: int, dtype: torch.dtype
) -> None:
    parts = (said(dtype, num_rows, num_atoms), said(dtype, num_rows, num_actions * num_atoms, seed=1))
    atoms = torch.linspace(-5, 5, num_atoms)
    action, reward, factor = numbers(num_rows, num_actions)
    logits = joined(parts[0].float(), parts[1].float().view(num_rows, num_actions, num_atoms))
    probabilities = torch.softmax(logits, -1).detach()
    torch.testing.assert_close(dueling.mean_returns(*parts, atoms), expectation(probabilities, atoms))
    found = dueling.projected_returns(*parts, action, reward, factor, atoms)
    torch.testing.assert_close(
        found, project(chosen(probabilities, action), reward, factor, atoms), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_cross_entropies_and_their_gradients_are_those_of_float32(
    num_rows: int, num_actions: int, num_atoms: int, dtype: torch.dtype
) -> None:
    value, advantage = said(dtype, num_rows, num_atoms), said(dtype, num_rows, num_actions * num_atoms, seed=1)
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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("num_rows", "num_actions", "num_fractions"), SHAPES)
def test_quantiles_and_the_gradients_of_their_errors_are_those_of_float32(
    num_rows: int, num_actions: int, num_fractions: int, dtype: torch.dtype
) -> None:
    value, advantage = (
        said(dtype, num_rows, num_fractions, 1),
        said(dtype, num_rows, num_fractions, num_actions, seed=1),
    )
    full = exact(value), exact(advantage)
    action, reward, factor = numbers(num_rows, num_actions)
    fraction = torch.rand((num_rows, num_fractions), generator=torch.Generator().manual_seed(7))
    target = 3 * drawn(num_rows, 5, seed=2)
    quantile = joined(full[0], full[1].unsqueeze(-1)).squeeze(-1).transpose(1, 2)
    torch.testing.assert_close(dueling.mean_quantiles(value, advantage), quantile.mean(-1), rtol=1e-4, atol=1e-5)
    moved = dueling.moved_quantiles(value, advantage, action, reward, factor)
    torch.testing.assert_close(moved, reward[:, None] + factor[:, None] * chosen(quantile, action))
    errors = dueling.quantile_errors(value, advantage, action, fraction, target)
    expected = quantile_huber(chosen(quantile, action), fraction, target)
    torch.testing.assert_close(errors, expected, rtol=1e-4, atol=1e-5)
    errors.backward(reward)
    expected.backward(reward)
    assert_near(value.grad, full[0].grad)
    if num_actions > 1:
        assert_near(advantage.grad, full[1].grad)
