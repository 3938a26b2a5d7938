"""The compiled kernels, where this installation has them and this processor can run them.

The environment variable ``NGP_KERNELS=off`` turns them off: networks are then computed as on processors that cannot run
them, by torch and, where no precision is asked for, in float32.
"""

from __future__ import annotations

import os
from importlib import import_module
from types import ModuleType

from newgameplus.errors import UsageError

KERNELS_VARIABLE = "NGP_KERNELS"
INSTRUCTION_SET = "AVX-512-BF16"
"""What the kernels need of a processor."""


def _is_turned_off() -> bool:
    wish = os.environ.get(KERNELS_VARIABLE, "on")
    if wish not in ("on", "off"):
        raise UsageError(f"{KERNELS_VARIABLE} is on or off, not {wish!r}.")
    return wish == "off"


IS_TURNED_OFF = _is_turned_off()
"""Whether this process computes as a processor without them does."""


def _find() -> tuple[ModuleType | None, str]:
    """Return the kernels, and in a few words why there are none."""
    if IS_TURNED_OFF:
        return None, f"turned off by {KERNELS_VARIABLE}"
    try:
        # By name: a compiled module is none that the import checks know, and counts for them as the whole package.
        found = import_module("newgameplus._kernels")
    except ImportError:
        return None, "installed without a compiler"
    return (found, "") if found.is_available() else (None, f"this processor, or this build, lacks {INSTRUCTION_SET}")


KERNELS: ModuleType | None
"""None where torch has to do it."""
WHY_NOT: str
"""Why there are no kernels; empty where there are."""
KERNELS, WHY_NOT = _find()
