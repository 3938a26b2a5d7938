"""Return distributions by the kernels are those of torch in float32, and so are their gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from newgameplus.learning import dueling as by_torch
from newgameplus.nn import dueling
from newgameplus.nn.cpu import dueling as by_kernels
from newgameplus.nn.cpu.compiled import availability, kernels

pytestmark = pytest.mark.usefixtures("instruction_set")

SHAPES = [(1, 7, 51), (5, 1, 2), (32, 10, 11), (3, 4, 64)]
"""Rows, actions, and atoms or fractions."""
TOLERANCE = {torch.bfloat16: 1e-2, torch.float32: 1e-5}
"""Of ``||found - wanted|| / ||wanted||`` of gradients, which are rounded to the kernels' precision."""


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def atom_parts(num_rows: int, num_actions: int, num_atoms: int) -> tuple[Tensor, Tensor]:
    return low(num_rows, num_atoms), low(num_rows, num_actions * num_atoms, seed=1)


def quantile_parts(num_rows: int, num_actions: int, num_fractions: int) -> tuple[Tensor, Tensor]:
    return low(num_rows, num_fractions, 1), low(num_rows, num_fractions, num_actions, seed=1)


def low(*shape: int, seed: int = 0) -> Tensor:
    return (3 * drawn(*shape, seed=seed)).to(availability.dtype).requires_grad_()


def exact(parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    value, advantage = (part.detach().float().requires_grad_() for part in parts)
    return value, advantage


def assert_near(parts: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor]) -> None:
    for mine, yours in zip(parts, wanted, strict=True):
        assert mine.grad is not None
        assert yours.grad is not None
        error = (mine.grad.float() - yours.grad).norm()
        assert float(error) <= TOLERANCE[availability.dtype] * float(yours.grad.norm()) + 1e-5


def numbers(num_rows: int, num_actions: int) -> tuple[Tensor, Tensor, Tensor]:
    action = torch.arange(num_rows) * 3 % num_actions
    return action, 4 * drawn(num_rows, seed=5), torch.rand(num_rows, generator=torch.Generator().manual_seed(6))


@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_means_and_targets_on_atoms(num_rows: int, num_actions: int, num_atoms: int) -> None:
    parts, atoms = atom_parts(num_rows, num_actions, num_atoms), torch.linspace(-5, 5, num_atoms)
    given = (*numbers(num_rows, num_actions), atoms)
    with torch.no_grad():
        means, target = by_kernels.mean_returns(*parts, atoms), by_kernels.projected_returns(*parts, *given)
        assert means is not None
        assert target is not None
        torch.testing.assert_close(means, by_torch.mean_returns(*exact(parts), atoms), rtol=1e-4, atol=1e-5)
        wanted = by_torch.projected_returns(*exact(parts), *given)
        torch.testing.assert_close(target, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("num_rows", "num_actions", "num_atoms"), SHAPES)
def test_cross_entropies_and_their_gradients(num_rows: int, num_actions: int, num_atoms: int) -> None:
    parts = atom_parts(num_rows, num_actions, num_atoms)
    full = exact(parts)
    action, gradient, _ = numbers(num_rows, num_actions)
    target = torch.softmax(drawn(num_rows, num_atoms, seed=2), -1)
    found, wanted = by_kernels.cross_entropies(*parts, action, target), by_torch.cross_entropies(*full, action, target)
    assert found is not None
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    found.backward(gradient)
    wanted.backward(gradient)
    assert_near(parts, full)


