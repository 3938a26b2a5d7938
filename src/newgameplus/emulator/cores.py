"""Emulator cores on this machine: the console each one emulates, its buttons, and the hash of its library file.

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
from typing import Any, Literal, TypeAlias

from newgameplus.errors import EmulatorError, NotFoundError, did_you_mean

_LIBRARY_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


@dataclass(frozen=True, slots=True)
class Console:
    """A console as described by its core's JSON file."""

    name: str
    """stable-retro's system name, such as ``Genesis``; the last part of the names of its games."""
    core: str
    """Name of the core, such as ``genesis_plus_gx``."""
    extensions: tuple[str, ...]
    """File name extensions of its ROMs, without the dot."""
    buttons: tuple[str | None, ...]
    """Name of each bit of a button mask; None for bits without a button."""
    action_groups: tuple[tuple[tuple[str, ...], ...], ...]
    """Groups of button combinations; at most one combination of each group is held at a time."""
    ram_address: int
    """Address of the work RAM, for cores that do not report it themselves."""
    word_bytes: int
    """2 if the core keeps 16-bit words of a big-endian console in the host's byte order, else 1."""

    @property
    def button_mask(self) -> int:
        """The bits of a mask that are buttons; a core may take another bit for a turbo key, which no state keeps."""
        return sum(1 << bit for bit, name in enumerate(self.buttons) if name is not None)


REFERENCE_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "genesis_plus_gx": {
        "genesis_plus_gx_bram": "per game",
        "genesis_plus_gx_render": "single field",
        "genesis_plus_gx_blargg_ntsc_filter": "disabled",
    },
    "mednafen_saturn": {
        "beetle_saturn_initial_scanline": "8",
        "beetle_saturn_initial_scanline_pal": "16",
        "beetle_saturn_last_scanline": "231",
        "beetle_saturn_last_scanline_pal": "271",
    },
    "melonds": {
        "melonds_boot_directly": "enabled",
        "melonds_console_mode": "DS",
        "melonds_jit_enable": "enabled",
        "melonds_opengl_renderer": "disabled",
        "melonds_screen_layout": "Bottom Only",
        "melonds_threaded_renderer": "enabled",
        "melonds_touch_mode": "disabled",
    },
    "parallel_n64": {"parallel-n64-gfxplugin": "angrylion"},
}
"""Core options that stable-retro sets, by core name; all other options keep their defaults.

Its own touch mode is ``joystick``, which the core does not know and takes for ``disabled``."""

SPEED_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "picodrive": {
        "picodrive_frameskip": "auto",
        "picodrive_renderer": "fast",
        "picodrive_sound_rate": "16000",
    },
}
"""Core options that make a core faster without changing the console's memory (measured: docs/decisions)."""


BeforeState: TypeAlias = Literal["nothing", "reset", "reload", "restart"]
"""What is done before a state is loaded: reset the console, load the game anew, or take a new copy of the core."""

BEFORE_STATE: Mapping[str, BeforeState] = {"stella": "reload", "picodrive": "restart"}
"""What must be done before a state is loaded, for cores whose states are incomplete.

* ``stella`` (omits the paddle's position): reload the game, as stable-retro does. Stella then runs 60 frames to detect
  the television standard, about 11 ms.
* ``picodrive`` (omits how far the processors have run beyond the frame): take a new copy of the core, about 7 ms.
  Without it, memory differed four frames after loading the same state in a quarter of all trials. A reset (0.4 ms) is
  enough for games that do not show where within a frame they are, as Tumbleweed; Airstriker's memory then differed in a
  hundred of 2,000 frames, depending on how many frames had run before."""


IMAGED = frozenset({"picodrive"})
"""Cores that keep what their states leave out in variables of their own, so that one console can go back to an image
of itself (:meth:`~newgameplus.emulator.native.NativeEmulator.image`)."""


RANDOM_AT_POWER_ON: Mapping[tuple[str, str], tuple[int, int]] = {
    ("picodrive", "Genesis"): (140_298, 2),
    ("picodrive", "32x"): (140_298, 2),
}
"""Core and console to the part of the state before the first frame that is random: where it begins and its length.

Here it is how far the picture has come. The engine sets it to 0, so that the game begins in one way only."""


@dataclass(frozen=True, slots=True)
class Core:
    """One build of an emulator core."""

    name: str
    """Name of the core, such as ``genesis_plus_gx``."""
    console: Console
    path: Path
    """Path of the core's shared library."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the library file; states and movies are tied to one build."""
        return _file_sha256(self.path)

    @property
    def version(self) -> str:
        """Version string that the core reports."""
        return _library_version(self.path)


def stable_retro_folder() -> Path:
    """Folder of the stable-retro package, found without importing it.

    Raises:
        EmulatorError: stable-retro is not installed.
    """
    spec = importlib.util.find_spec("stable_retro")
    if spec is None or spec.origin is None:
        raise EmulatorError("The package stable-retro is missing; install it with: pip install stable-retro")
    return Path(spec.origin).parent


@functools.cache
def consoles() -> dict[str, Console]:
    """All consoles that the installed cores emulate, by name."""
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
    """Word width in which a core's memory differs from the console's, from the ``overlay`` of its description."""
    if overlay is None:
        return 1
    backing, real, width = overlay
    host = "<" if sys.byteorder == "little" else ">"
    return 1 if (host if backing == "=" else backing) == real else int(width)


def console_named(name: str) -> Console:
    """Return the console called ``name``.

    Raises:
        NotFoundError: no installed core emulates that console.
    """
    try:
        return consoles()[name]
    except KeyError:
        raise NotFoundError(f"No installed core plays the console {name!r}.{did_you_mean(name, consoles())}") from None


def console_of_rom(path: Path) -> Console:
    """Return the console that uses the file name extension of ``path``.

    Raises:
        NotFoundError: no console uses that extension.
    """
    extension = path.suffix.removeprefix(".").lower()
    for console in consoles().values():
        if extension in console.extensions:
            return console
    raise NotFoundError(f"No installed core plays files that end in {path.suffix or 'nothing'}: {path}")


def core_of(console: Console, name: str | None = None) -> Core:
    """Return the core called ``name`` for ``console``, or stable-retro's default core.

    Raises:
        NotFoundError: no installed core has that name.
        EmulatorError: its library is missing, as on platforms that stable-retro does not build it for.
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
    """``retro_system_info`` of libretro.h; may be requested before the core is initialised."""

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
