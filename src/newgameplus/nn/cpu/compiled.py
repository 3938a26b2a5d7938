"""The compiled kernels, if this installation has them and this CPU supports them.

There is one module of them per instruction set; the best one that the CPU supports is used. The environment variable
``NGP_KERNELS`` selects another by its name, such as ``avx2``, or turns them ``off``: networks are then computed as on
CPUs without better ones and, unless a precision is configured, in float32.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch

from newgameplus.errors import UsageError

KERNELS_VARIABLE = "NGP_KERNELS"


@dataclass(slots=True)
class Availability:
    """State of the compiled kernels."""

    module: Any = None
    """Module of the instruction set; None if there are no kernels."""
    instruction_set: str = ""
    """Name of the instruction set; empty if there are no kernels."""
    dtype: torch.dtype = torch.float32
    """Precision of the tensors that the kernels read and write."""
    is_limited: bool = False
    """Whether less than what the CPU supports was requested."""
    lack: str = ""
    """Why there are no kernels; empty if there are."""

    @property
    def is_on(self) -> bool:
        """Whether operations use kernels."""
        return self.module is not None


def compiled_sets() -> list[str]:
    """Return the instruction sets that this installation has kernels for, best first."""
    try:
        return list(import_module("newgameplus._processor").compiled_sets())
    except ImportError:  # installed without a compiler
        return []


def runnable_sets() -> list[str]:
    """Return the compiled sets that this CPU supports, best first."""
    return [name for name in compiled_sets() if import_module("newgameplus._processor").can_run(name)]


def _find(wish: str) -> Availability:
    names = runnable_sets()
    if wish not in ("on", "off", *names):
        raise UsageError(f"{KERNELS_VARIABLE} is {', '.join(names)}, on or off on this CPU, not {wish!r}.")
    if wish == "off":
        return Availability(is_limited=True, lack=f"turned off by {KERNELS_VARIABLE}")
    if not names:
        compiled = compiled_sets()
        return Availability(
            lack=f"this CPU supports none of {', '.join(compiled)}" if compiled else "installed without a compiler"
        )
    name = names[0] if wish == "on" else wish
    # By name: import-linter does not know compiled modules and takes them for the whole package.
    module = import_module(f"newgameplus._kernels_{name}")
    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[module.DTYPE]
    return Availability(module, name, dtype, is_limited=name != names[0])


availability = _find(os.environ.get(KERNELS_VARIABLE, "on"))


class _InUse:
    """The module of the current instruction set."""

    def __getattr__(self, name: str) -> Any:
        return getattr(availability.module, name)


if TYPE_CHECKING:
    # The stub of all these modules.
    from newgameplus import _kernels

    kernels = _kernels
else:
    kernels = _InUse()


def use(wish: str) -> None:
    """From now on, compute as if ``NGP_KERNELS`` had been set to ``wish``.

    Raises:
        UsageError: the CPU does not support this instruction set.
    """
    _set(_find(wish))


@contextmanager
def using(wish: str) -> Iterator[None]:
    """Within the block, compute as if ``NGP_KERNELS`` had been set to ``wish``; see ``use``."""
    before = replace(availability)
    use(wish)
    try:
        yield
    finally:
        _set(before)


def _set(wanted: Availability) -> None:
    for field in fields(availability):
        setattr(availability, field.name, getattr(wanted, field.name))
