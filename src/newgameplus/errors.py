"""All errors that New Game Plus raises deliberately.

Each message is one sentence for a person: what is wrong, where, and what to do. The command line prints it and exits
with code 2.

::

    NewGamePlusError
    ├── UsageError            an argument is invalid (also a ValueError)
    ├── NotFoundError         no such game, level, split, scenario, agent or file (also a LookupError)
    ├── RomError              a ROM is missing, unknown or damaged
    ├── IntegrationError      a game's data.json, scenario.json, state or script is invalid
    ├── EmulatorError         core or state refused, or a second emulator in the process
    ├── MovieError            a movie cannot be read, or belongs to another game or core
    ├── ResultsError          a results directory exists, is corrupt or cannot be written
    ├── StateError            a saved state does not fit (also a ValueError)
    ├── LearningError         learning diverged: a loss is NaN or infinite
    └── SandboxError          no sandbox is to be had here, or it did not start
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable
from pathlib import Path


class NewGamePlusError(Exception):
    """Base class of all deliberate errors."""


class UsageError(NewGamePlusError, ValueError):
    """An argument is invalid."""


class NotFoundError(NewGamePlusError, LookupError):
    """There is nothing of that name."""


class RomError(NewGamePlusError):
    """A ROM is missing, unknown or damaged."""


class IntegrationError(NewGamePlusError):
    """A game integration is incomplete or invalid."""


class EmulatorError(NewGamePlusError):
    """The emulator cannot do what was requested."""


class MovieError(NewGamePlusError):
    """A movie cannot be read or does not fit."""


class ResultsError(NewGamePlusError):
    """A results directory cannot be used."""


class StateError(NewGamePlusError, ValueError):
    """A saved state does not fit the object that restores it."""


class LearningError(NewGamePlusError):
    """An agent can no longer learn."""


class SandboxError(NewGamePlusError):
    """A program cannot be isolated here, or its sandbox did not start."""


def install_line(extra: str) -> str:
    """Return the command that installs an extra: from the checkout if the package lies in one, else from an index."""
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file():
        return f"pip install --editable {shlex.quote(f'{checkout}[{extra}]')}"
    return f"pip install 'newgameplus[{extra}]'"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean X?`` for the most similar of ``known``, or an empty string if none is similar."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    if not near:
        near = [folded for folded in by_folded if name.casefold() in folded][:3]
    if not near:
        return ""
    return f" Did you mean {' or '.join(by_folded[folded] for folded in near)}?"
