"""No sandbox: the program runs as this process' user and sees all that the user sees. For entries that one trusts.

Memory, processes, open files and output are limited as elsewhere, and nothing of it runs on after its end. Its files
are not limited, and what the specification masks is not.
"""

from __future__ import annotations

import shutil
import sys

from newgameplus.errors import SandboxError
from newgameplus.remote.sandbox.spec import Spec
from newgameplus.remote.sandbox.started import Command, Started

NAME = "none"
"""Its name as a choice."""


def why_not() -> str | None:
    """Return what is in the way, in a sentence; None if nothing is."""
    return None if sys.platform == "linux" else "Programs are watched over on Linux alone."


def argv(spec: Spec) -> list[str]:
    """Return the program and its arguments, which are what is run."""
    return list(spec.argv)


def start(spec: Spec) -> Started:
    """Start a program without a sandbox.

    Raises:
        SandboxError: it did not start, or something is to be seen at another path than its own.
    """
    moved = next((bind for bind in (*spec.binds, *spec.writable) if bind.inside != bind.source), None)
    if moved is not None:
        raise SandboxError(f"Without a sandbox {moved.source} cannot be seen as {moved.inside}.")
    environment = spec.environment()
    program = shutil.which(spec.argv[0], path=environment["PATH"])
    if program is None:
        raise SandboxError(f"There is no program {spec.argv[0]} that could be run.")
    return Started(spec, Command(argv=(program, *argv(spec)[1:]), env=environment, folder=spec.working_folder))
