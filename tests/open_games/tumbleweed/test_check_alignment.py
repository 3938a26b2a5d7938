"""The check of the game's machine code finds what a 68000 cannot run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "games" / "tumbleweed" / "tools" / "check_alignment.py"


@pytest.fixture(scope="module")
def problem() -> Callable[[str, str], str | None]:
    spec = importlib.util.spec_from_file_location("check_alignment", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str, str], str | None] = module.problem
    return found


@pytest.mark.parametrize(
    ("opcode", "arguments"),
    [
        ("movew", "ff01f1 <player+0x1>,%d0"),
        ("movel", "%d0,%a0@(3)"),
        ("addw", "%a2@(-5,%d0:l),%d1"),
        ("moveml", "%d2-%d3,%a0@(7)"),
        ("mulsl", "%d0,%d1"),
        ("extbl", "%d0"),
        ("bfextu", "%d0{#1:#4},%d1"),
        ("movew", "%a0@(0,%d0:l:4),%d1"),
    ],
)
def test_it_finds_odd_words_and_later_instructions(
    problem: Callable[[str, str], str | None], opcode: str, arguments: str
) -> None:
    assert problem(opcode, arguments) is not None


@pytest.mark.parametrize(
    ("opcode", "arguments"),
    [
        ("movew", "ff01f0 <player>,%d0"),
        ("moveb", "%fp@(-5),%a2@(2)"),
        ("lea", "%a0@(3),%a1"),
        ("pea", "%fp@(-5)"),
        ("addiw", "#255,%d0"),
        ("bnew", "652d <floor_distance+0x6c>"),
        ("extl", "%d0"),
        ("mulsw", "%d0,%d1"),
        ("divuw", "%a0@(2),%d1"),
    ],
)
def test_it_lets_the_68000_s_own_instructions_pass(
    problem: Callable[[str, str], str | None], opcode: str, arguments: str
) -> None:
    assert problem(opcode, arguments) is None
