"""Names of things that are imported when they are wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from newgameplus.errors import NotFoundError
from newgameplus.registry import resolve


def test_a_reference_becomes_the_object_it_names() -> None:
    assert resolve("newgameplus.registry:resolve") is resolve


@pytest.mark.parametrize("reference", ["", "newgameplus.registry", ":resolve", "newgameplus.registry:", "resolve"])
def test_a_reference_without_module_or_name_is_refused(reference: str) -> None:
    with pytest.raises(NotFoundError, match="not of the form"):
        resolve(reference)


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"newgameplus\.nowhere"):
        resolve("newgameplus.nowhere:Thing")


def test_a_name_that_the_module_lacks_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"newgameplus\.registry has no 'Thing'"):
        resolve("newgameplus.registry:Thing")


def test_an_error_inside_the_module_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ZeroDivisionError):
        resolve("broken_module:Thing")


def test_a_missing_package_of_an_extra_is_answered_with_the_line_that_installs_it(tmp_path: Path) -> None:
    program = """
from importlib.machinery import PathFinder
find, missing = PathFinder.find_spec, ("torch", "pygame", "lupa", "ale_py")
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] in missing else find(name, *more)
from newgameplus.cli.main import run
for line in ("train ppo", "evaluate ppo", "evaluate experts", "games import --from-ale"):
    print(run(line.split()))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2"] * 4
    lines = done.stderr.splitlines()
    assert [("[train]" in line, "[atari]" in line) for line in lines] == [(True, False)] * 3 + [(False, True)]
