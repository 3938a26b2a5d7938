"""Each operation asks its kernel first and is computed by torch where there is no answer; nobody else knows of it."""

from __future__ import annotations

import importlib
import pkgutil
from inspect import unwrap

import pytest

import newgameplus.nn
from newgameplus.nn.cpu import table
from newgameplus.nn.cpu.compiled import using
from newgameplus.nn.cpu.table import FastPath


def by_torch(number: float) -> str:
    return f"torch: {number}"


def kernel(number: float) -> str | None:
    """It does whole numbers alone."""
    return f"kernel: {number}" if number == int(number) else None


@pytest.mark.usefixtures("instruction_set")
def test_the_kernel_is_asked_first_and_torch_where_it_does_not_apply() -> None:
    operation = FastPath(kernel)(by_torch)
    assert operation(2) == "kernel: 2"
    assert operation(number=2.5) == "torch: 2.5"
    assert unwrap(operation) is by_torch


def test_turned_off_kernels_are_not_asked() -> None:
    with using("off"):
        assert FastPath(kernel)(by_torch)(2) == "torch: 2"


def test_every_line_of_the_table_stands_beside_one_operation_in_torch() -> None:
    kernels = {name for name, entry in vars(table).items() if isinstance(entry, FastPath)}
    operations = set()
    for module in pkgutil.iter_modules(newgameplus.nn.__path__, "newgameplus.nn."):
        for name, member in vars(importlib.import_module(module.name)).items():
            if callable(member) and unwrap(member) is not member:
                operations.add(name)
    assert kernels <= operations
    assert len(kernels) == 16
