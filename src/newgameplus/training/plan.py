"""Plan of a training run, checked before anything is written, and stored in its folder. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from newgameplus.agents import AGENTS, find_agent
from newgameplus.agents.configuration import HasDevice, configure, with_fields
from newgameplus.agents.interface import (
    ContinuesOthers,
    HasWeights,
    NeedsZones,
    offers,
)
from newgameplus.agents.populations import Evolves, PlaysApart
from newgameplus.errors import ResultsError, UsageError
from newgameplus.fields import pick, to_json
from newgameplus.games.action_sets import ActionSet, action_sets
from newgameplus.games.folders import add_named_collections, named_collections
from newgameplus.games.native_scenario import scenario_spec
from newgameplus.registry import require_package
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at, manifest_of
from newgameplus.training.agent_plan import AgentPlan, agent_plan_of
from newgameplus.training.demonstrations import Preparation
from newgameplus.training.preparation import check_preparation
from newgameplus.training.rehearsal import rehearse
from newgameplus.training.transfer import require_weights
from newgameplus.training.wishes import check_snapshots, outcome, wishes_of
from newgameplus.training.worlds import WorldPlan, check_alike, world_plan_of


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of new levels, which rows take one after another; none comes twice."""

    game: str
    """Name of the open game, such as ``tumbleweed``."""
    seed: int = 0
    """Seed of the levels."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Plan of a training run."""

    agent: AgentPlan
    world: WorldPlan
    """Levels and rules; row ``i`` plays level ``i`` modulo their number, or with ``switch_steps`` one after another.
    With ``stream`` these levels are only watched."""
    num_envs: int
    """B, the number of rows."""
    total_steps: int
    """Agent steps in all rows together."""
    seed: int = 0
    checkpoint_steps: int = 50_000
    """Steps between checkpoints."""
    log_steps: int | None = None
    """Steps between two lines of metrics; None for 1,000, or 128 per row if that is more."""
    watch_steps: int | None = None
    """Steps between two watched episodes; None for none."""
    num_threads: int | None = None
    """Number of torch's threads, on which its sums depend; None keeps torch's default."""
    wandb: str | None = None
    """Project of Weights & Biases that also receives the metrics; None for none."""
    switch_steps: int | None = None
    """Steps after which a row changes its level at the end of an episode; None keeps levels."""
    keep_steps: tuple[int, ...] = ()
    """Steps after which the agent as it is then is kept, in a file of its own."""
    stream: Stream | None = None
    """Stream of levels that the rows play instead of the world's; None for none. Needs ``switch_steps``."""
    plays_apart: bool = False
    """Whether there are no rows: the individuals of a population are played one by one, in other processes."""

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"A seed is a whole number from 0, not {self.seed}.")
        if self.agent.is_frozen:
            raise UsageError("A frozen agent learns nothing; it can only be judged: ngp evaluate --frozen.")
        if any(not 0 < steps <= self.total_steps for steps in self.keep_steps):
            raise UsageError(
                f"Weights are kept after 1 to {self.total_steps:,} steps, the run's last, not after "
                f"{', '.join(f'{steps:,}' for steps in self.keep_steps)}."
            )
        if self.stream is not None and self.switch_steps is None:
            raise UsageError("Rows take the levels of a stream one after another: say after how many steps.")
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is int and field.name != "seed" and value < 1:
                raise UsageError(f"{field.name} must be at least 1, not {value}.")

    @property
    def preparation(self) -> Preparation:
        """What happens to the agent before its first step."""
        return Preparation(self.agent, self.world, self.num_envs, self.seed)

    @property
    def zones(self) -> tuple[str, ...] | None:
        """Zone of each row; None if rows change their level."""
        return (
            None
            if self.switch_steps is not None
            else tuple(level.zone for level in self.world.levels_of(self.num_envs))
        )

    @property
    def level_numbers(self) -> tuple[int, ...] | None:
        """Number of each row's level; None if rows change their level."""
        if self.switch_steps is not None:
            return None
        return tuple(row % len(self.world.levels) for row in range(self.num_envs))

    def manifest(self) -> dict[str, Any]:
        """Return the plan as JSON types."""
        content = to_json(self)
        del content["agent"], content["world"]
        wishes = outcome(wishes_of(self.agent), self.world)
        return {**self.agent.manifest(), **self.world.manifest(), "wishes": wishes, **content}


def read_plan(folder: Path, trusted: str | None = None) -> TrainingPlan:
    """Return the plan of the run in a folder.

    Args:
        folder: folder of the run, which may be somebody else's.
        trusted: the agent that the user has named, if any.

    Raises:
        ResultsError: there is no run in the folder, its manifest is damaged or of another version, or its agent is a
            class of another package, which the user has not named.
    """
    run = TrainingFolder(folder)
    return plan_of(run.manifest(), run.manifest_path, trusted)


def plan_of(content: Mapping[str, Any], path: Path, trusted: str | None = None) -> TrainingPlan:
    """Return the plan that a manifest was written for.

    Args:
        content: the manifest.
        path: file that it is from.
        trusted: as for :func:`read_plan`.

    Raises:
        ResultsError: as for :func:`read_plan`.
    """
    add_named_collections(content.get("games"))
    try:
        parts = {"agent": agent_plan_of(content, trusted), "world": world_plan_of(content)}
        return pick(TrainingPlan, {**content, **parts})
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path} is damaged ({error}); begin a new run.") from error


