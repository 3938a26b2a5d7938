"""Hostile programs, run once for each way to start a sandbox; tests then look at what came of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
OUTSIDE = "outside.py"


def python_of(who: str, code: Path) -> list[str]:
    """The beginning of a command that runs Python as root, or as an ordinary user who can read a folder."""
    if who != "user" or os.geteuid() != 0:
        return [sys.executable]
    paths = ":".join([sys.base_prefix, str(REPOSITORY), str(code)])
    own_namespace = ["unshare", "--mount", "--propagation", "private"]
    return [*own_namespace, sys.executable, str(HERE / "as_user.py"), "nobody", paths, sys.executable]


@pytest.fixture(scope="session")
def working_bubblewrap() -> None:
    """Skip where bubblewrap is missing, or the kernel lets it make no namespaces."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    tried = subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"bubblewrap cannot work here: {tried.stderr.decode(errors='replace').strip()}")


@pytest.fixture(scope="session")
def working_podman() -> None:
    """Skip where podman is missing, and where it would run without root's rights, which is not tried here."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    if os.geteuid() != 0:
        pytest.skip("containers are only tested as root")


@pytest.fixture(scope="module")
def run_as(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Callable[..., Any]]:
    """Return, for ``root``, ``user`` or ``container``, what runs ``outside.py`` so and returns what it prints.

    The first two start bubblewrap as root and as an ordinary user; the third a container, as whoever runs the tests.
    """

    def runner(way: str) -> Callable[..., Any]:
        kind = "container" if way == "container" else "bubblewrap"
        request.getfixturevalue("working_podman" if way == "container" else "working_bubblewrap")
        if way == "root" and os.geteuid() != 0:
            pytest.skip("only root can start a sandbox as root")
        return partial(outcome, partial(python_of, way), kind, tmp_path_factory)

    return runner


def outcome(command: Callable[[Path], list[str]], kind: str, folders: pytest.TempPathFactory, *what: str) -> Any:
    folder = folders.mktemp("hostile")
    code = folder / "code"
    (code / "levels").mkdir(parents=True)
    for name in ("attacks.py", "bombs.py"):
        shutil.copy(HERE / name, code)
    (code / "levels" / "Secret.state").write_text("a state")
    (code / "rom.md").write_text("a ROM")
    (code / "secret").write_text("a password")
    (code / "secret").chmod(0o600)
    done = subprocess.run(
        [*command(code), str(HERE / OUTSIDE), kind, str(code), *what], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)
