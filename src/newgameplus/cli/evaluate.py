"""``ngp evaluate``: judge an agent under the contest's rules."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.on import LOCAL, elsewhere, on_option
from newgameplus.cli.plan_options import (
    CONFIG_OPTIONS,
    actions_in_words,
    agent_options,
    options_of,
    run_name,
    told_weights,
    told_wishes,
    world_options,
    world_plan,
)
from newgameplus.cli.sandbox_options import NONE, check_resumed, contender_plan, sandbox_of, sandbox_option
from newgameplus.cli.typed import Number, as_named, as_typed, say
from newgameplus.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from newgameplus.contest.plan import Plan
    from newgameplus.contest.workers import Failed
    from newgameplus.executor.interface import Executor
    from newgameplus.results.evaluations import Results

DEFAULT_SPLIT = "tumbleweed-validation"
"""Split played if neither a split nor a level is named."""
MAX_SEEDS = 10_000
"""Limit of seeds; more are a typing error."""
_OF_THE_SITTING = {"agent", "results_path", "resume", "num_workers", "is_batched", "address", "as_json", "sandbox"}
"""Options that do not belong to the plan, and the agent, which may always be named again."""


class Duration(click.ParamType[float]):
    """A time such as ``90``, ``90s``, ``30m`` or ``12h``, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse a duration to seconds."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration such as 90, 90s, 30m or 12h.", param, ctx)
        return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


