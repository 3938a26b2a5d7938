"""What a training run is: its plan, checked before anything is written, and kept in the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newgameplus.agents import find_agent
from newgameplus.agents.configuration import configuration_of, configure, describe, with_fields
from newgameplus.agents.interface import HasDevice, HasWeights, NeedsZones, offers
from newgameplus.envs.frame_skip import MAX_EPISODE_STEPS
from newgameplus.errors import ResultsError, UsageError
from newgameplus.games.levels import Level
from newgameplus.nn.device import find_device
from newgameplus.results.training_runs import TrainingFolder, checkpoint_at, run_of
from newgameplus.training.metrics import require_wandb
from newgameplus.training.prefill import DEFAULT_PREFILL_STEPS, Prefill, check_prefill
from newgameplus.training.transfer import require_weights

_PLAIN = (
    "num_envs",
    "num_steps",
    "seed",
    "checkpoint_steps",
    "init",
    "core",
    "max_episode_steps",
    "log_steps",
    "watch_steps",
    "num_threads",
    "wandb",
    "switch_steps",
    "prefill",
    "prefill_steps",
)
"""Fields of a plan that its manifest holds as they are."""

_COUNTS = (
    "num_envs",
    "num_steps",
    "checkpoint_steps",
    "max_episode_steps",
    "log_steps",
    "watch_steps",
    "num_threads",
    "switch_steps",
    "prefill_steps",
)
"""Fields of a plan that are at least 1, or None where they may be."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is to be trained, on what, for how long."""

    agent: str
    """Name of the agent, or ``package.module:Class``."""
    preset: str
    config: Any
    """The agent's configuration dataclass."""
    levels: tuple[Level, ...]
    """Row ``i`` of the world plays level ``i`` modulo their number, or where rows switch one after another."""
    num_envs: int
    """B, the number of rows."""
    num_steps: int
    """Agent steps in all rows together."""
    seed: int = 0
    checkpoint_steps: int = 50_000
    """Steps between checkpoints."""
    init: str | None = None
    """A checkpoint whose weights the agent begins with."""
    core: str | None = None
    """Name of the core that plays; None for the one that each game names."""
    max_episode_steps: int = MAX_EPISODE_STEPS
    """Steps after which an episode is truncated."""
    log_steps: int | None = None
    """Steps between two lines of figures; None for 1,000, or 128 in each row where that is more."""
    watch_steps: int | None = None
    """Steps between two episodes that are played with the weights of the moment and recorded; None for none."""
    num_threads: int | None = None
    """Threads that torch computes in, on which its sums depend; None leaves them as they are."""
    wandb: str | None = None
    """Project of Weights & Biases that the figures go to as well; None for none."""

    switch_steps: int | None = None
    """Steps after which a row takes another level at its episode's end; None where it keeps its level."""
    prefill: str | None = None
    """What the replay buffer begins with, as :mod:`newgameplus.training.prefill` finds it; None for nothing."""
    prefill_steps: int = DEFAULT_PREFILL_STEPS
    """Transitions that it begins with, at most."""

    def __post_init__(self) -> None:
        if not self.levels:
            raise UsageError("Training needs at least one level; see: ngp levels")
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}.")
        if self.seed < 0:
            raise UsageError(f"A seed is a whole number from 0, not {self.seed}.")

    def manifest(self) -> dict[str, Any]:
        """Return the plan as JSON types."""
        return {
            "agent": {"name": self.agent, "preset": self.preset, "config": describe(self.config)},
            "levels": [[level.game, level.state, level.scenario] for level in self.levels],
            **{name: getattr(self, name) for name in _PLAIN},
        }


