"""Initialise an agent from a training run."""

from __future__ import annotations

from pathlib import Path

from newgameplus.agents.interface import Agent, AgentClass, HasWeights, offers
from newgameplus.errors import StateError, UsageError
from newgameplus.results.training_runs import agent_state, checkpoint_at


def begin_from(agent: Agent, agent_name: str, path: Path, *, is_frozen: bool = False) -> None:
    """Give a new agent the weights of a training run's checkpoint.

    Args:
        agent: a new agent.
        agent_name: its name in the plan.
        path: a checkpoint file, or a run's folder, of which the best checkpoint is taken.
        is_frozen: the agent only plays and no longer learns.

    Raises:
        UsageError: the agent has no weights.
        NotFoundError: there is no such checkpoint.
        StateError: it belongs to another agent or network.
    """
    if not isinstance(agent, HasWeights):
        raise _no_weights(agent_name)
    file = checkpoint_at(path)
    try:
        agent.begin_from(agent_state(file), is_frozen=is_frozen)
    except StateError as error:
        raise StateError(f"{agent_name} cannot begin from {file}: {error}") from error


def require_weights(agent_class: AgentClass, agent_name: str) -> None:
    """Check that the agents of a class can start from a checkpoint.

    Raises:
        UsageError: they have no weights.
    """
    if not offers(agent_class, HasWeights):
        raise _no_weights(agent_name)


def _no_weights(agent_name: str) -> UsageError:
    return UsageError(f"The agent {agent_name} has no weights, so it cannot begin from a checkpoint.")
