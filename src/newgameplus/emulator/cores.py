"""The emulator cores on this machine: which console each plays, its buttons, and the fingerprint of its file.

Read from the descriptions (``cores/*.json``) that the stable-retro wheel ships, without loading an emulator.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.errors import EmulatorError, NotFoundError, did_you_mean

_LIBRARY_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


@dataclass(frozen=True, slots=True)
class Console:
    """A system that a core plays, as the core's description has it."""

    name: str
    """stable-retro's system name, such as ``Genesis``; the last part of a game's name."""
    core: str
    """Name of the core, such as ``genesis_plus_gx``."""
    extensions: tuple[str, ...]
    """File name endings of its ROMs, without the dot."""
    buttons: tuple[str | None, ...]
    """Name of each button bit; None where the bit does nothing."""
    action_groups: tuple[tuple[tuple[str, ...], ...], ...]
    """Groups of button combinations; from each group at most one combination is held at a time."""


@dataclass(frozen=True, slots=True)
class Core:
    """One build of an emulator core."""

    name: str
    """Such as ``genesis_plus_gx``."""
    console: Console
    path: Path
    """The core's shared library."""

    @property
    def sha256(self) -> str:
        """Fingerprint of the library file: states and movies belong to one build."""
        return _file_sha256(self.path)

    @property
    def version(self) -> str:
        """The version that the core says it has."""
        return _library_version(self.path)


def stable_retro_folder() -> Path:
    """Where the stable-retro package lies, found without importing it.

    Raises:
        EmulatorError: stable-retro is not installed.
    """
    spec = importlib.util.find_spec("stable_retro")
    if spec is None or spec.origin is None:
        raise EmulatorError("The package stable-retro is missing; install it with: pip install stable-retro")
    return Path(spec.origin).parent


@functools.cache
def consoles() -> dict[str, Console]:
    """Every console that the installed cores can play, by name."""
    found = {}
    for description in sorted((stable_retro_folder() / "cores").glob("*.json")):
        for name, entry in json.loads(description.read_text()).items():
            found[name] = _console(name, entry)
    return found


def _console(name: str, entry: dict[str, Any]) -> Console:
    return Console(
        name=name,
        core=entry["lib"],
        extensions=tuple(entry["ext"]),
        buttons=tuple(entry["buttons"]),
        action_groups=tuple(tuple(tuple(combo) for combo in group) for group in entry.get("actions", [])),
    )


def console_named(name: str) -> Console:
    """Return the console called ``name``.

    Raises:
        NotFoundError: no installed core plays such a console.
    """
    try:
        return consoles()[name]
    except KeyError:
        raise NotFoundError(f"No installed core plays the console {name!r}.{did_you_mean(name, consoles())}") from None


def console_of_rom(path: Path) -> Console:
    """Return the console whose ROMs end like ``path``.

    Raises:
        NotFoundError: no console uses that ending.
    """
    extension = path.suffix.removeprefix(".").lower()
    for console in consoles().values():
        if extension in console.extensions:
            return console
    raise NotFoundError(f"No installed core plays files that end in {path.suffix or 'nothing'}: {path}")


def core_of(console: Console) -> Core:
    """Return the core that plays ``console``.

    Raises:
        EmulatorError: its library is missing, as on platforms that stable-retro builds without it.
    """
    path = stable_retro_folder() / "cores" / f"{console.core}_libretro{_LIBRARY_SUFFIX}"
    if not path.is_file():
        raise EmulatorError(
            f"The core for {console.name} is missing: {path} does not exist in this stable-retro build."
        )
    return Core(name=console.core, console=console, path=path)


@functools.cache
def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _SystemInfo(ctypes.Structure):
    """``retro_system_info`` of libretro.h; the call is allowed before the core is initialised."""

    _fields_ = (
        ("library_name", ctypes.c_char_p),
        ("library_version", ctypes.c_char_p),
        ("valid_extensions", ctypes.c_char_p),
        ("need_fullpath", ctypes.c_bool),
        ("block_extract", ctypes.c_bool),
    )


@functools.cache
def _library_version(path: Path) -> str:
    info = _SystemInfo()
    ctypes.CDLL(str(path)).retro_get_system_info(ctypes.byref(info))
    return (info.library_version or b"").decode(errors="replace")
