"""Plan of an agent: class, configuration, and what it begins with; the same in training and in evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of
from newgameplus.agents.interface import Agent, AgentClass, DescribesArithmetic, offers
from newgameplus.errors import ResultsError, UsageError
from newgameplus.fields import pick, to_json
from newgameplus.types import ActionSpec, ObservationSpec, WorldSpec

DEFAULT_PREFILL_STEPS = 100_000
_IDENTITY = ("name", "preset", "config")
"""Fields that a manifest groups under ``agent``; the others are beside it."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """Prefill of a replay buffer."""

    source: str
    """``par``, a movie, a folder of movies or a split (:func:`newgameplus.training.demonstrations.reference`)."""
    num_steps: int = DEFAULT_PREFILL_STEPS
    """Largest number of transitions; for a split, exactly that many, rounded to whole turns."""

    def __post_init__(self) -> None:
        if self.num_steps < 1:
            raise UsageError(f"prefill_steps must be at least 1, not {self.num_steps}.")


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """Plan of an agent."""

    name: str
    """Name for :func:`~newgameplus.agents.find_agent`, or ``package.module:Class``."""
    preset: str
    config: Any
    """The agent's configuration dataclass."""
    init: str | None = None
    """Checkpoint, or folder of a training run, with the initial weights."""
    is_frozen: bool = False
    """Whether the agent only plays with these weights and no longer learns."""
    prefill: Prefill | None = None
    """Prefill of its replay buffer; None for none."""
    demonstrations: str | None = None
    """Source of the demonstrations that it learns from, as that of a prefill, but of a split the par movies; None for
    none."""

    def __post_init__(self) -> None:
        if self.is_frozen and self.init is None:
            raise UsageError("--frozen plays with weights from elsewhere: say whose with --init RUN.")
        if self.is_frozen and self.prefill is not None:
            raise UsageError("--frozen learns nothing, so a --prefill is of no use: leave one of them out.")
        if self.is_frozen and self.demonstrations is not None:
            raise UsageError("--frozen learns nothing, so --demonstrations are of no use: leave one of them out.")

    @property
    def agent_class(self) -> AgentClass:
        """Class of the agent."""
        return find_agent(self.name)

    def specs(self) -> tuple[ObservationSpec, ActionSpec]:
        """Observation and action specs of the agent."""
        return self.agent_class.specs(self.config)

    def make(self, world: WorldSpec, seed: int) -> Agent:
        """Create the agent, before initial weights, demonstrations and prefill are applied."""
        return self.agent_class(self.config, world, seed)

    def arithmetic(self, num_threads: int | None = None) -> dict[str, Any]:
        """The agent's arithmetic on this machine, as JSON types; empty if the agent does not describe it.

        Args:
            num_threads: how many will be used; None for what is set now.

        Raises:
            UsageError: the machine lacks the device that the configuration names.
        """
        agent_class: Any = self.agent_class
        if not offers(agent_class, DescribesArithmetic):
            return {}
        told: dict[str, Any] = agent_class.arithmetic(self.config)
        return told if num_threads is None else told | {"threads": num_threads}

    def manifest(self) -> dict[str, Any]:
        """Part of a manifest about the agent, as JSON types."""
        content = to_json(self)
        return {"agent": {name: content.pop(name) for name in _IDENTITY}, **content}


def agent_plan_of(manifest: Mapping[str, Any], trusted: str | None = None) -> AgentPlan:
    """Return the plan whose ``manifest`` is in a manifest among other parts.

    Args:
        manifest: the manifest, which may be somebody else's.
        trusted: the agent that the user has named; no other code than that and this package's is imported.

    Raises:
        ResultsError: the agent is a class of another package, which the user has not named.
        ValueError: a part is missing or of another type.
        NewGamePlusError: there is no such agent, or the configuration is not valid in this version.
    """
    agent = dict(manifest["agent"])
    prefill = manifest.get("prefill")
    if isinstance(prefill, str):  # in training runs of 0.1
        prefill = {"source": prefill, "num_steps": manifest["prefill_steps"]}
    if not isinstance(agent["name"], str):
        raise ValueError(f"name: expected a text, not {agent['name']!r}")
    if ":" in agent["name"] and agent["name"] != trusted:
        raise ResultsError(
            f"The agent of this run is {agent['name']}, which is not a part of New Game Plus, and its code is not run "
            "because a folder says so: if you trust it, name the agent, too."
        )
    agent["config"] = configuration_of(find_agent(agent["name"]), agent["config"])
    return pick(AgentPlan, {**manifest, "prefill": prefill, **agent})