@pytest.mark.parametrize(("num_rows", "num_actions", "num_fractions"), SHAPES)
def test_means_and_targets_of_quantiles(num_rows: int, num_actions: int, num_fractions: int) -> None:
    parts, given = quantile_parts(num_rows, num_actions, num_fractions), numbers(num_rows, num_actions)
    with torch.no_grad():
        means, target = by_kernels.mean_quantiles(*parts), by_kernels.moved_quantiles(*parts, *given)
        assert means is not None
        assert target is not None
        torch.testing.assert_close(means, by_torch.mean_quantiles(*exact(parts)), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(target, by_torch.moved_quantiles(*exact(parts), *given), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("num_targets", [1, 5, 32])
@pytest.mark.parametrize(("num_rows", "num_actions", "num_fractions"), SHAPES)
def test_quantile_errors_and_their_gradients(
    num_rows: int, num_actions: int, num_fractions: int, num_targets: int
) -> None:
    parts = quantile_parts(num_rows, num_actions, num_fractions)
    full = exact(parts)
    action, gradient, _ = numbers(num_rows, num_actions)
    fraction = torch.rand((num_rows, num_fractions), generator=torch.Generator().manual_seed(7))
    target = 3 * drawn(num_rows, num_targets, seed=2)
    found = by_kernels.quantile_errors(*parts, action, fraction, target)
    wanted = by_torch.quantile_errors(*full, action, fraction, target)
    assert found is not None
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    found.backward(gradient)
    wanted.backward(gradient)
    assert_near(parts, full)


def test_a_certain_distribution_has_no_error_in_its_probabilities() -> None:
    value = torch.full((1, 4), -1e4, dtype=availability.dtype)
    value[0, 2] = 1e4
    advantage, atoms = torch.zeros((1, 4), dtype=availability.dtype), torch.linspace(-1, 2, 4)
    assert dueling.mean_returns(value, advantage, atoms).item() == pytest.approx(1)
    errors = dueling.cross_entropies(value, advantage, torch.tensor([0]), torch.tensor([[0.0, 0.0, 1.0, 0.0]]))
    assert errors.item() == pytest.approx(0)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_hidden(number: float) -> None:
    value, advantage = (part.detach().clone() for part in atom_parts(2, 3, 20))
    advantage[1, 25] = number
    action, target = torch.tensor([1, 1]), torch.softmax(drawn(2, 20), -1)
    errors = dueling.cross_entropies(value.requires_grad_(), advantage, action, target)
    errors.sum().backward()
    assert errors.isfinite().tolist() == [True, False]
    assert value.grad is not None
    assert value.grad.isfinite().all(1).tolist() == [True, False]
    value, advantage = (part.detach().clone() for part in quantile_parts(2, 3, 20))
    advantage[1, 4, 1] = float("nan")
    errors = dueling.quantile_errors(value, advantage, action, torch.rand(2, 20), drawn(2, 5))
    assert errors.isfinite().tolist() == [True, False]


def test_torch_computes_what_needs_other_gradients() -> None:
    parts = atom_parts(2, 3, 20)
    assert by_kernels.mean_returns(*parts, torch.linspace(-1, 1, 20)) is None
    dueling.mean_returns(*parts, torch.linspace(-1, 1, 20)).sum().backward()
    assert parts[0].grad is not None


def test_kernels_refuse_shapes_that_do_not_fit_and_actions_that_there_are_not() -> None:
    value, advantage = (part.detach() for part in atom_parts(2, 3, 20))
    errors, change, target = torch.empty(2), torch.empty(2, 20), torch.zeros(2, 20)
    with pytest.raises(ValueError, match="action"):
        kernels.cross_entropies(value, advantage, torch.tensor([0, 3]), target, errors, change)
    with pytest.raises(ValueError, match=r"target must be of shape \[2, 20\], not \[2, 19\]"):
        kernels.cross_entropies(value, advantage, torch.tensor([0, 1]), torch.zeros(2, 19), errors, change)
    with pytest.raises(ValueError, match="quantiles of three"):
        kernels.average_quantiles(value, advantage, torch.empty(2, 3))
    with pytest.raises(ValueError, match=r"\[B, N, 1\]"):
        kernels.expect_returns(value, advantage[0], torch.zeros(20), torch.empty(2, 3))
