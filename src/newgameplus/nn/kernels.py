"""The compiled kernels, where this installation has them and this processor can run them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def _find() -> ModuleType | None:
    try:
        # By name: a compiled module is none that the import checks know, and counts for them as the whole package.
        found = import_module("newgameplus._kernels")
    except ImportError:  # installed without a compiler
        return None
    return found if found.is_available() else None


KERNELS: ModuleType | None = _find()
"""None where torch has to do it."""
