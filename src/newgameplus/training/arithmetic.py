"""An agent's arithmetic in words, for the start of a run, and its changes since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_words(arithmetic: Mapping[str, Any]) -> str:
    """Return a description from :meth:`AgentPlan.arithmetic` as text: its parts, separated by commas."""
    return ", ".join(f"{name} {value}" for name, value in arithmetic.items())


def change_in_words(begun: object, now: Mapping[str, Any]) -> str | None:
    """Return a sentence about what has changed since a run was started; None if nothing has.

    Args:
        begun: description in the run's manifest; None in older manifests.
        now: description of this machine.
    """
    known = begun if isinstance(begun, Mapping) else {}
    changed = {name: (known[name], value) for name, value in now.items() if name in known and known[name] != value}
    if not changed:
        return None
    told = "; ".join(f"{name} was {before} and is {after}" for name, (before, after) in changed.items())
    return f"Warning: other arithmetic than this run was begun with, so it does not go on to the bit: {told}."
