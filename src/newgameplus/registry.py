"""Resolve ``"module:Name"`` to an object, importing the module only when needed."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from newgameplus.errors import NotFoundError, UsageError, install_line

EXTRA_OF = {
    "torch": "train",
    "faiss": "memory",
    "tensorboard": "train",
    "wandb": "wandb",
    "pygame": "play",
    "lupa": "lua",
    "ale_py": "atari",
    "pyarrow": "parquet",
}
"""Extra that installs an optional package."""


def resolve(reference: str) -> Any:
    """Import ``package.module`` and return its attribute ``Name``.

    Raises:
        NotFoundError: the reference is not of the form ``module:Name``, or the module has no such name.
    """
    module_name, separator, attribute = reference.partition(":")
    if not separator or not module_name or not attribute:
        raise NotFoundError(f"{reference!r} is not of the form package.module:Name.")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        how = f"; install it with: {install_line(extra)}" if extra else ""
        raise NotFoundError(f"Cannot import {reference!r}: {error}{how}.") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise NotFoundError(f"Module {module_name} has no {attribute!r}.") from None


def require_package(module: str, what: str) -> None:
    """Check that an optional package is installed, without importing it.

    Args:
        module: its module, a key of ``EXTRA_OF``.
        what: what needs it, as the beginning of a sentence.

    Raises:
        UsageError: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise UsageError(f"{what} needs a package that is not installed: {install_line(EXTRA_OF[module])}")
