"""Initialise an agent from a training run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.agents.interface import Agent, AgentClass, HasWeights, NamesWeights, offers
from newgameplus.errors import StateError, UsageError
from newgameplus.results.training_runs import agent_state, checkpoint_at
from newgameplus.types import State


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
        StateError: it belongs to another agent or network, or is damaged.
    """
    if not isinstance(agent, HasWeights):
        raise _no_weights(agent_name)
    file = checkpoint_at(path)
    try:
        agent.begin_from(agent_state(file), is_frozen=is_frozen)
    except StateError as error:
        raise StateError(f"{agent_name} cannot begin from {file}: {error}") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # a file may be anybody's
        raise StateError(f"{agent_name} cannot begin from {file}: the agent in it is damaged.") from error


def weights_of(agent: Agent) -> State:
    """Return what other agents begin from: the part of an agent's state that it names, or the whole."""
    return part_to_begin_from(type(agent), agent.state())


def part_to_begin_from(agent_class: Any, state: State) -> State:
    """Return the part of an agent's state that other agents begin from; the whole if its class names none."""
    part: State = agent_class.weights_in(state) if offers(agent_class, NamesWeights) else state
    return part


def as_half(node: Any) -> Any:
    """Return a state whose float32 arrays are float16, half as large; others are left as they are.

    Raises:
        StateError: a number has no place in float16.
    """
    if isinstance(node, dict):
        return {key: as_half(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [as_half(inner) for inner in node]
    if not isinstance(node, np.ndarray) or node.dtype != np.float32:
        return node
    if node.size and not np.abs(node).max() <= np.finfo(np.float16).max:
        raise StateError("A weight is NaN, infinite or too large for float16.")
    return node.astype(np.float16)


def require_weights(agent_class: AgentClass, agent_name: str) -> None:
    """Check that the agents of a class can start from a checkpoint.

    Raises:
        UsageError: they have no weights.
    """
    if not offers(agent_class, HasWeights):
        raise _no_weights(agent_name)


def _no_weights(agent_name: str) -> UsageError:
    return UsageError(f"The agent {agent_name} has no weights, so it cannot begin from a checkpoint.")
