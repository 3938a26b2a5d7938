"""What computes: versions and hashes that two machines must have in common, so that they play alike."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import multiprocessing
import pkgutil
import platform
import socket
from collections.abc import Iterable, Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import newgameplus
from newgameplus.errors import NewGamePlusError, RomError

_PACKAGES = ("newgameplus", "stable-retro", "numpy", "gymnasium", "opencv-python-headless", "torch", "distributed")
_ABSENT = "none"


@functools.cache
def identity() -> dict[str, str]:
    """Return the versions of what plays and learns in this process, and the SHA-256 of its compiled modules."""
    versions = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = _ABSENT
    return versions | _compiled_sha256()


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str | None:
    """Return a clause that names both sides of what differs, or None if nothing does."""
    parts = [
        f"{name} {theirs.get(name, _ABSENT)} instead of {ours.get(name, _ABSENT)} here"
        for name in {**ours, **theirs}
        if ours.get(name, _ABSENT) != theirs.get(name, _ABSENT)
    ]
    return f"has {' and '.join(parts)}; install the same on both" if parts else None


def needs_of(games: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what a machine must have to play ``games``: the SHA-1 of each one's ROM, the SHA-256 of its core.

    Raises:
        NewGamePlusError: a game or its ROM is missing here.
    """
    from newgameplus.games.catalogue import find_game

    found = {}
    for name in sorted(set(games)):
        game = find_game(name)
        rom = hashlib.sha1(game.rom().read_bytes(), usedforsecurity=False).hexdigest()
        found[name] = {"ROM (SHA-1)": rom, "core (SHA-256)": game.core().sha256}
    return found


def lacking(needs: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return a clause on what this machine lacks of ``needs``, or None."""
    for game, needed in needs.items():
        try:
            found = needs_of([game])[game]
        except NewGamePlusError as error:
            rom = needed["ROM (SHA-1)"]
            what = "the ROM of" if isinstance(error, RomError) else "the game"
            return f"lacks {what} {game} (ROM with the SHA-1 {rom}), which is never sent: import it there"
        for part, value in needed.items():
            if found[part] != value:
                return f"has another {part} of {game}: {found[part]} instead of {value} here"
    return None


def unfit(ours: Mapping[str, str], needs: Mapping[str, Mapping[str, str]], num_threads: int) -> str | None:
    """Return a clause on why this process cannot be a worker for whoever asks, or None.

    Args:
        ours: identity of who asks.
        needs: result of :func:`needs_of` there.
        num_threads: number of tasks that this process runs at a time.
    """
    if num_threads != 1:
        return (
            f"runs {num_threads} tasks in one process, so that one which ends it takes others with it: start it with "
            "--nthreads 1"
        )
    if multiprocessing.current_process().daemon:
        return (
            "may start no processes of its own: start it with DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
        )
    return difference(ours, identity()) or lacking(needs)


def describe() -> dict[str, Any]:
    """Return what is shown of a worker's machine."""
    return {"host": socket.gethostname(), "identity": identity()}


def _compiled_sha256() -> dict[str, str]:
    """SHA-256 of each compiled module of the package, by its name; empty where it was installed without a compiler."""
    found = {}
    for module in pkgutil.iter_modules(newgameplus.__path__, "newgameplus."):
        spec = importlib.util.find_spec(module.name)
        if spec is not None and spec.origin is not None and spec.origin.endswith(tuple(EXTENSION_SUFFIXES)):
            with Path(spec.origin).open("rb") as file:
                found[module.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