def configuration_for(agent: str, preset: str | None, overrides: Mapping[str, str], init: Path) -> tuple[str, Any]:
    """Return the name of the preset and the configuration for an agent.

    Args:
        agent: name of the agent, or ``package.module:Class``.
        preset: name of the preset; None for that of the run that ``init`` belongs to, with its fields, if it is the
            same agent, and otherwise ``default``. Where the agent continues others, fields that must fit their weights
            are those of the run.
        overrides: new values of fields as text.
        init: checkpoint, or run's folder, with the initial weights.

    Raises:
        NewGamePlusError: there is no such agent, preset, field or checkpoint, the agent has no weights, or the run's
            plan is damaged.
    """
    agent_class = find_agent(agent)
    require_weights(agent_class, agent)
    checkpoint = checkpoint_at(init)
    manifest = manifest_of(checkpoint)
    if preset is None and manifest is not None and _agent_name(manifest) == agent:
        plan = plan_of(manifest, checkpoint, trusted=agent).agent
        # The device belongs to this machine, not to the run.
        here = {"device": agent_class.PRESETS[plan.preset].device} if isinstance(plan.config, HasDevice) else {}
        return plan.preset, with_fields(replace(plan.config, **here), overrides)
    name = "default" if preset is None else preset
    config = configure(agent_class, name)
    if manifest is not None and isinstance(agent_class, type) and offers(agent_class, ContinuesOthers):
        config = _continued(agent_class, config, manifest, checkpoint)
    return name, with_fields(config, overrides)


def _continued(agent_class: Any, config: Any, manifest: Mapping[str, Any], checkpoint: Path) -> Any:
    """Return a configuration that fits the weights of another agent's run, as far as the agent continues it."""
    name = _agent_name(manifest)
    if name not in AGENTS:
        return config
    continued = agent_class.continued(config, name, plan_of(manifest, checkpoint).agent.config)
    return config if continued is None else continued


def _agent_name(manifest: Mapping[str, Any]) -> object:
    agent = manifest.get("agent")
    return agent.get("name") if isinstance(agent, dict) else None


def own_actions_of(init: Path) -> ActionSet | None:
    """Return the user's own action set that a checkpoint was trained with; None if its run had one of the project's.

    Args:
        init: the checkpoint, or the run's folder.

    Raises:
        NewGamePlusError: there is no such checkpoint, or the run's plan is damaged.
    """
    checkpoint = checkpoint_at(init)
    manifest = manifest_of(checkpoint)
    if manifest is None:
        return None
    try:
        actions = world_plan_of(manifest).actions
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"The plan of {checkpoint} is damaged ({error}); begin a new run.") from error
    return None if actions is None or actions.name in action_sets() else actions


def check(plan: TrainingPlan) -> None:
    """Check that every level can be played and that the agent can start, before anything is written.

    Raises:
        NewGamePlusError: a ROM, state, scenario, core or checkpoint is missing; the message says which.
        UsageError: the agent does not support what the plan asks for.
    """
    for level in dict.fromkeys(plan.world.levels):
        level.integration.rom()
        scenario_spec(level.integration, level.scenario)
    check_alike(plan.world, plan.agent.specs())
    agent_class: Any = plan.agent.agent_class
    plan.agent.arithmetic()  # refuses a device that is not there
    check_snapshots(plan.agent, plan.world)
    if plan.wandb is not None:
        require_package("wandb", "--wandb")
    if plan.plays_apart and not offers(agent_class, PlaysApart):
        raise UsageError(f"The agent {plan.agent.name} has no individuals to play elsewhere; leave out --on.")
    if plan.switch_steps is not None:
        _check_switching(plan)
    check_preparation(plan.preparation)
    if plan.watch_steps is not None and not offers(agent_class, HasWeights):
        raise UsageError(f"The agent {plan.agent.name} has no weights that could be watched; leave out --watch-every.")
    if plan.watch_steps is not None and offers(agent_class, Evolves):
        raise UsageError(
            f"The best of every generation of {plan.agent.name} is watched anyway; leave out --watch-every."
        )
    if plan.agent.init is not None:
        require_weights(agent_class, plan.agent.name)
        checkpoint_at(Path(plan.agent.init))
    rehearse(plan.agent, plan.world, num_envs=plan.num_envs, zones=plan.zones)


def _check_switching(plan: TrainingPlan) -> None:
    levels = plan.world.levels
    if plan.world.rules.snapshots:
        raise UsageError(
            f"The agent {plan.agent.name} begins episodes at snapshots of its level, so its rows cannot change it: "
            "leave out --switch-every and --stream."
        )
    if plan.stream is None and len(dict.fromkeys(levels)) == 1:
        raise UsageError(f"There is no other level than {levels[0]} to switch to; leave out --switch-every.")
    agent_class: Any = plan.agent.agent_class
    if offers(agent_class, NeedsZones) and agent_class.needs_zones(plan.agent.config):
        raise UsageError(
            f"The agent {plan.agent.name} must know the zone of each row, so its rows cannot change their level: "
            "leave out --switch-every and --stream."
        )


def begin(plan: TrainingPlan, folder: Path) -> None:
    """Create a run's folder and write its plan into it.

    Raises:
        ResultsError: the folder is not empty, or cannot be written.
    """
    arithmetic = plan.agent.arithmetic(plan.num_threads)
    content = plan.manifest() | {"games": named_collections(), "arithmetic": arithmetic}
    TrainingFolder(folder).create(content)
