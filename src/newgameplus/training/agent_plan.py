"""Who plays: an agent, its configuration and what it begins with, the same in training and under a contest's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of
from newgameplus.agents.interface import Agent, AgentClass, DescribesArithmetic, offers
from newgameplus.errors import UsageError
from newgameplus.fields import pick, to_json
from newgameplus.types import ActionSpec, ObservationSpec, WorldSpec

DEFAULT_PREFILL_STEPS = 100_000
_IDENTITY = ("name", "preset", "config")
"""Fields that a manifest holds together, as ``agent``; the others stand beside it."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """What a replay buffer begins with."""

    source: str
    """As :func:`newgameplus.training.prefill.reference` returns it: ``par``, a movie, a folder of movies or a split."""
    num_steps: int = DEFAULT_PREFILL_STEPS
    """Transitions at most; of a split, just as many in whole turns."""

    def __post_init__(self) -> None:
        if self.num_steps < 1:
            raise UsageError(f"prefill_steps must be at least 1, not {self.num_steps}.")


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """An agent as a run begins with it."""

    name: str
    """As :func:`~newgameplus.agents.find_agent` knows it, or ``package.module:Class``."""
    preset: str
    config: Any
    """The agent's configuration dataclass."""
    init: str | None = None
    """The checkpoint, or the folder of a training run, whose weights the agent begins with."""
    is_frozen: bool = False
    """Whether the agent only plays with these weights and no longer learns."""
    prefill: Prefill | None = None
    """What its replay buffer begins with; None for nothing."""

    def __post_init__(self) -> None:
        if self.is_frozen and self.init is None:
            raise UsageError("--frozen plays with weights from elsewhere: say whose with --init RUN.")
        if self.is_frozen and self.prefill is not None:
            raise UsageError("--frozen learns nothing, so a --prefill is of no use: leave one of them out.")

    @property
    def agent_class(self) -> AgentClass:
        """The class of the agent."""
        return find_agent(self.name)

    def specs(self) -> tuple[ObservationSpec, ActionSpec]:
        """What the agent sees and what its actions mean."""
        return self.agent_class.specs(self.config)

    def make(self, world: WorldSpec, seed: int) -> Agent:
        """Make the agent, as it is before it has begun from a checkpoint or from other transitions."""
        return self.agent_class(self.config, world, seed)

    def arithmetic(self, num_threads: int | None = None) -> dict[str, Any]:
        """What computes the agent on this machine, as JSON types; empty of agents that do not tell.

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
        """The part of a manifest that says who plays, as JSON types."""
        content = to_json(self)
        return {"agent": {name: content.pop(name) for name in _IDENTITY}, **content}


def agent_plan_of(manifest: Mapping[str, Any]) -> AgentPlan:
    """Return the plan whose ``manifest`` stands in a manifest among other parts.

    Raises:
        ValueError: a part is missing or of another type.
        NewGamePlusError: there is no such agent, or the configuration is not one of this version.
    """
    agent = dict(manifest["agent"])
    prefill = manifest.get("prefill")
    if isinstance(prefill, str):  # as training runs of 0.1 have it
        prefill = {"source": prefill, "num_steps": manifest["prefill_steps"]}
    if not isinstance(agent["name"], str):
        raise ValueError(f"name: expected a text, not {agent['name']!r}")
    agent["config"] = configuration_of(find_agent(agent["name"]), agent["config"])
    return pick(AgentPlan, {**manifest, "prefill": prefill, **agent})
