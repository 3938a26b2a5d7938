"""What a ceiling is told of its level: the buttons of the par movie."""

from __future__ import annotations

import numpy as np

from newgameplus.agents.interface import Agent, FollowsMovie, offers
from newgameplus.errors import NotFoundError
from newgameplus.games.levels import Level
from newgameplus.movies.bk2 import read_movie
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Array


def check_ceiling(agent: AgentPlan, world: WorldPlan) -> None:
    """Check that every level has a par movie, if the agent is to follow it.

    Raises:
        NotFoundError: one has none.
        MovieError: one cannot be read.
    """
    if offers(agent.agent_class, FollowsMovie):
        for level in world.levels:
            presses_of(level, world.rules.frames_per_step)


def tell(agent: Agent, level: Level, frames_per_step: int) -> None:
    """Tell an agent the buttons of the level's par movie, if it follows one.

    Raises:
        NotFoundError: there is none.
        MovieError: it cannot be read.
    """
    if isinstance(agent, FollowsMovie):
        agent.follow(presses_of(level, frames_per_step))


def presses_of(level: Level, frames_per_step: int) -> Array:
    """Return what the level's par movie presses in each step, int8 ``[T, buttons]``: the buttons of its first frame.

    Raises:
        NotFoundError: there is no par movie.
        MovieError: it cannot be read.
    """
    path = level.integration.par_movie(level.state)
    if path is None:
        raise NotFoundError(f"{level} has no par movie, so there is no proof to press again: ngp levels check SPLIT")
    masks = read_movie(path).masks[1::frames_per_step, 0].astype(np.int64)  # frame 0 is the reset's
    return (masks[:, None] >> np.arange(len(level.integration.console.buttons)) & 1).astype(np.int8)
