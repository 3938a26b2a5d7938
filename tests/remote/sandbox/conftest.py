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
    if who == "root" or os.geteuid() != 0:
        return [sys.executable]
    paths = ":".join([sys.base_prefix, str(REPOSITORY), str(code)])
    own_namespace = ["unshare", "--mount", "--propagation", "private"]
    return [*own_namespace, sys.executable, str(HERE / "as_user.py"), "nobody", paths, sys.executable]


Run = Callable[..., Any]


@pytest.fixture(scope="module", params=["root", "user"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run ``outside.py`` with bubblewrap, started by root or by an ordinary user, and return what it prints."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("only root can start a sandbox as root")
    python = partial(python_of, request.param)
    return lambda *what: outcome(python, "bubblewrap", tmp_path_factory, *what)


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
