"""Several agents, of one row each, as the agent of a batch: each draws its own random numbers and has its own state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newgameplus.agents.interface import ActsTogether, Agent, offers
from newgameplus.errors import UsageError
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.types import Array, State, Step


def acts_together(plan: AgentPlan) -> bool:
    """Return whether agents of a plan choose their actions together."""
    agent_class: Any = plan.agent_class
    return offers(agent_class, ActsTogether) and agent_class.acts_together(plan.config, is_frozen=plan.is_frozen)


class Together:
    """Agents of one row each, as one agent of B rows.

    Args:
        plan: their plan.
        agents: agent of each row by its index; the other rows are not played.
        num_rows: B; it stays the same when agents leave, since the sums of a network may depend on it.

    Raises:
        UsageError: they do not act together.
    """

    def __init__(self, plan: AgentPlan, agents: Mapping[int, Agent], num_rows: int) -> None:
        if not acts_together(plan):
            raise UsageError(
                f"Agents {plan.name} of one row each do not act together, frozen or not: let each run have a process."
            )
        self._class: Any = plan.agent_class
        self.observation_spec, self.action_spec = plan.specs()
        self.agents = dict(agents)
        """Agent of each row that is played; whoever ends a run takes its agent out."""
        self._num_rows = num_rows

    def act(self, observation: Array) -> Array:
        """Return the action of each row, ``[B, …]``; 0 in rows that are not played."""
        action: Array = self._class.act_together([self.agents.get(row) for row in range(self._num_rows)], observation)
        return action

    def observe(self, step: Step) -> None:
        """Let every agent observe its row."""
        for row, agent in self.agents.items():
            agent.observe(step.of_rows([row]))

    def state(self) -> State:
        """Return the state of every agent."""
        return {"rows": {str(row): agent.state() for row, agent in self.agents.items()}}

    def restore(self, state: State) -> None:
        """Restore the state of every agent."""
        for row, agent in self.agents.items():
            agent.restore(state["rows"][str(row)])
