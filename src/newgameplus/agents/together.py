"""Acting of agents of one row each that compute nothing together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newgameplus.agents.interface import Agent
from newgameplus.types import Array


def act_one_by_one(agents: Sequence[Agent | None], observation: Array) -> Array:
    """Return the actions ``[B, …]`` of agents of one row each, as :class:`ActsTogether` says.

    Args:
        agents: B agents, None in rows that are not played; at least one is.
        observation: ``[B, …]``.
    """
    chosen = {row: agent.act(observation[row : row + 1]) for row, agent in enumerate(agents) if agent is not None}
    first = next(iter(chosen.values()))
    action = np.zeros((len(agents), *first.shape[1:]), first.dtype)
    for row, own in chosen.items():
        action[row] = own[0]
    return action
