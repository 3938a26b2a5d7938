"""Optional packages of training runs."""

from __future__ import annotations

import importlib.util

from newgameplus.errors import UsageError, install_line


def require_wandb() -> None:
    """Check that the package wandb is installed.

    Raises:
        UsageError: it is not.
    """
    if importlib.util.find_spec("wandb") is None:
        raise UsageError(f"--wandb needs a package that is not installed: {install_line('wandb')}")
