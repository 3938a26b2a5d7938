"""``ngp train``: train an agent on levels, with checkpoints from which it resumes exactly."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.on import elsewhere
from newgameplus.cli.plan_options import (
    actions_in_words,
    agent_options,
    agent_plan,
    rules_options,
    run_name,
    told_weights,
    told_wishes,
    with_wishes,
    world_options,
    world_plan,
    world_rules,
)
from newgameplus.cli.streams import stream_of, stream_options, streamed
from newgameplus.cli.training_progress import follow
from newgameplus.cli.typed import Number, as_named, as_typed, say
from newgameplus.errors import LearningError, UsageError
from newgameplus.registry import require_package

if TYPE_CHECKING:
    from rich.console import Console

    from newgameplus.executor.interface import Executor
    from newgameplus.training.plan import TrainingPlan
    from newgameplus.training.run import Report

DEFAULT_SPLIT = "tumbleweed-train"
"""Split trained on if neither a split nor a level is named."""
DEFAULT_STEPS = 1_000_000
_LEAST_ROWS = 8
"""Default number of rows if there are fewer levels."""


@click.command()
@click.argument("agent", required=False)
@world_options(DEFAULT_SPLIT)
@rules_options
@agent_options
@click.option(
    "--steps", type=Number(), metavar="N", help=f"Agent steps, of all rows together.  [default: {DEFAULT_STEPS:,}]"
)
@click.option("--num-envs", type=int, metavar="N", help="Rows of the world.  [default: one per level, at least 8]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Device of the network.  [default: auto]")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of every random number.")
@click.option(
    "--checkpoint-every",
    type=Number(),
    default=50_000,
    show_default=True,
    metavar="N",
    help="Steps between checkpoints.",
)
@click.option(
    "--keep-at", multiple=True, type=Number(), metavar="N", help="Keep the weights after N steps; repeatable."
)
@click.option("--watch-every", type=Number(), metavar="N", help="Record an episode every N steps.")
@click.option("--threads", type=int, metavar="N", help="Threads of the network.  [default: torch's]")
@click.option("--wandb", metavar="PROJECT", help="Also send the metrics to a project of Weights & Biases.")
@click.option("--switch-every", type=Number(), metavar="N", help="Change the level of each row after N of its steps.")
@stream_options
@click.option(
    "--on",
    "address",
    metavar="WHERE",
    help="Play the individuals of neat or es one by one: local, or tls://HOST:PORT of a cluster (ngp cluster --help).",
)
@click.option("--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.")
@click.option("--resume", is_flag=True, help="Continue the run in --run, or the latest, from its last checkpoint.")
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> int:
    """Train AGENT: ppo, rainbow, experts, neat, es, world_model, or package.module:Class for one of your own.

    All levels are played in parallel in one process, or with --switch-every one after another in each row. Metrics are
    written to metrics.jsonl and TensorBoard in the run's folder. Ctrl-C writes a checkpoint; a power cut loses at most
    ten minutes; --resume continues exactly from there. With --watch-every, movies and watched.jsonl there show what the
    agent does. With --stream, rows play new levels that are drawn without end, instead of those of a split. With
    --demonstrations, it learns from movies first. With --prefill, an agent with a replay buffer starts with steps of
    movies, or of the levels of a split.
    """
    require_package("torch", "Training")
    from newgameplus.printable import open_console
    from newgameplus.results.training_runs import TrainingFolder

    console = open_console(stderr=True)
    plan, folder, executor = _reopened(ctx, options) if options["resume"] else _created(options)
    _announce(console, plan, folder)
    try:
        with streamed(console, plan, folder) as stream:
            report = follow(console, plan, folder, executor, stream)
    except KeyboardInterrupt:
        saved = TrainingFolder(folder).checkpoints()
        num_steps = int(saved[-1].stem) if saved else 0
        kept = (
            f"after {num_steps:,} steps, which are kept"
            if num_steps
            else "before its first step, what it learned is kept"
        )
        what = kept if saved else "before the first checkpoint"
        again = f"ngp train{as_named(plan.agent.name)} --resume --run {as_typed(folder)}"
        say(console, f"Interrupted {what}; go on with: {again}")
        return 130
    except LearningError as error:
        if not TrainingFolder(folder).checkpoints():
            raise
        again = f"ngp train {plan.agent.name} --init {as_typed(folder)} --set learning_rate=…"
        raise LearningError(f"{error} Its checkpoints are intact; to begin anew with their weights: {again}") from error
    _conclude(console, plan, folder, report)
    return 0


def _created(options: dict[str, Any]) -> tuple[TrainingPlan, Path, Executor[Any] | None]:
    """Make a plan from the options, check it, and only then write anything."""
    from newgameplus.training.plan import begin, check

    if options["agent"] is None:
        raise UsageError("Say which agent learns: ngp train ppo, or ngp train rainbow.")
    plan, split = _plan(options)
    check(plan)
    if options["steps"] is None:
        _require_weights(options["agent"])
    folder = options["folder"] or _new_folder(run_name(plan.agent, plan.world, split))
    executor = _executor(options["address"], plan)
    begin(plan, folder)
    return plan, folder, executor


def _require_weights(agent: str) -> None:
    """Refuse a run of the default length whose agent has nothing to hand on to another run or to an evaluation."""
    from newgameplus.agents import find_agent
    from newgameplus.agents.interface import HasWeights, offers

    if not offers(find_agent(agent), HasWeights):
        raise UsageError(
            f"The agent {agent} has no weights, so nothing that it learns in training is of use to an evaluation: "
            f"evaluate it (ngp evaluate {agent}), or say how long it is to train all the same (--steps N)."
        )


def _plan(options: dict[str, Any]) -> tuple[TrainingPlan, str | None]:
    """Return the plan and the split that its levels come from."""
    import torch

    from newgameplus.envs.rules import CONTEST_WORLD
    from newgameplus.training.plan import TrainingPlan

    agent = agent_plan(options)
    world, split = world_plan(options, agent, DEFAULT_SPLIT, world_rules(options, CONTEST_WORLD))
    stream, switch_steps = stream_of(options)
    num_envs, plays_apart = options["num_envs"], options["address"] is not None
    if plays_apart and (num_envs is not None or switch_steps is not None):
        raise UsageError(
            "With --on individuals are played one by one: leave out --num-envs, --switch-every and --stream."
        )
    if plays_apart:
        num_envs = 1
    elif num_envs is None:
        are_few = options["switch_every"] is not None and options["stream"] is None
        num_envs = _LEAST_ROWS if are_few else max(_LEAST_ROWS, len(world.levels))
    plan = TrainingPlan(
        agent=agent,
        world=with_wishes(options, agent, world),
        num_envs=num_envs,
        total_steps=DEFAULT_STEPS if options["steps"] is None else options["steps"],
        seed=options["seed"],
        checkpoint_steps=options["checkpoint_every"],
        watch_steps=options["watch_every"],
        num_threads=torch.get_num_threads() if options["threads"] is None else options["threads"],
        wandb=options["wandb"],
        keep_steps=tuple(sorted(set(options["keep_at"]))),
        switch_steps=switch_steps,
        stream=stream,
        plays_apart=plays_apart,
    )
    return plan, split


def _reopened(ctx: click.Context, options: dict[str, Any]) -> tuple[TrainingPlan, Path, Executor[Any] | None]:
    """Open an existing run; no other options may be given, since the run has its plan."""
    from newgameplus.results.training_runs import latest_training_run
    from newgameplus.training.plan import read_plan

    folder = options["folder"] or latest_training_run()
    typed = [
        name
        for name in options
        if name not in ("agent", "folder", "resume", "address")
        and ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    ]
    if typed:
        raise UsageError(f"--resume goes on as the run was begun; leave out {typed[0]!r}: ngp train --resume --run DIR")
    plan = read_plan(folder, trusted=options["agent"])
    if options["agent"] not in (None, plan.agent.name):
        raise UsageError(f"{folder} was begun with the agent {plan.agent.name}, not {options['agent']}.")
    return plan, folder, _executor(options["address"], plan)


def _new_folder(stem: str, parent: Path = Path("runs")) -> Path:
    return next(path for number in itertools.count(1) if not (path := parent / f"{stem}-{number}").exists())


def _executor(address: str | None, plan: TrainingPlan) -> Executor[Any] | None:
    """Return the executor that plays individuals elsewhere; None for this process, or for processes of this machine."""
    if address is None:
        return None
    if not plan.plays_apart:
        raise UsageError("The rows of this run are played by one process; --on goes with runs that were begun with it.")
    return elsewhere(address, {level.game for level in plan.world.levels})


def _announce(console: Console, plan: TrainingPlan, folder: Path) -> None:
    from newgameplus.cli.tables import counted
    from newgameplus.results.training_runs import TrainingFolder
    from newgameplus.training.arithmetic import change_in_words, in_words

    num_levels = len(plan.world.levels)
    levels, rows = counted(num_levels, "level"), f"in {counted(plan.num_envs, 'row')}"
    if plan.plays_apart:
        rows = "by individuals that are played one by one"
    elif plan.stream is not None:
        levels = f"new levels of {plan.stream.game.capitalize()}, each for {plan.switch_steps:,} steps,"
    elif plan.switch_steps is not None:
        levels += " one after another"
    elif plan.num_envs < num_levels:
        levels = f"the first {plan.num_envs} of {levels}"
    say(
        console,
        f"{plan.agent.name} ({plan.agent.preset}) learns on {levels} {rows} for {counted(plan.total_steps, 'step')}.",
    )
    if (actions := actions_in_words(plan.agent, plan.world)) is not None:
        say(console, actions)
    if wishes := told_wishes(plan.agent, plan.world):
        say(console, wishes)
    if weights := told_weights(plan.agent):
        say(console, weights)
    say(console, f"Run: {folder}")
    arithmetic = plan.agent.arithmetic(plan.num_threads)
    if arithmetic:
        say(console, f"Computed by {in_words(arithmetic)}.")
    warning = change_in_words(TrainingFolder(folder).manifest().get("arithmetic"), arithmetic)
    if warning is not None:
        say(console, warning)


def _conclude(console: Console, plan: TrainingPlan, folder: Path, report: Report | None) -> None:
    from newgameplus.agents import find_agent
    from newgameplus.agents.interface import HasWeights, LearnsInStages, Searches, offers

    if report is None:
        say(console, "This run was complete already.")
        return
    where = as_typed(folder)
    score = "" if report.mean_return is None else f" Mean return of recent episodes: {report.mean_return:,.1f}."
    say(console, f"Trained for {report.num_steps:,} steps in {report.elapsed_seconds:,.0f} s.{score}")
    say(console, f"Look at it: ngp report {where}, or: tensorboard --logdir {where}")
    agent_class = find_agent(plan.agent.name)
    if offers(agent_class, HasWeights):
        searches, levels = offers(agent_class, Searches), plan.world.levels
        counts_here_alone = (searches or offers(agent_class, LearnsInStages)) and len(levels) == 1
        frozen = " --frozen" if searches else ""
        level = f" --level {shlex.quote(str(levels[0]))}" if counts_here_alone else ""
        say(console, f"Judge it: ngp evaluate {plan.agent.name} --init {where}{frozen}{level}")
