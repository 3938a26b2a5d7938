"""Which sandbox: the one that was asked for, or the first that works here."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from newgameplus.errors import SandboxError, UsageError, did_you_mean
from newgameplus.remote.sandbox.spec import Spec
from newgameplus.remote.sandbox.started import Started

AUTO = "auto"
"""The first of ``ISOLATING`` that works here."""
ISOLATING = ("bubblewrap", "container")
"""Those that isolate, the first choice first."""
CHOICES = (AUTO, *ISOLATING, "none")
"""What ``--sandbox`` may be; ``none`` is never chosen by ``auto``."""


class Way(Protocol):
    """A way to run a program: what each module of a sandbox has."""

    NAME: str

    def why_not(self) -> str | None:
        """Return what is in the way of it here, in a sentence; None if it was tried and works."""

    def argv(self, spec: Spec) -> list[str]:
        """Return the arguments by which it runs a program."""

    def start(self, spec: Spec) -> Started:
        """Start a program.

        Raises:
            SandboxError: it did not start; the sentence says why.
        """


def choose(name: str = AUTO) -> Way:
    """Return the sandbox of this name, once it has been tried.

    Args:
        name: one of ``CHOICES``.

    Raises:
        UsageError: there is no sandbox of this name.
        SandboxError: it does not work here, or none does; the sentence says what is in the way.
    """
    if name not in CHOICES:
        raise UsageError(f"There is no sandbox {name}.{did_you_mean(name, CHOICES)} It may be {', '.join(CHOICES)}.")
    obstacles = []
    for candidate in ISOLATING if name == AUTO else (name,):
        way = cast(Way, importlib.import_module(f"newgameplus.remote.sandbox.{candidate}"))
        obstacle = way.why_not()
        if obstacle is None:
            return way
        obstacles.append(obstacle)
    advice = " Only --sandbox none would run it, unprotected." if name == AUTO else ""
    raise SandboxError(f"There is no sandbox to be had here. {' '.join(obstacles)}{advice}")
