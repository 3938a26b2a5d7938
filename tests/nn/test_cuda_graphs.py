"""What is replayed on a GPU computes what the function says, and what is copied arrives as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from newgameplus.nn.cuda_graphs import (
    Answer,
    Inputs,
    Replayed,
    pinned_zeros,
    put_rows,
    take_rows,
)
from newgameplus.nn.optimizer import adam, optimizer_tensors, set_learning_rate, step_if_finite

pytestmark = pytest.mark.usefixtures("one_thread")

DEVICES = [torch.device("cpu"), pytest.param(torch.device("cuda"), marks=pytest.mark.cuda)]
every_device = pytest.mark.parametrize("device", DEVICES, ids=["cpu", "cuda"])


@every_device
def test_a_replayed_function_reads_what_lies_in_its_tensors_at_each_call(device: torch.device) -> None:
    given = torch.zeros(3, device=device)
    double = Replayed(lambda: given * 2, device)
    for number in (1.0, 2.0, 5.0):
        given.fill_(number)
        assert double().tolist() == [2 * number] * 3


@every_device
def test_what_a_replayed_function_keeps_has_changed_once_for_each_call(device: torch.device) -> None:
    total = torch.zeros((), device=device)
    add = Replayed(lambda: total.add_(1), device, [total])
    for count in range(1, 5):
        add()
        assert float(total) == count


@every_device
def test_a_replayed_function_draws_what_its_generator_would_have_drawn(device: torch.device) -> None:
    generator, twin = (torch.Generator(device).manual_seed(3) for _ in range(2))
    draw = Replayed(lambda: torch.randn(5, device=device, generator=generator), device, generators=[generator])
    first, state, second = draw().clone(), generator.get_state(), draw().clone()
    assert torch.equal(first, torch.randn(5, device=device, generator=twin))
    assert torch.equal(second, torch.randn(5, device=device, generator=twin))
    generator.set_state(state)
    assert torch.equal(draw(), second)


@every_device
def test_arrays_that_travel_together_arrive_as_they_were(device: torch.device) -> None:
    fields = {
        "few": ((3,), np.uint8),
        "whole": ((2, 2), np.int64),
        "real": ((5,), np.float32),
        "none": ((0,), np.int64),
    }
    inputs = Inputs(fields, device)
    random = np.random.default_rng(0)
    for _ in range(3):
        arrays = {name: (random.random(shape) * 200).astype(dtype) for name, (shape, dtype) in fields.items()}
        inputs.upload(arrays)
        for name, array in arrays.items():
            assert inputs.tensors[name].device.type == device.type
            assert np.array_equal(inputs.tensors[name].cpu().numpy(), array)


@every_device
def test_an_answer_is_what_was_fetched_last(device: torch.device) -> None:
    answer = Answer((2,), torch.float32, device)
    for number in (1.0, 2.0):
        answer.fetch(torch.full((2,), number, device=device))
        assert answer.read().tolist() == [number] * 2


@every_device
@pytest.mark.parametrize("shape", [(6, 4, 4), (6, 3, 3)], ids=["eight bytes at a time", "one byte at a time"])
def test_rows_are_taken_and_put_where_they_belong(device: torch.device, shape: tuple[int, ...]) -> None:
    table = torch.arange(np.prod(shape), dtype=torch.uint8).reshape(shape).to(device)
    index = torch.tensor([4, 0, 4], device=device)
    rows = take_rows(table, index)
    assert torch.equal(rows, table[index])
    put_rows(table, index, 255 - rows)
    assert torch.equal(table[4], 255 - rows[0])
    assert torch.equal(table[0], 255 - rows[1])
    assert torch.equal(
        table[1].flatten().cpu(), torch.arange(table[0].numel(), 2 * table[0].numel(), dtype=torch.uint8)
    )


@every_device
def test_replayed_gradient_steps_are_those_of_an_optimizer_that_is_told_every_number(device: torch.device) -> None:
    torch.manual_seed(0)
    given = torch.randn(8, 4, device=device)
    layers = [nn.Linear(4, 3).to(device) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    optimizer, plain = (
        adam(layers[0].parameters(), 0.1, 1e-5, device),
        torch.optim.Adam(layers[1].parameters(), 0.1, eps=1e-5),
    )

    def learn(layer: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        layer(given).square().sum().backward()
        step_if_finite(optimizer, layer.weight.grad.norm())

    replayed = Replayed(
        lambda: learn(layers[0], optimizer), device, [*layers[0].parameters(), *optimizer_tensors(optimizer)]
    )
    for rate in (0.1, 0.1, 0.01, 0.3):
        set_learning_rate(optimizer, rate)
        plain.param_groups[0]["lr"] = rate
        given.normal_()
        replayed()
        learn(layers[1], plain) if device.type == "cpu" else plainly(layers[1], plain, given)
        torch.testing.assert_close(layers[0].weight, layers[1].weight)


def plainly(layer: nn.Linear, optimizer: torch.optim.Optimizer, given: torch.Tensor) -> None:
    optimizer.zero_grad()
    layer(given).square().sum().backward()
    optimizer.step()


@every_device
def test_a_gradient_that_is_no_number_changes_nothing(device: torch.device) -> None:
    layer = nn.Linear(4, 3).to(device)
    optimizer = adam(layer.parameters(), 0.1, 1e-5, device)
    before = layer.weight.detach().clone()
    layer(torch.full((1, 4), torch.nan, device=device)).sum().backward()
    step_if_finite(optimizer, layer.weight.grad.norm())
    assert torch.equal(layer.weight, before)
    assert not any(tensor.any() for tensor in optimizer_tensors(optimizer))


@pytest.mark.cuda
def test_pinned_memory_is_an_ordinary_array() -> None:
    array = pinned_zeros((3, 2), np.uint8)
    array[1] = 7
    assert torch.from_numpy(array).cuda().sum().item() == 14
