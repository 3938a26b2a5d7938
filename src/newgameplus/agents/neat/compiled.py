"""The compiled networks and genomes of NEAT, if they were built."""

from __future__ import annotations

import functools
import importlib
from types import ModuleType


@functools.cache
def compiled_module() -> ModuleType | None:
    """The module ``newgameplus._neat``, or None where it was not built."""
    try:
        return importlib.import_module("newgameplus._neat")
    except ImportError:
        return None
