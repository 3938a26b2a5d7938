"""How an entry is started in a sandbox: its program, its Python, what it sees and what it must not see."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import NotFoundError, UsageError
from newgameplus.games.folders import bundled_games, cache, home, named_collections, stable_retro_collections
from newgameplus.remote.client import DEFAULT_DESCRIPTOR, DESCRIPTOR_VARIABLE
from newgameplus.remote.entries.entry import Entry
from newgameplus.remote.entries.store import client_folder
from newgameplus.remote.sandbox.spec import Bind, Spec, interpreter_binds

INSIDE = Path("/entry")
"""Where an entry lies in a sandbox."""
PACKAGES = Path("/packages")
"""Where its requirements lie."""
CLIENT = Path("/client")
"""Where the client lies beside them."""
OLD = Path("/contest2018")
"""Where the modules of 2018 lie."""
OLD_MODULES = Path(__file__).parents[2] / "compat" / "contest2018" / "_path"
"""Folder with these modules, which nothing here imports."""
CALL = """
import importlib, sys
module, name = sys.argv[1].split(":")
play = getattr(importlib.import_module(module), name)
from newgameplus.remote.client import SessionOverError, connect
try:
    play(connect())
except SessionOverError as error:
    print(error)
"""
"""Program that calls a function of an entry with its environment."""
_GB = 1 << 30
_SYSTEM = Path("/usr")
_ASKED = """
import sys
print(sys.version_info[1], sys.base_prefix, getattr(sys, "_base_executable", sys.executable), sep="\\n")
"""


@dataclass(frozen=True, slots=True)
class Python:
    """A Python that an entry runs on."""

    version: str
    program: Path
    binds: tuple[Bind, ...]
    """What it needs of this machine beside ``/usr``."""


def own_python() -> Python:
    """Return the Python that New Game Plus runs on, with all that is installed for it."""
    return Python(f"3.{sys.version_info[1]}", Path(sys.executable), interpreter_binds())


def bare_python(version: str | None) -> Python:
    """Return a Python of this machine without what is installed for it.

    Args:
        version: such as ``3.11``; None for that of New Game Plus.

    Raises:
        NotFoundError: there is none.
    """
    own = f"3.{sys.version_info[1]}"
    program = sys.executable if version in (None, own) else shutil.which(f"python{version}")
    told: list[str] = []
    if program is not None:
        done = subprocess.run([program, "-I", "-c", _ASKED], capture_output=True, text=True, check=False)
        told = done.stdout.splitlines()
    if len(told) != 3 or (version or own) != f"3.{told[0]}":
        raise NotFoundError(f"The entry asks for Python {version}, and there is no python{version} here: install it.")
    base = Path(told[1])
    return Python(version or own, Path(told[2]), () if _SYSTEM in (base, *base.parents) else (Bind(base),))


def python_of(entry: Entry) -> Python:
    """Return the Python that an entry runs on.

    Raises:
        NotFoundError: it is not here.
        UsageError: the entry asks for another than that of New Game Plus, but not for its packages.
    """
    if entry.requirements is not None:
        return bare_python(entry.python)
    own = own_python()
    if entry.python not in (None, own.version):
        raise UsageError(
            f"{entry.title} asks for Python {entry.python}, but New Game Plus and its packages are here for Python "
            f"{own.version}: name what it needs in requirements, numpy first of all."
        )
    return own


def entry_spec(
    entry: Entry, folder: Path, descriptors: Sequence[int], *, packages: Path | None = None, is_isolated: bool = True
) -> Spec:
    """Return how an entry is started.

    Args:
        entry: the entry.
        folder: folder that it is unpacked in.
        descriptors: open files that it gets, the socket to the environment first.
        packages: folder with its requirements, if it has any.
        is_isolated: whether the sandbox gives it a file system of its own.

    Raises:
        NewGamePlusError: its Python is not here, or the sandbox lacks what it needs.
    """
    if entry.accelerator != "none" and is_isolated:
        raise UsageError(f"{entry.title} asks for {entry.accelerator}, which no sandbox gives: --sandbox none does.")
    python = python_of(entry)
    here = INSIDE if is_isolated else folder
    added = _added_to_path(entry, packages)
    binds = (*python.binds, Bind(folder, INSIDE), *added)
    path = os.pathsep.join(str(bind.inside if is_isolated else bind.source) for bind in added)
    env = {"PYTHONPATH": path} if added else {}
    return Spec(
        argv=_argv(entry, python.program, here),
        env={**environment(), **env},
        binds=binds if is_isolated else (),
        masked=masked(binds) if is_isolated else (),
        working_folder=str(here),
        memory_bytes=int(entry.memory_gb * _GB),
        descriptors=tuple(descriptors),
    )


def _added_to_path(entry: Entry, packages: Path | None) -> tuple[Bind, ...]:
    """What is added to the path of an entry's Python; its own packages come before the modules of 2018."""
    old = () if entry.api is None else (Bind(OLD_MODULES, OLD),)
    return old if packages is None else (Bind(client_folder(), CLIENT), Bind(packages, PACKAGES), *old)


def environment() -> dict[str, str]:
    """Variables of every program that plays: where its environment is, and its share of the cores."""
    shared = {name: value for name in ("OMP_NUM_THREADS",) if (value := os.environ.get(name)) is not None}
    return {
        DESCRIPTOR_VARIABLE: str(DEFAULT_DESCRIPTOR),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **shared,
    }


def masked(binds: Sequence[Bind]) -> tuple[Path, ...]:
    """Return what must not be seen though a folder above it is bound: ROMs, levels, states, the user's own folders."""
    seen = [_SYSTEM, *(bind.inside for bind in binds)]
    secret = [bundled_games(), home(), cache(), *map(Path, named_collections()), *_roms_of_packages()]
    return tuple(
        dict.fromkeys(path for path in secret if path.exists() and any(above in path.parents for above in seen))
    )


def _roms_of_packages() -> list[Path]:
    """Folders of other packages that hold ROMs and start states."""
    atari = importlib.util.find_spec("ale_py")
    roms = [Path(folder) / "roms" for folder in (atari.submodule_search_locations or ())] if atari else []
    return [*roms, *stable_retro_collections()]


def _argv(entry: Entry, python: Path, here: Path) -> tuple[str, ...]:
    if entry.function is not None:
        call = ("-c", CALL) if entry.api is None else ("-m", "retro_contest.agent")
        return (str(python), *call, entry.function)
    assert entry.command is not None
    program, *arguments = entry.command
    if program in ("python", "python3"):
        return (str(python), *arguments)
    if "/" not in program:
        return entry.command
    return (os.path.normpath(here / program), *arguments)
