"""What a sandbox is told to be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from newgameplus.errors import UsageError
from newgameplus.remote.sandbox.spec import Bind, Spec, interpreter_binds


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"argv": ()}, "needs a program"),
        ({"memory_bytes": 0}, "memory_bytes is 0; it must be at least 1"),
        ({"cpus": -1}, "cpus is -1"),
        ({"binds": (Bind(Path("here")),)}, "path here is relative"),
        ({"binds": (Bind(Path("/here"), Path("there")),)}, "path there is relative"),
        ({"masked": (Path("x"),)}, "path x is relative"),
        ({"working_folder": "."}, "relative"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Spec(**{"argv": ("true",), **settings})  # type: ignore[arg-type] # one of many


def test_what_is_given_covers_the_defaults_of_the_environment() -> None:
    environment = Spec(argv=("true",), env={"HOME": "/home/x", "A": "b"}).environment()
    assert environment == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/home/x",
        "USER": "agent",
        "LANG": "C.UTF-8",
        "A": "b",
    }


def test_the_source_of_a_path_inside_is_that_of_the_bind_above_it() -> None:
    spec = Spec(argv=("true",), binds=(Bind(Path("/a"), Path("/b")), Bind(Path("/c"), Path("/b/d"))))
    assert spec.source_of(Path("/b/x")) == Path("/a/x")
    assert spec.source_of(Path("/b/d/x")) == Path("/c/x")
    assert spec.source_of(Path("/e")) == Path("/e")


def test_an_interpreter_s_folders_are_bound_once_each() -> None:
    folders = [bind.source for bind in interpreter_binds()]
    assert any(Path(sys.prefix).is_relative_to(folder) for folder in folders)
    assert not any(a != b and a.is_relative_to(b) for a in folders for b in folders)
