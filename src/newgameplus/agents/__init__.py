"""Minds: one folder per agent, the same file names in each; imported only when asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from newgameplus.errors import NotFoundError, UsageError, did_you_mean
from newgameplus.registry import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from newgameplus.types import ActionSpec, Agent, ObservationSpec, WorldSpec

AGENTS = {
    "experts": "newgameplus.agents.experts.agent:Experts",
    "jerk": "newgameplus.agents.jerk.agent:Jerk",
    "ppo": "newgameplus.agents.ppo.agent:Ppo",
    "rainbow": "newgameplus.agents.rainbow.agent:Rainbow",
    "random": "newgameplus.agents.random.agent:Random",
}
"""Name of each agent to the class that plays it."""


class AgentClass(Protocol):
    """What every class in ``AGENTS`` offers beside the methods of an Agent."""

    PRESETS: Mapping[str, Any]
    """Name of each preset to its configuration, a frozen dataclass; one is called ``default``."""

    @staticmethod
    def specs(config: Any) -> tuple[ObservationSpec, ActionSpec]:
        """Return what an agent of this configuration wants to see and what its actions mean."""
        ...

    def __call__(self, config: Any, world: WorldSpec, seed: int) -> Agent:
        """Build the agent; it may rely on the world having been made with its ``specs``."""
        ...


def find_agent(name: str) -> AgentClass:
    """Return the class of the agent called ``name``, or of a user's own agent ``package.module:Class``.

    Raises:
        NotFoundError: there is no such agent.
        UsageError: the class named is not an agent's.
    """
    if name not in AGENTS and ":" not in name:
        raise NotFoundError(
            f"There is no agent {name!r}; there are: {', '.join(AGENTS)}, and your own as package.module:Class."
            f"{did_you_mean(name, AGENTS)}"
        )
    agent_class: AgentClass = resolve(AGENTS.get(name, name))
    missing = [
        part for part in ("PRESETS", "specs", "act", "observe", "state", "restore") if not hasattr(agent_class, part)
    ]
    if missing:
        raise UsageError(f"{name} is not an agent: it lacks {', '.join(missing)}; see newgameplus.types.Agent.")
    return agent_class