def read_plan(folder: Path) -> TrainingPlan:
    """Return the plan that a run was begun with.

    Raises:
        ResultsError: there is no run in the folder, or its manifest is damaged or of another version.
    """
    run = TrainingFolder(folder)
    content = run.manifest()
    try:
        agent = content["agent"]
        return TrainingPlan(
            agent=agent["name"],
            preset=agent["preset"],
            config=configuration_of(find_agent(agent["name"]), agent["config"]),
            levels=tuple(Level(*level) for level in content["levels"]),
            **{name: content[name] for name in _PLAIN if name in content},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{run.manifest_path} is damaged ({error}); begin a new run.") from error


def configuration_for(agent: str, preset: str | None, overrides: Mapping[str, str], init: Path) -> tuple[str, Any]:
    """Return the preset's name and the configuration that an agent is to have.

    Args:
        agent: its name, or ``package.module:Class``.
        preset: its preset; None for that of the run that ``init`` belongs to, with its fields, if it is the same agent,
            and else ``default``.
        overrides: fields to be changed, and their new values as text.
        init: the checkpoint, or the run's folder, that the agent begins with.

    Raises:
        NewGamePlusError: there is no such agent, preset, field or checkpoint, the agent has no weights, or the run's
            plan is damaged.
    """
    agent_class = find_agent(agent)
    require_weights(agent_class, agent)
    run = run_of(checkpoint_at(init))
    if preset is None and run.exists():
        plan = read_plan(run.path)
        if plan.agent == agent:
            # Where it is computed is this machine's matter, not the run's.
            here = {"device": agent_class.PRESETS[plan.preset].device} if isinstance(plan.config, HasDevice) else {}
            return plan.preset, with_fields(replace(plan.config, **here), overrides)
    name = "default" if preset is None else preset
    return name, configure(agent_class, name, overrides)


def check(plan: TrainingPlan) -> None:
    """Make sure that every level can be played and that the agent can begin, before anything is written.

    Raises:
        NewGamePlusError: a ROM, state, scenario, core or checkpoint is missing; the message says which.
        UsageError: the agent cannot do what the plan asks for.
    """
    for level in dict.fromkeys(plan.levels):
        level.integration.rom()
        level.integration.scenario(level.scenario)
    if isinstance(plan.config, HasDevice):
        find_device(plan.config.device)
    if plan.wandb is not None:
        require_wandb()
    if plan.switch_steps is not None:
        _check_switching(plan)
    if (wanted := prefill_of(plan)) is not None:
        check_prefill(wanted, plan.levels[0].integration.console.name)
    if plan.watch_steps is not None and not offers(find_agent(plan.agent), HasWeights):
        raise UsageError(f"The agent {plan.agent} has no weights that could be watched; leave out --watch-every.")
    if plan.init is not None:
        require_weights(find_agent(plan.agent), plan.agent)
        checkpoint_at(Path(plan.init))


def _check_switching(plan: TrainingPlan) -> None:
    if len(dict.fromkeys(plan.levels)) == 1:
        raise UsageError(f"There is no other level than {plan.levels[0]} to switch to; leave out --switch-every.")
    agent_class: Any = find_agent(plan.agent)
    if offers(agent_class, NeedsZones) and agent_class.needs_zones(plan.config):
        raise UsageError(f"The agent {plan.agent} must know the zone of each row, so leave out --switch-every.")


def prefill_of(plan: TrainingPlan) -> Prefill | None:
    """Return what the replay buffer of a plan's agent begins with, or None for nothing."""
    if plan.prefill is None:
        return None
    return Prefill(
        source=plan.prefill,
        num_steps=plan.prefill_steps,
        agent=plan.agent,
        config=plan.config,
        num_envs=plan.num_envs,
        seed=plan.seed,
        init=plan.init,
        core=plan.core,
        max_episode_steps=plan.max_episode_steps,
    )


def begin(plan: TrainingPlan, folder: Path) -> None:
    """Make a run's folder and write its plan into it.

    Raises:
        ResultsError: the folder exists and holds something, or cannot be written.
    """
    TrainingFolder(folder).create(plan.manifest())
