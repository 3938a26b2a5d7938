"""The compiled kernels, where this installation has them and this processor can run them."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:

    KERNELS: ModuleType | None


def _find() -> ModuleType | None:
    try:
        from newgameplus import _kernels
    except ImportError:  # installed without a compiler
        return None
    return _kernels if _kernels.is_available() else None


KERNELS = _find()
"""None where torch has to do it."""
