"""Plan of a world, with levels, core and rules, and the worlds made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gymnasium.vector import AutoresetMode

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.interface import ResumableWorld
from newgameplus.envs.level_queue import LevelQueue
from newgameplus.envs.retro import FrameListener
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.envs.serial import SerialVecEnv
from newgameplus.envs.snapshots import SnapshotWorld
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import UsageError
from newgameplus.fields import from_json, pick, to_json
from newgameplus.games.action_sets import ActionSet, resolved
from newgameplus.games.levels import Level
from newgameplus.types import ActionSpec, ObservationSpec

Specs = tuple[ObservationSpec, ActionSpec]
"""Observation and action specs."""


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """Levels, and the settings that hold on all of them."""

    levels: tuple[Level, ...]
    core: str | None = None
    """Name of the core; None for each game's default."""
    rules: WorldRules = CONTEST_WORLD
    actions: ActionSet | None = None
    """Contents of the agent's action set on the levels' consoles; None if the worlds look it up."""

    def __post_init__(self) -> None:
        if not self.levels:
            raise UsageError("There is nothing to play without a level; see: ngp levels")

    @property
    def consoles(self) -> tuple[str, ...]:
        """stable-retro's names of the levels' consoles."""
        return tuple(dict.fromkeys(level.integration.console.name for level in self.levels))

    def levels_of(self, num_envs: int) -> list[Level]:
        """Level of each of ``num_envs`` rows, if rows keep their level."""
        return [self.levels[row % len(self.levels)] for row in range(num_envs)]

    def specs_on(self, levels: Sequence[Level], specs: Specs) -> Specs:
        """Return the observation and action specs on levels that rows of one world play.

        Args:
            levels: at least one.
            specs: specs of the agent.

        Raises:
            UsageError: the action set differs between the consoles.
        """
        observation_spec, spec = specs
        if self.actions is None or spec.kind != "set":
            return specs
        found = {level: self.actions.on(level.integration.console) or spec for level in levels}
        first = found[levels[0]]
        for level, other in found.items():
            if other != first:
                raise UsageError(
                    f"The rows of a world must have the same actions, but {levels[0]} and {level} have others of the "
                    f"set {self.actions.name}; play the levels of one console at a time."
                )
        return observation_spec, first

    def manifest(self) -> dict[str, Any]:
        """Part of a training run's manifest about the world, as JSON types."""
        levels = [list(to_json(level).values()) for level in self.levels]
        return {"levels": levels, "core": self.core, "actions": to_json(self.actions), **to_json(self.rules)}


def world_plan_of(manifest: Mapping[str, Any]) -> WorldPlan:
    """Return the plan whose ``manifest`` is in a manifest among other parts.

    Raises:
        ValueError: a part is missing or of another type.
    """
    levels = tuple(from_json(Level, level) for level in manifest["levels"])
    parts = {"levels": levels, "rules": pick(WorldRules, manifest), "actions": actions_of(manifest)}
    return pick(WorldPlan, {**manifest, **parts})


def judged_world_plan_of(manifest: Mapping[str, Any]) -> WorldPlan:
    """Return the plan of the world in the manifest of an evaluation, which describes its levels more closely.

    Raises:
        ValueError: a part is missing or of another type.
    """
    return WorldPlan(
        levels=tuple(pick(Level, line) for line in manifest["levels"]),
        core=manifest.get("core"),
        rules=pick(WorldRules, manifest["rules"]),
        actions=actions_of(manifest),
    )


def actions_of(manifest: Mapping[str, Any]) -> ActionSet | None:
    """Return the contents of the agent's action set in a manifest; None in versions without it.

    Raises:
        ValueError: it is invalid.
    """
    recorded = manifest.get("actions")
    return None if recorded is None else from_json(ActionSet, recorded)


