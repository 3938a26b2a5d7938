"""Plan of an entry: what is judged where an evaluation judges no agent of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.errors import ResultsError
from newgameplus.fields import from_json, to_json
from newgameplus.remote.entries.entry import Entry
from newgameplus.remote.entries.store import Stored, store
from newgameplus.types import ActionSpec, ObservationSpec


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """An entry as it was when it was first judged."""

    path: str
    """Absolute path of its folder or its zip."""
    sha256: str
    """Hash of the entry, packed."""
    entry: Entry

    @property
    def name(self) -> str:
        """Name of the entry."""
        return self.entry.name

    @property
    def preset(self) -> str:
        """Version of the entry, which tells it from others of its name as a preset tells an agent's."""
        return self.entry.version

    def specs(self) -> tuple[ObservationSpec, ActionSpec]:
        """Observation and action specs of the entry."""
        return self.entry.observation, self.entry.actions

    def manifest(self) -> dict[str, Any]:
        """Part of a manifest about the entry, as JSON types; its hash is what an agent's configuration is."""
        agent = {"name": self.name, "preset": self.preset, "config": {"sha256": self.sha256}}
        return {"agent": agent, "entry": to_json(self)}

    def stored(self) -> Stored:
        """Return the entry unpacked in the cache.

        Raises:
            NotFoundError: it is gone.
            ResultsError: it is not what it was.
        """
        found = store(Path(self.path))
        if found.sha256 != self.sha256:
            raise ResultsError(
                f"The entry {self.path} is not what it was when these results were begun: its SHA-256 was "
                f"{self.sha256} and is {found.sha256}; start anew with another --results."
            )
        return found


def entry_plan(path: Path) -> EntryPlan:
    """Return the plan of the entry at ``path``, a folder or a zip.

    Raises:
        NotFoundError: there is none.
        UsageError: it is invalid.
    """
    found = store(path)
    return EntryPlan(str(path.resolve()), found.sha256, found.entry)


def entry_plan_of(manifest: Mapping[str, Any]) -> EntryPlan | None:
    """Return the plan whose ``manifest`` is in a manifest among other parts; None if that is of an agent.

    Raises:
        ValueError: it is invalid.
        NewGamePlusError: the entry is gone, or not what it was.
    """
    recorded = manifest.get("entry")
    if recorded is None:
        return None
    plan = from_json(EntryPlan, recorded)
    plan.stored()
    return plan
