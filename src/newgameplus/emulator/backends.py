"""Choice of the emulator backend: the compiled engine, or stable-retro's own binding as the reference."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.cores import Core
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator
from newgameplus.emulator.reference import ReferenceEmulator
from newgameplus.errors import EmulatorError, UsageError

Backend: TypeAlias = Literal["native", "reference"]

BACKEND_VARIABLE = "NGP_BACKEND"
"""Environment variable that sets the backend of the whole process."""


def default_backend() -> Backend:
    """Backend named by ``NGP_BACKEND``, else the engine, else the reference with a warning on stderr.

    Raises:
        UsageError: the variable names no backend.
    """
    named = os.environ.get(BACKEND_VARIABLE)
    if named is not None:
        if named not in get_args(Backend):
            raise UsageError(f"{BACKEND_VARIABLE} is native or reference, not {named!r}.")
        return "reference" if named == "reference" else "native"
    if engine() is not None:
        return "native"
    _warn_once()
    return "reference"


@functools.cache
def _warn_once() -> None:
    print(  # noqa: T201 - warnings.warn would raise under -W error
        "New Game Plus runs without its native engine, several times slower; "
        "install a C++ compiler and run pip install again to build it.",
        file=sys.stderr,
    )


def open_emulator(
    rom: Path,
    core: Core,
    options: Mapping[str, str] | None = None,
    *,
    backend: Backend | None = None,
    has_sound: bool = False,
) -> Emulator:
    """Start an emulator with a game loaded.

    Args:
        rom: path of the ROM.
        core: the core that runs it.
        options: core options to set besides the default ones.
        backend: the backend; None takes :func:`default_backend`.
        has_sound: whether sound will be read.

    Raises:
        EmulatorError: the core cannot be loaded, or the reference cannot run this core or these options.
        RomError: the ROM cannot be read or is refused.
    """
    if (backend or default_backend()) == "native":
        return NativeEmulator(rom, core, options, has_sound=has_sound)
    if core.name != core.console.core or options:
        raise EmulatorError(
            f"The reference backend runs {core.console.name} games on {core.console.core} with its usual options only, "
            f"not on {core.name}: build the native engine (pip install with a C++ compiler)."
        )
    return ReferenceEmulator(rom)
