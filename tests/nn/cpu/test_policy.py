"""What kernels make of a policy, a value and PPO's losses is what torch makes of them in more precision."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from newgameplus.learning import losses
from newgameplus.learning.losses import PpoSteps, PpoWeights
from newgameplus.nn.cpu import policy, ppo
from newgameplus.nn.cpu.compiled import availability, kernels

pytestmark = pytest.mark.usefixtures("instruction_set")
NUM_ROWS = 40


TOLERANCES = {torch.bfloat16: 5e-3, torch.float32: 1e-5}
"""Of ``||found - wanted|| / ||wanted||``."""


def near(found: Tensor | None, wanted: Tensor | None) -> bool:
    assert found is not None
    assert wanted is not None
    return float((found.detach().double() - wanted.detach()).norm()) <= TOLERANCES[availability.dtype] * float(
        wanted.detach().norm()
    )


@pytest.mark.parametrize("num_rows", [1, 7, 64])
@pytest.mark.parametrize("num_actions", [1, 7, 10, 23])
def test_a_policy_and_a_value_are_those_of_more_precision(num_actions: int, num_rows: int) -> None:
    torch.manual_seed(0)
    low = [nn.Linear(48, num_outputs).to(availability.dtype) for num_outputs in (num_actions, 1)]
    full = [copy.deepcopy(layer).double() for layer in low]
    hidden = torch.randn(num_rows, 48).to(availability.dtype).requires_grad_()
    exact = hidden.detach().double().requires_grad_()
    found = policy.policy_and_value(hidden, *low)
    features = torch.relu(exact)
    wanted = (torch.log_softmax(full[0](features), -1), full[1](features).squeeze(-1))
    with torch.no_grad():
        alone = policy.policy_and_value(hidden, *low)
    given = (torch.randn(num_rows, num_actions), torch.randn(num_rows))
    for tensors in (found, wanted):
        torch.autograd.backward(tensors, given)
    for mine, again, yours in zip(found, alone, wanted, strict=True):
        torch.testing.assert_close(mine.double(), yours, rtol=1e-4, atol=1e-5)
        assert torch.equal(mine, again)
    assert near(hidden.grad, exact.grad)
    for layer, other in zip(low, full, strict=True):
        for weight, expected in zip(layer.parameters(), other.parameters(), strict=True):
            assert near(weight.grad, expected.grad) or float(expected.grad.norm()) < 1e-5


def test_a_hidden_layer_that_is_no_number_makes_none() -> None:
    layers = [nn.Linear(16, num_outputs).to(availability.dtype) for num_outputs in (3, 1)]
    hidden = torch.randn(2, 16).to(availability.dtype)
    hidden[1, 5] = torch.nan
    log_probabilities, value = policy.policy_and_value(hidden, *layers)
    assert log_probabilities[0].isfinite().all()
    assert value[0].isfinite()
    assert log_probabilities[1].isnan().all()
    assert value[1].isnan()


def steps(num_actions: int, has_reference: bool) -> PpoSteps:
    generator = torch.Generator().manual_seed(3)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    action = torch.randint(0, num_actions, (NUM_ROWS,), generator=generator)
    log_probability = torch.log_softmax(drawn(NUM_ROWS, num_actions), -1).gather(1, action[:, None]).squeeze(1)
    reference = torch.log_softmax(drawn(NUM_ROWS, num_actions if has_reference else 0), -1)
    return PpoSteps(action, log_probability, *(drawn(NUM_ROWS) for _ in range(3)), reference)


@pytest.mark.parametrize("value_clip", [None, 0.3])
@pytest.mark.parametrize("has_reference", [True, False])
def test_the_loss_of_ppo_and_its_gradients_are_those_of_torch(has_reference: bool, value_clip: float | None) -> None:
    weights = PpoWeights(clip=0.2, value_clip=value_clip, value=0.5, entropy=0.03, reference=0.4)
    played, found = steps(6, has_reference), []
    for compute in (ppo.ppo_loss, losses.ppo_loss):
        generator = torch.Generator().manual_seed(5)
        logits = torch.randn((NUM_ROWS, 6), generator=generator, requires_grad=True)
        value = torch.randn(NUM_ROWS, generator=generator, requires_grad=True)
        loss, figures = compute(torch.log_softmax(logits, -1), value, played, weights)
        (2 * loss).backward()
        found.append((loss.detach(), figures, logits.grad, value.grad))
    for mine, yours in zip(*found, strict=True):
        torch.testing.assert_close(mine, yours, rtol=1e-5, atol=1e-7)
    assert (found[0][1] != 0).sum() == (6 if has_reference else 5)


@pytest.mark.parametrize("num_rows", [1, 3, 4, 7, 8])
@pytest.mark.parametrize(("num_inputs", "num_outputs"), [(32, 1), (3136, 512), (96, 35)])
def test_a_hidden_layer_of_few_rows_is_that_of_more_precision(num_inputs: int, num_outputs: int, num_rows: int) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(num_inputs, num_outputs).to(availability.dtype)
    features = torch.randn(num_rows, num_inputs).to(availability.dtype)
    with torch.no_grad():
        found = policy.linear(features, layer)
    assert found.dtype == availability.dtype
    assert near(found, copy.deepcopy(layer).double()(features.double()))
    assert policy.linear(features, layer) is None  # gradients are torch's
    with torch.no_grad():
        assert policy.linear(features.expand(9, -1) if num_rows == 1 else features.repeat(9, 1), layer) is None


def test_actions_are_drawn_as_without_the_kernel() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 3 * torch.randn((200, 7), generator=generator)
    log_probabilities = torch.log_softmax(logits, -1)
    race = torch.empty_like(logits).exponential_(generator=generator)
    action, chosen = policy.draw_actions(log_probabilities, race)
    assert torch.equal(action, (log_probabilities.exp() / race).argmax(-1))
    assert torch.equal(chosen, log_probabilities.gather(1, action[:, None]).squeeze(1))
    log_probabilities[3, 2] = torch.nan
    assert policy.draw_actions(log_probabilities, race)[1].isnan().nonzero().flatten().tolist() == [3]


def test_kernels_refuse_what_does_not_fit() -> None:
    layers = [nn.Linear(16, num_outputs).to(availability.dtype).requires_grad_(False) for num_outputs in (3, 1)]
    weights = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    hidden, logs, values = torch.zeros((2, 16), dtype=availability.dtype), torch.zeros(2, 3), torch.zeros(2)
    kernels.find_policy(hidden, *weights, logs, values)
    with pytest.raises(ValueError, match=r"log_probabilities must be of shape \[2, 3\], not \[2, 2\]"):
        kernels.find_policy(hidden, *weights, torch.zeros(2, 2), values)
    with pytest.raises(ValueError, match="a multiple of 16"):
        kernels.find_policy(hidden[:, :8].contiguous(), weights[0][:, :8].contiguous(), *weights[1:], logs, values)
    action, one = torch.tensor([0, 3]), torch.zeros(2)
    given = (logs, values, action, one, one, one, one, torch.zeros(2, 0), 0.2, -1.0, 0.5, 0.0, 0.0, logs, values)
    with pytest.raises(ValueError, match="Every action must be from 0 to 2"):
        kernels.surrogate(*given)
