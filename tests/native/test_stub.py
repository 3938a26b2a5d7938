"""The stubs that the type checker reads say what the compiled modules have."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import newgameplus


def outline(source: str) -> dict[str, list[str]]:
    """Name of each class, function and method to its arguments."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = arguments(node)
        if isinstance(node, ast.ClassDef):
            found[node.name] = [ast.unparse(base) for base in node.bases]
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    found[f"{node.name}.{member.name}"] = arguments(member)
    return found


def arguments(function: ast.FunctionDef) -> list[str]:
    decorators = [ast.unparse(each) for each in function.decorator_list]
    every = function.args
    return [
        *decorators,
        *(each.arg for each in (*every.posonlyargs, *every.args)),
        "*",
        *(each.arg for each in every.kwonlyargs),
    ]


def assert_same(module: str, stub: str, folder: Path) -> None:
    generated = folder / f"{module}.pyi"
    command = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", f"newgameplus.{module}", "-o", str(generated)]
    subprocess.run(command, check=True)
    ours = Path(newgameplus.__file__).parent / f"{stub}.pyi"
    assert outline(ours.read_text()) == outline(generated.read_text())


@pytest.mark.parametrize("name", ["_engine", "_processor"])
def test_the_stub_has_the_names_and_arguments_of_the_module(name: str, tmp_path: Path) -> None:
    assert_same(name, name, tmp_path)


def test_all_modules_of_kernels_have_the_names_and_arguments_of_their_stub(
    instruction_set: str, tmp_path: Path
) -> None:
    assert_same(f"_kernels_{instruction_set}", "_kernels", tmp_path)
