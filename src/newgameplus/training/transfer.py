"""What training leaves behind, and how an agent begins with it."""

from __future__ import annotations

from pathlib import Path

from newgameplus.agents.interface import Agent, AgentClass, HasWeights, offers
from newgameplus.errors import NotFoundError, StateError, UsageError
from newgameplus.results.checkpoints import load_state


def begin_from(agent: Agent, agent_name: str, path: Path, *, is_frozen: bool = False) -> None:
    """Give a new agent the weights of a training run's checkpoint.

    Args:
        agent: just made.
        agent_name: as its plan names it.
        path: a checkpoint file, or a run's folder, whose best checkpoint counts.
        is_frozen: whether the agent only plays and no longer learns.

    Raises:
        UsageError: the agent learns nothing that could be passed on.
        NotFoundError: there is no such checkpoint.
        StateError: it belongs to another agent or network.
    """
    if not isinstance(agent, HasWeights):
        raise _no_weights(agent_name)
    file = checkpoint_at(path)
    try:
        state = load_state(file).get("agent")
        if not isinstance(state, dict):
            raise StateError("it holds no agent.")
        agent.begin_from(state, is_frozen=is_frozen)
    except StateError as error:
        raise StateError(f"{agent_name} cannot begin from {file}: {error}") from error


def require_weights(agent_class: AgentClass, agent_name: str) -> None:
    """Make sure that the agents of a class can begin from a checkpoint.

    Raises:
        UsageError: they have nothing that could be passed on.
    """
    if not offers(agent_class, HasWeights):
        raise _no_weights(agent_name)


def _no_weights(agent_name: str) -> UsageError:
    return UsageError(f"The agent {agent_name} has no weights, so it cannot begin from a checkpoint.")


def checkpoints(folder: Path) -> list[Path]:
    """Return a run's checkpoints, oldest first, the best one aside."""
    return sorted((folder / "checkpoints").glob("[0-9]*.safetensors"))


def checkpoint_at(path: Path) -> Path:
    """Return the checkpoint that ``path`` means: itself, or of a run's folder the best one, else the newest.

    Raises:
        NotFoundError: there is nothing at ``path``.
        StateError: it is a folder without a checkpoint.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise NotFoundError(f"There is no checkpoint at {path}; give a training run's folder or a checkpoint file.")
    best = path / "checkpoints" / "best.safetensors"
    found = [best] if best.is_file() else checkpoints(path)
    if not found:
        raise StateError(f"There is no checkpoint in {path} yet; train for longer, or give another run.")
    return found[-1]
