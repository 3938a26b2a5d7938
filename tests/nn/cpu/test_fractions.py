"""Features times those of fractions by the kernels are those of torch in more precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from newgameplus.nn.cpu import fractions
from newgameplus.nn.cpu.compiled import availability
from newgameplus.nn.fractions import multiply_by_fractions

pytestmark = pytest.mark.usefixtures("instruction_set")
TOLERANCES = {torch.bfloat16: (1e-2, 3e-2), torch.float32: (1e-5, 1e-5)}
"""Of ``||found - wanted|| / ||wanted||``, and of that for weights.

A rectifier that rounding opens or closes passes a whole gradient, or none of it.
"""


def assert_near(found: Tensor | None, wanted: Tensor | None, is_weight: bool = False) -> None:
    assert found is not None
    assert wanted is not None
    assert found.shape == wanted.shape
    error = float((found.double() - wanted).detach().norm() / wanted.detach().norm())
    assert error <= TOLERANCES[availability.dtype][is_weight]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def low(*shape: int, seed: int = 0) -> Tensor:
    return (3 * drawn(*shape, seed=seed)).to(availability.dtype).requires_grad_()


@pytest.mark.parametrize(
    ("num_rows", "num_fractions", "num_features"), [(1, 8, 2592), (32, 8, 96), (3, 5, 32), (2, 1, 64)]
)
def test_features_times_fractions_and_their_gradients_are_those_of_more_precision(
    num_rows: int, num_fractions: int, num_features: int
) -> None:
    torch.manual_seed(0)
    mine = nn.Linear(64, num_features).to(availability.dtype)
    yours = copy.deepcopy(mine).double()
    features = low(num_rows, num_features)
    full = features.detach().double().requires_grad_()
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
    given = drawn(*found.shape, seed=3).to(availability.dtype)
    found.backward(given)
    expected.backward(given.double())
    assert_near(found, expected)
    assert_near(features.grad, full.grad)
    for layer, other in zip(mine.parameters(), yours.parameters(), strict=True):
        assert_near(layer.grad, other.grad, is_weight=True)


def test_what_is_no_number_stays_none() -> None:
    layer = nn.Linear(32, 32).to(availability.dtype)
    fraction = torch.tensor([[float("nan")]])
    found = fractions.multiply_by_fractions(low(1, 32), fraction, layer)
    assert found is not None
    assert not found.isfinite().any()
