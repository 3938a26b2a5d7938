"""Everything that New Game Plus raises on purpose.

Each message is one sentence for a person: what is wrong, where, and what to do. The command line prints it and exits
with code 2.

::

    NewGamePlusError
    ├── UsageError            an argument that makes no sense by itself (also a ValueError)
    ├── NotFoundError         no such game, level, split, scenario, agent or file (also a LookupError)
    ├── RomError              a ROM is missing or is not what it should be
    ├── IntegrationError      a game's data.json, scenario.json, state or script is broken
    ├── EmulatorError         the machine refused: core, state or a second emulator in the process
    ├── MovieError            a movie that cannot be read, or that belongs to another game or core
    ├── ResultsError          a results directory that exists, is corrupt or cannot be written
    ├── StateError            a saved agent state that does not fit (also a ValueError)
    └── LearningError         learning broke down: a loss that is no longer a number
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NewGamePlusError(Exception):
    """Base of all errors raised on purpose."""


class UsageError(NewGamePlusError, ValueError):
    """An argument makes no sense."""


class NotFoundError(NewGamePlusError, LookupError):
    """A name stands for nothing that is here."""


class RomError(NewGamePlusError):
    """A ROM is missing, unknown or damaged."""


class IntegrationError(NewGamePlusError):
    """A game integration is incomplete or broken."""


class EmulatorError(NewGamePlusError):
    """The emulated machine cannot do what was asked."""


class MovieError(NewGamePlusError):
    """A movie cannot be read or does not belong here."""


class ResultsError(NewGamePlusError):
    """A results directory cannot be used."""


class StateError(NewGamePlusError, ValueError):
    """A saved state does not fit what restores it."""


class LearningError(NewGamePlusError):
    """An agent can no longer learn."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean X?`` for the nearest of ``known``, or an empty string when nothing is near."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    if not near:
        near = [folded for folded in by_folded if name.casefold() in folded][:3]
    if not near:
        return ""
    return f" Did you mean {' or '.join(by_folded[folded] for folded in near)}?"
