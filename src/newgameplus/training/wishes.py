"""The world that an agent's configuration wishes for, and what of it is granted: by training all that can be.

A contest has rules of its own and grants nothing; a wish that its rules fulfil anyway counts as granted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from newgameplus.agents.interface import HasWishes, offers
from newgameplus.errors import UsageError
from newgameplus.fields import to_json
from newgameplus.training.agent_plan import AgentPlan
from newgameplus.training.worlds import WorldPlan
from newgameplus.types import Wishes

NO_WISHES = Wishes()


def wishes_of(agent: AgentPlan) -> Wishes:
    """Return what an agent wishes for."""
    agent_class: Any = agent.agent_class
    wishes: Wishes = agent_class.wishes(agent.config) if offers(agent_class, HasWishes) else NO_WISHES
    return wishes


def grant(world: WorldPlan, wishes: Wishes, refused: Collection[str] = ()) -> WorldPlan:
    """Return a world in which wishes hold as far as they can.

    Args:
        world: where is played without them.
        wishes: a scenario is granted only where every level has it.
        refused: names of wishes, fields of :class:`~newgameplus.types.Wishes`, that are not granted.

    Raises:
        UsageError: a wish makes no sense.
    """
    wished = {name: value for name, value in _wished(wishes).items() if name not in refused}
    scenario = wished.pop("scenario", None)
    levels = world.levels
    if scenario is not None and all(scenario in level.integration.scenarios for level in levels):
        levels = tuple(replace(level, scenario=scenario) for level in levels)
    return replace(world, levels=levels, rules=replace(world.rules, **wished))


def outcome(wishes: Wishes, world: WorldPlan) -> dict[str, dict[str, Any]]:
    """Return which wishes a world fulfils: ``granted`` and ``refused``, each name to what was wished, as JSON types."""
    scenarios = {level.scenario for level in world.levels}
    holds = {**to_json(world.rules), "scenario": scenarios.pop() if len(scenarios) == 1 else None}
    told: dict[str, dict[str, Any]] = {"granted": {}, "refused": {}}
    for name, value in _wished(wishes).items():
        told["granted" if holds[name] == value else "refused"][name] = value
    return told


def check_snapshots(agent: AgentPlan, world: WorldPlan) -> None:
    """Check that an agent that begins episodes at snapshots may do so, or only plays what it has found.

    Raises:
        UsageError: it may not.
    """
    if wishes_of(agent).snapshots and not world.rules.snapshots and not agent.is_frozen:
        raise UsageError(
            f"The agent {agent.name} begins episodes at snapshots, which training grants, but neither the rules of a "
            f"contest nor --no-wishes do: train it with ngp train {agent.name}, and judge what its last "
            f"checkpoint has found with ngp evaluate {agent.name} --init CHECKPOINT --frozen."
        )


def _wished(wishes: Wishes) -> dict[str, Any]:
    return {name: value for name, value in to_json(wishes).items() if value is not None}
