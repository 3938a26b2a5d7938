"""Agents: one folder per agent, the same file names in each; imported only when requested by name."""

from __future__ import annotations

from newgameplus.agents.interface import REQUIRED_PARTS, AgentClass
from newgameplus.errors import NotFoundError, UsageError, did_you_mean
from newgameplus.registry import resolve

AGENTS = {
    "brute": "newgameplus.agents.brute.agent:Brute",
    "dqn": "newgameplus.agents.dqn.agent:Dqn",
    "es": "newgameplus.agents.es.agent:Es",
    "experts": "newgameplus.agents.experts.agent:Experts",
    "go_explore": "newgameplus.agents.go_explore.agent:GoExplore",
    "jerk": "newgameplus.agents.jerk.agent:Jerk",
    "keeper": "newgameplus.agents.keeper.agent:Keeper",
    "memory": "newgameplus.agents.memory.agent:Memory",
    "neat": "newgameplus.agents.neat.agent:Neat",
    "ppo": "newgameplus.agents.ppo.agent:Ppo",
    "qtable": "newgameplus.agents.qtable.agent:QTable",
    "rainbow": "newgameplus.agents.rainbow.agent:Rainbow",
    "random": "newgameplus.agents.random.agent:Random",
    "world_model": "newgameplus.agents.world_model.agent:WorldModel",
}
"""Class of each agent, by name."""
CEILINGS = {
    "human": "newgameplus.agents.human.agent:Human",
    "proof": "newgameplus.agents.proof.agent:Proof",
}
"""Class of what is judged like an agent but no competitor: a person, and who knows how a level is won; by name."""


def find_agent(name: str) -> AgentClass:
    """Return the class of the agent or ceiling called ``name``, or of a user's own agent ``package.module:Class``.

    Raises:
        NotFoundError: there is no such agent.
        UsageError: the named class is not an agent class.
    """
    known = AGENTS | CEILINGS
    if name not in known and ":" not in name:
        raise NotFoundError(
            f"There is no agent {name!r}; there are: {', '.join(AGENTS)}, and your own as package.module:Class."
            f"{did_you_mean(name, known)}"
        )
    agent_class: AgentClass = resolve(known.get(name, name))
    missing = [part for part in REQUIRED_PARTS if part not in dir(agent_class)]
    if missing:
        raise UsageError(
            f"{name} is not an agent: it lacks {', '.join(missing)}; see newgameplus.agents.interface.Agent."
        )
    return agent_class
