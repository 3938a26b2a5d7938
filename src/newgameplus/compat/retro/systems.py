"""stable-retro's look-ups of consoles and cores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from newgameplus.emulator.cores import console_named, console_of_rom, consoles, core_of


def get_core_path(corename: str) -> str:
    """Return the path of the library that emulates a console, such as ``Genesis``.

    Raises:
        NotFoundError: no installed core emulates it.
    """
    return str(core_of(console_named(corename)).path)


def get_romfile_system(rom_path: str) -> str:
    """Return the console of a ROM, by the extension of its file name.

    Raises:
        NotFoundError: no console uses the extension.
    """
    return console_of_rom(Path(rom_path)).name


def get_system_info(system: str) -> dict[str, Any]:
    """Return what is known about a console: ``lib``, ``ext``, ``buttons`` and ``actions``.

    Raises:
        NotFoundError: no installed core emulates it.
    """
    console = console_named(system)
    return {
        "lib": console.core,
        "ext": list(console.extensions),
        "buttons": list(console.buttons),
        "actions": [[list(combo) for combo in group] for group in console.action_groups],
    }


def extensions() -> tuple[str, ...]:
    """File name extensions of all consoles' ROMs, with the dot."""
    return tuple(f".{extension}" for console in consoles().values() for extension in console.extensions)