@click.command()
@click.argument("agent", required=False)
@world_options(DEFAULT_SPLIT)
@agent_options
@click.option("--frozen", "is_frozen", is_flag=True, help="Only play with the weights of --init, without learning.")
@click.option("--rules", default="contest", show_default=True, metavar="R", help="contest or contest-2018.")
@click.option("--timesteps", type=Number(), metavar="N", help="Agent steps per level.  [default: 1,000,000]")
@click.option("--episodes", type=Number(), metavar="N", help="Episodes per level.")
@click.option("--wall-clock", type=Duration(), metavar="T", help="Time per level: 90s, 30m, 12h.  [default: 12h]")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="The first seed.")
@click.option("--seeds", "num_seeds", type=int, default=1, show_default=True, metavar="K", help="How many seeds.")
@click.option("--workers", "num_workers", type=int, metavar="N", help="Runs in parallel.  [default: one per core]")
@click.option(
    "--batch/--no-batch",
    "is_batched",
    default=None,
    help="Play several runs as the rows of one batch, or each in a process.  [default: a batch where it is faster]",
)
@on_option
@sandbox_option
@click.option("--results", "results_path", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.")
@click.option("--resume", is_flag=True, help="Continue interrupted results: those named, or the latest.")
@click.option(
    "--movies/--no-movies", "records_movies", default=True, show_default=True, help="Keep every episode as a movie."
)
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON on standard output.")
@click.pass_context
def evaluate(ctx: click.Context, /, **options: Any) -> int:
    """Evaluate AGENT under the contest's rules: 1,000,000 steps on each level, every episode counts.

    AGENT is a name that ngp agents lists, package.module:Class for one of your own, or the path of an entry, which
    plays in a sandbox. Levels are played in parallel, in processes of this machine or on a cluster. Ctrl-C or a power
    cut loses at most the current episodes, in a sandbox the current runs; --resume continues, and runs an agent of
    your own only where you name it again.
    """
    from newgameplus.contest.evaluation import write_scores
    from newgameplus.printable import open_console

    if options["num_workers"] is not None and options["num_workers"] < 1:
        raise UsageError(f"--workers needs at least 1, not {options['num_workers']}.")
    console = open_console(stderr=bool(options["as_json"]))
    with ExitStack() as opened:
        if options["resume"]:
            results, plan = _reopened(ctx, options)
            cluster = _cluster(options, plan, opened)
        else:
            plan = _checked(options)
            cluster = _cluster(options, plan, opened)
            results = _created(options, plan)
        _announce(console, plan, results)
        if cluster is not None:
            _announce_cluster(console, plan, options["address"])
        try:
            failures = _played(results, plan, options["num_workers"], cluster, console)
        except KeyboardInterrupt:
            say(console, f"Interrupted; go on with: {_again(results, plan, options['address'])}")
            return 130
    if failures is None:
        say(console, "These results were complete already.")
    conclude(console, results, write_scores(results, plan), as_json=options["as_json"])
    if not failures:
        return 0
    return 2 if all(failure.is_bad_input for failure in failures) else 1


def _played(
    results: Results, plan: Plan, num_workers: int | None, cluster: Executor[Any] | None, console: Console
) -> list[Failed] | None:
    """Play what is not complete, and show it; return the failures, or None if nothing was left to play."""
    from newgameplus.cli.live import LiveTable
    from newgameplus.contest.evaluation import evaluate as evaluate_plan
    from newgameplus.contest.evaluation import jobs_of
    from newgameplus.contest.workers import Failed

    failures = None
    with LiveTable(jobs_of(plan, results), console) as table:
        for event in evaluate_plan(results, plan, num_workers=num_workers, elsewhere=cluster):
            failures = failures or []
            table.show(event)
            if isinstance(event, Failed):
                failures.append(event)
    return failures


def _again(results: Results, plan: Plan, address: str) -> str:
    """Command that continues results."""
    on = "" if address == LOCAL else f" --on {address}"
    if plan.sandbox == NONE:
        on += f" --sandbox {NONE}"
    return f"ngp evaluate{as_named(plan.agent.name)} --resume{on} --results {as_typed(results.path)}"


def _cluster(options: dict[str, Any], plan: Plan, opened: ExitStack) -> Executor[Any] | None:
    """Connect to the cluster that the options name, if they do, until ``opened`` is closed."""
    from newgameplus.contest.elsewhere import check_travels

    if options["address"] == LOCAL:
        return None
    check_travels(plan)
    games = {level.game for level in plan.world.levels}
    cluster = elsewhere(options["address"], games, options["num_workers"])
    if cluster is not None:
        opened.callback(cluster.close)
    return cluster


def _announce_cluster(console: Console, plan: Plan, address: str) -> None:
    from newgameplus.agents import find_agent
    from newgameplus.agents.interface import KeepsFiles, offers

    say(console, f"The runs are played on {address}, and their files come here.")
    if offers(find_agent(plan.agent.name), KeepsFiles):
        say(console, "The replay buffer does not travel: a run that loses its worker begins anew.")


def _checked(options: dict[str, Any]) -> Plan:
    """Make a plan from the options and check it."""
    from dataclasses import replace

    from newgameplus.contest.evaluation import check

    if options["agent"] is None:
        raise UsageError("Say which agent plays: ngp evaluate jerk, or ngp evaluate random.")
    plan = _plan(options)
    check(plan)
    return replace(plan, rows_together=_rows_together(options, plan))


def _rows_together(options: dict[str, Any], plan: Plan) -> int:
    """Return how many runs each process plays; one on a cluster, whose workers are many."""
    from newgameplus.contest.evaluation import rows_together

    if options["address"] == LOCAL:
        return rows_together(plan, options["num_workers"], options["is_batched"])
    if options["is_batched"]:
        raise UsageError(f"On {options['address']} each run is played by a worker of its own: leave out --batch.")
    return 1


def _created(options: dict[str, Any], plan: Plan) -> Results:
    from newgameplus.contest.evaluation import manifest_of
    from newgameplus.results.evaluations import Results, new_results_folder

    manifest = manifest_of(plan, ["ngp", *map(click.format_filename, sys.argv[1:])])
    results = Results(options["results_path"] or new_results_folder(run_name(plan.agent, plan.world, plan.split)))
    results.create(manifest)
    return results


def _plan(options: dict[str, Any]) -> Plan:
    from dataclasses import replace

    from newgameplus.contest.plan import Plan
    from newgameplus.contest.rules import find_rules, with_budget
    from newgameplus.envs.rules import CONTEST_WORLD

    if not 1 <= options["num_seeds"] <= MAX_SEEDS:
        raise UsageError(f"--seeds needs at least 1 and at most {MAX_SEEDS:,}, not {options['num_seeds']}.")
    agent = contender_plan(options)
    world, split = world_plan(options, agent, DEFAULT_SPLIT, CONTEST_WORLD)
    return Plan(
        agent=agent,
        world=replace(world, levels=tuple(dict.fromkeys(world.levels))),
        rules=with_budget(
            find_rules(options["rules"]),
            timesteps=options["timesteps"],
            episodes=options["episodes"],
            wall_clock_seconds=options["wall_clock"],
        ),
        seeds=tuple(range(options["seed"], options["seed"] + options["num_seeds"])),
        split=split,
        records_movies=options["records_movies"],
        sandbox=sandbox_of(options["sandbox"], agent),
    )


def _reopened(ctx: click.Context, options: dict[str, Any]) -> tuple[Results, Plan]:
    """Open existing results; options given now must not contradict their plan."""
    from newgameplus.contest.evaluation import plan_of
    from newgameplus.results.evaluations import Results, latest_results

    results = Results(options["results_path"] or latest_results())
    plan = plan_of(results.manifest(), trusted=options["agent"])
    typed = {
        name
        for name in options.keys() - _OF_THE_SITTING
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    check_resumed(plan, options["agent"], options["sandbox"])
    if options["is_batched"] not in (None, plan.rows_together > 1):
        way = "as rows of batches" if plan.rows_together > 1 else "in a process each"
        raise ResultsError(
            f"The runs of {results.path} were begun {way} and go on so: leave out --batch or --no-batch."
        )
    if typed and _retyped(plan, options, typed) != plan:
        raise ResultsError(
            f"{results.path} was begun with other settings; --resume needs none: "
            f"ngp evaluate --resume --results {as_typed(results.path)}"
        )
    return results, plan


def _retyped(plan: Plan, options: dict[str, Any], typed: set[str]) -> Plan:
    """Plan with the options given now; all others are those of the existing results."""
    from dataclasses import replace

    from newgameplus.training.agent_plan import AgentPlan

    begun, own = _options_of(plan), plan.agent
    if isinstance(own, AgentPlan) and own.init and "overrides" in typed:
        begun["preset"] = None
    retyped = _plan({**options, **{name: value for name, value in begun.items() if name not in typed}})
    agent = retyped.agent
    if not typed & CONFIG_OPTIONS and isinstance(agent, AgentPlan) and isinstance(own, AgentPlan):
        agent = replace(agent, config=own.config)
    kept: dict[str, Any] = {"rules": plan.world.rules}
    if "actions" not in typed:
        kept["actions"] = plan.world.actions
    return replace(retyped, agent=agent, world=replace(retyped.world, **kept), rows_together=plan.rows_together)


def _options_of(plan: Plan) -> dict[str, Any]:
    """Options by name that give a plan, except for fields set by ``--set``."""
    return {
        **options_of(plan.agent, plan.world, plan.split),
        "rules": plan.rules.name,
        "timesteps": plan.rules.max_timesteps,
        "episodes": plan.rules.max_episodes,
        "wall_clock": plan.rules.max_wall_clock_seconds,
        "seed": plan.seeds[0],
        "num_seeds": len(plan.seeds),
        "records_movies": plan.records_movies,
        "sandbox": plan.sandbox,
    }


def _announce(console: Console, plan: Plan, results: Results) -> None:
    from newgameplus.cli.live import duration
    from newgameplus.cli.tables import counted
    from newgameplus.contest.evaluation import arithmetic_of
    from newgameplus.training.agent_plan import AgentPlan
    from newgameplus.training.arithmetic import change_in_words

    rules = plan.rules
    budget = [
        counted(rules.max_timesteps, "step") if rules.max_timesteps else "",
        counted(rules.max_episodes, "episode") if rules.max_episodes else "",
        duration(rules.max_wall_clock_seconds) if rules.max_wall_clock_seconds else "",
    ]
    scenarios = sorted({level.scenario for level in plan.world.levels})
    say(
        console,
        f"{plan.agent.name} ({plan.agent.preset}) plays {counted(len(plan.world.levels), 'level')} with "
        f"{counted(len(plan.seeds), 'seed')}, each for {' or '.join(filter(None, budget))}; "
        f"rules {rules.name}, scenario {', '.join(scenarios)}.",
    )
    if (actions := actions_in_words(plan.agent, plan.world)) is not None:
        say(console, actions)
    if plan.rows_together > 1:
        say(console, f"Up to {plan.rows_together} runs are played together, as the rows of a batch.")
    if plan.sandbox is not None:
        say(console, f"Sandbox: {plan.sandbox}.")
    say(console, f"Results: {click.format_filename(results.path)}")
    if isinstance(plan.agent, AgentPlan):
        for told in (told_wishes(plan.agent, plan.world), told_weights(plan.agent)):
            if told:
                say(console, told)
    warning = change_in_words(results.manifest().get("arithmetic"), arithmetic_of(plan))
    if warning is not None:
        click.echo(warning, err=True)


def conclude(console: Console, results: Results, scores: dict[str, Any], *, as_json: bool) -> None:
    """Say what results came to so far, or print their scores as JSON."""
    import json

    if as_json:
        click.echo(json.dumps({"results": str(results.path), **scores}, indent=2))
        return
    score = scores["score"]
    if score["mean"] is None:
        say(console, "No episode was finished within the budget, so there is no score.")
        return
    so_far = "" if scores["is_complete"] else "so far "
    interval = score["interval"]
    spread = (
        f" (95% interval {interval[0]:,.1f} to {interval[1]:,.1f} over {score['num_seeds']} seeds)" if interval else ""
    )
    total = f"Score {so_far}{score['mean']:,.1f}"
    console.print(f"\n[bold]{total}[/bold]{spread}; best episode {score['best']:,.1f}.", highlight=False)
    say(console, f"Look at it: ngp report {as_typed(results.path)}")
