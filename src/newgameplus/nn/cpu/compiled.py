"""The compiled kernels, if this installation has them and this CPU supports them.

The environment variable ``NGP_KERNELS=off`` turns them off: networks are then computed as on CPUs without support, by
torch and, unless a precision is configured, in float32.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from newgameplus.errors import UsageError

KERNELS_VARIABLE = "NGP_KERNELS"
INSTRUCTION_SET = "AVX-512-BF16"
"""Instruction set that the kernels need."""


@dataclass(slots=True)
class Availability:
    """State of the compiled kernels."""

    is_on: bool
    """Whether operations use the kernels."""
    is_turned_off: bool
    """Whether they were turned off on request."""
    lack: str
    """Why they are not available; empty if they are."""


def _found() -> tuple[Any, Availability]:
    wish = os.environ.get(KERNELS_VARIABLE, "on")
    if wish not in ("on", "off"):
        raise UsageError(f"{KERNELS_VARIABLE} is on or off, not {wish!r}.")
    if wish == "off":
        return None, Availability(False, True, f"turned off by {KERNELS_VARIABLE}")
    try:
        module = import_module("newgameplus._kernels")
    except ImportError:
        return None, Availability(False, False, "installed without a compiler")
    if not module.is_available():
        return None, Availability(False, False, f"this processor, or this build, lacks {INSTRUCTION_SET}")
    return module, Availability(True, False, "")


if TYPE_CHECKING:
    # Not imported by name: import-linter does not know compiled modules and takes them for the whole package.
    from newgameplus import _kernels

    kernels = _kernels
    availability: Availability
else:
    kernels, availability = _found()


@contextmanager
def turned_off() -> Iterator[None]:
    """Within the block, compute as if ``NGP_KERNELS=off`` had been set."""
    before = availability.is_on, availability.is_turned_off, availability.lack
    availability.is_on, availability.is_turned_off, availability.lack = False, True, "turned off"
    try:
        yield
    finally:
        availability.is_on, availability.is_turned_off, availability.lack = before