def with_actions(plan: WorldPlan, spec: ActionSpec) -> WorldPlan:
    """Return a plan with the contents of the agent's action set, so that they stay the same when a run is resumed.

    Args:
        plan: its own ``actions``, if any, replace the set that the agent names.
        spec: action spec of the agent.

    Raises:
        NotFoundError: there is no set of the agent's name.
        UsageError: a console is missing in the set or lacks a button of it, or the agent has no discrete set.
    """
    if spec.kind != "set":
        if plan.actions is not None:
            raise UsageError("This agent does not choose from a set of actions, so --actions is of no use to it.")
        return plan
    name = spec.name if plan.actions is None else plan.actions.name
    if name is None:
        return plan
    combos = {}
    for level in plan.levels:
        console = level.integration.console
        found = resolved(spec, console) if plan.actions is None else plan.actions.on(console)
        if found is None:
            raise UsageError(
                f"The action set {name} says nothing about the {console.name}, on which {level} is played."
            )
        combos[console.name] = found.combos
    return replace(plan, actions=ActionSet(name, tuple(combos.items())))


def check_alike(plan: WorldPlan, specs: Specs) -> None:
    """Check that rows of one world can play all levels of a plan.

    Raises:
        NotFoundError: there is no action set of the agent's name.
        UsageError: the levels differ in their pad or their actions, or a console lacks a button.
    """
    first, console = plan.levels[0], plan.levels[0].integration.console
    for level in plan.levels:
        other = level.integration.console
        if other.buttons != console.buttons:
            raise UsageError(
                f"The rows of a world must have the same pad, but {first} runs on the {console.name} and {level} on "
                f"the {other.name}; play the levels of one console at a time."
            )
    with_actions(plan, specs[1]).specs_on(plan.levels, specs)


def make_world(plan: WorldPlan, specs: Specs, num_envs: int) -> ResumableWorld:
    """Return a world of ``num_envs`` rows for training; row ``i`` plays level ``i`` modulo their number.

    Raises:
        NewGamePlusError: a level cannot be played with these settings.
    """
    batch = RetroVecEnv(plan.levels_of(num_envs), **_keywords(plan, specs, plan.levels))
    return SnapshotWorld(batch) if plan.rules.snapshots else batch


def make_serial_world(
    plan: WorldPlan, specs: Specs, num_envs: int, queue: LevelQueue, switch_steps: int
) -> ResumableWorld:
    """Return a world for training whose rows play one level after another.

    Args:
        plan: settings of the levels; its own are of the same console as those of the queue.
        specs: observation and action specs.
        num_envs: B, the number of rows.
        queue: where rows take their levels.
        switch_steps: steps after which a row changes its level at the end of an episode.

    Raises:
        NewGamePlusError: a level cannot be played with these settings.
    """
    return SerialVecEnv(queue, num_envs, switch_steps=switch_steps, **_keywords(plan, specs, plan.levels))


def make_batch(plan: WorldPlan, levels: Sequence[Level], specs: Specs, *, num_threads: int) -> RetroVecEnv:
    """Return a batch of some of a plan's levels, one per row, without autoreset.

    Raises:
        NewGamePlusError: a level cannot be played with these settings, or not beside the others.
    """
    keywords = _keywords(plan, specs, levels)
    return RetroVecEnv(levels, num_threads=num_threads, autoreset_mode=AutoresetMode.DISABLED, **keywords)


def make_single_world(
    plan: WorldPlan, level: Level, specs: Specs, listeners: Sequence[FrameListener] = ()
) -> SingleWorld:
    """Return a world of one row for one of a plan's levels, with listeners of every frame.

    Raises:
        NewGamePlusError: the level cannot be played with these settings.
    """
    return SingleWorld(make_contest(level, listeners=listeners, **_keywords(plan, specs, [level])))


def _keywords(plan: WorldPlan, specs: Specs, levels: Sequence[Level]) -> dict[str, Any]:
    observation_spec, action_spec = plan.specs_on(levels, specs)
    rules = plan.rules.keywords()
    return {"observation_spec": observation_spec, "action_spec": action_spec, "core": plan.core, **rules}
