"""Plan of a world, with levels, core and rules, and the worlds made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newgameplus.envs.batch import RetroVecEnv
from newgameplus.envs.contest import make_contest
from newgameplus.envs.interface import ResumableWorld
from newgameplus.envs.retro import FrameListener
from newgameplus.envs.rules import CONTEST_WORLD, WorldRules
from newgameplus.envs.serial import SerialVecEnv
from newgameplus.envs.world import SingleWorld
from newgameplus.errors import UsageError
from newgameplus.fields import from_json, pick, to_json
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

    def manifest(self) -> dict[str, Any]:
        """Part of a training run's manifest about the world, as JSON types."""
        levels = [list(to_json(level).values()) for level in self.levels]
        return {"levels": levels, "core": self.core, **to_json(self.rules)}


def world_plan_of(manifest: Mapping[str, Any]) -> WorldPlan:
    """Return the plan whose ``manifest`` is in a manifest among other parts.

    Raises:
        ValueError: a part is missing or of another type.
    """
    levels = tuple(from_json(Level, level) for level in manifest["levels"])
    return pick(WorldPlan, {**manifest, "levels": levels, "rules": pick(WorldRules, manifest)})


def make_world(
    plan: WorldPlan, specs: Specs, num_envs: int, *, switch_steps: int | None = None, order_seed: int = 0
) -> ResumableWorld:
    """Return a world of ``num_envs`` rows for training.

    Args:
        plan: row ``i`` plays level ``i`` modulo their number, or, with ``switch_steps``, one after another.
        specs: observation and action specs.
        num_envs: B, the number of rows.
        switch_steps: steps after which a row changes its level at the end of an episode; None keeps levels.
        order_seed: seed of the order in which rows take the levels.

    Raises:
        NewGamePlusError: a level cannot be played with these settings.
    """
    if switch_steps is None:
        return RetroVecEnv(plan.levels_of(num_envs), **_keywords(plan, specs))
    return SerialVecEnv(
        plan.levels, num_envs, switch_steps=switch_steps, order_seed=order_seed, **_keywords(plan, specs)
    )


def make_single_world(
    plan: WorldPlan, level: Level, specs: Specs, listeners: Sequence[FrameListener] = ()
) -> SingleWorld:
    """Return a world of one row for one of a plan's levels, with listeners of every frame.

    Raises:
        NewGamePlusError: the level cannot be played with these settings.
    """
    return SingleWorld(make_contest(level, listeners=listeners, **_keywords(plan, specs)))


def _keywords(plan: WorldPlan, specs: Specs) -> dict[str, Any]:
    observation_spec, action_spec = specs
    rules = plan.rules.keywords()
    return {"observation_spec": observation_spec, "action_spec": action_spec, "core": plan.core, **rules}
