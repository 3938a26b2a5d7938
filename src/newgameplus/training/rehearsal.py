"""A rehearsal of a plan, before anything is written: its consoles are switched on and its agent is made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from newgameplus.agents.interface import IsPlayedByHand, KeepsFiles, offers
from newgameplus.envs.world import world_spec
from newgameplus.errors import UsageError
from newgameplus.games.levels import Level
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.stages import require_modelled_world
from newgameplus.training.transfer import begin_from
from newgameplus.training.worlds import WorldPlan, make_single_world


def rehearse(agent: AgentPlan, world: WorldPlan, *, num_envs: int = 1, zones: Sequence[str] | None = None) -> None:
    """Make a world of one row for each game and scenario of a plan, and the agent, with its initial weights.

    Args:
        agent: plan of the agent.
        world: plan of the world.
        num_envs: B, the number of rows that the agent will play.
        zones: zone of each row, if the agent will be told.

    Raises:
        UsageError: the agent is a person.
        NewGamePlusError: a level cannot be played with these settings, or the agent cannot play it or begin with these
            weights or files.
    """
    if offers(agent.agent_class, IsPlayedByHand):
        raise UsageError(f"Nobody sits here to play as {agent.name}: ngp play LEVEL --rules contest --timesteps N")
    require_modelled_world(agent, world)
    levels: dict[tuple[str, str], Level] = {}
    for level in world.levels:
        levels.setdefault((level.game, level.scenario), level)
    specs = []
    for level in levels.values():
        with closing(make_single_world(world, level, agent.specs())) as single:
            specs.append(world_spec(single))
    made = agent.make(replace(specs[0], num_envs=num_envs, zones=None if zones is None else tuple(zones)), seed=0)
    if agent.init is not None:
        begin_from(made, agent.name, Path(agent.init), is_frozen=agent.is_frozen)
    if isinstance(made, KeepsFiles):
        with TemporaryDirectory(prefix="ngp-rehearsal-") as folder:
            made.keep_in(Path(folder), 0)  # refuses files that it is to begin with
