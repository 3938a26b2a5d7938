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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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
    ram_address: int
    """Where the work memory lies, for cores that do not say it themselves."""
    word_bytes: int
    """2 where cores keep 16-bit words of a big-endian console in the host's byte order, else 1."""


REFERENCE_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "genesis_plus_gx": {
        "genesis_plus_gx_bram": "per game",
        "genesis_plus_gx_render": "single field",
        "genesis_plus_gx_blargg_ntsc_filter": "disabled",
    },
}
"""Name of each core to the options that stable-retro runs it with; other options have their defaults."""

SPEED_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "picodrive": {
        "picodrive_frameskip": "auto",
        "picodrive_renderer": "fast",
        "picodrive_sound_rate": "16000",
    },
}
"""Options that make a core faster and change nothing in the console's memory (measured: docs/decisions)."""


BEFORE_STATE: Mapping[str, Literal["reset", "reload"]] = {"stella": "reload", "picodrive": "reset"}
"""What is done before a core takes a state, for cores whose states leave something out.

* ``stella`` (how far a paddle is turned): the game is loaded anew, as stable-retro does it. Stella then runs 60 frames
  to find out the television's norm, about 11 ms.
* ``picodrive`` (how far the processors have run beyond the frame): the console is reset, about 0.4 ms; without that, in
  a quarter of all trials the memory differed four frames after a state from four frames after the same state."""


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
        ram_address=entry.get("rambase") or 0,
        word_bytes=_word_bytes(entry.get("overlay")),
    )


def _word_bytes(overlay: tuple[str, str, int] | None) -> int:
    """The word width in which a core's memory differs from the console's, from its description's ``overlay``."""
    if overlay is None:
        return 1
    backing, real, width = overlay
    host = "<" if sys.byteorder == "little" else ">"
    return 1 if (host if backing == "=" else backing) == real else int(width)


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


def core_of(console: Console, name: str | None = None) -> Core:
    """Return the core that plays ``console``: the one called ``name``, or stable-retro's choice.

    Raises:
        NotFoundError: no installed core is called so.
        EmulatorError: its library is missing, as on platforms that stable-retro builds without it.
    """
    name = name or console.core
    path = stable_retro_folder() / "cores" / f"{name}_libretro{_LIBRARY_SUFFIX}"
    known = sorted({each.core for each in consoles().values()})
    if name not in known:
        raise NotFoundError(f"There is no core {name!r}; there are: {', '.join(known)}.{did_you_mean(name, known)}")
    if not path.is_file():
        raise EmulatorError(
            f"The core for {console.name} is missing: {path} does not exist in this stable-retro build."
        )
    return Core(name=name, console=console, path=path)


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
