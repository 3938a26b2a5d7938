"""``ngp play --rules``: a person is judged under the contest's rules, with results like those of an agent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.evaluate import DEFAULT_SPLIT, Duration, conclude
from newgameplus.cli.typed import Number, as_typed, say
from newgameplus.errors import ResultsError, UsageError

if TYPE_CHECKING:
    from newgameplus.contest.plan import Plan
    from newgameplus.games.levels import Level
    from newgameplus.play.program import Options
    from newgameplus.results.evaluations import Results

HUMAN = "human"
"""Name of the agent in the manifest."""
ONLY_UNDER_RULES = ("split", "timesteps", "episodes", "wall_clock", "seed", "results", "resume")
NOT_UNDER_RULES = ("record", "movie", "web", "port", "host", "browser")
_OF_THE_PLAN = ("level_id", "core", "split", "timesteps", "episodes", "wall_clock", "seed")
"""Options that results keep, so that going on needs none."""
_OPTIONS = (
    click.option("--rules", metavar="R", help="Be judged like an agent: contest or contest-2018."),
    click.option("--split", metavar="S", help="With --rules: every level of a split, one after another."),
    click.option("--timesteps", type=Number(), metavar="N", help="With --rules: steps per level, 15 a second."),
    click.option("--episodes", type=Number(), metavar="N", help="With --rules: episodes per level."),
    click.option("--wall-clock", type=Duration(), metavar="T", help="With --rules: time per level, such as 15m."),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, metavar="N", help="With --rules: seed of the delays."
    ),
    click.option("--results", type=click.Path(path_type=Path), metavar="DIR", help="With --rules: where to write."),
    click.option("--resume", is_flag=True, help="With --rules: go on with results, those named or the latest."),
)


def judged_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of being judged to ``ngp play``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_judged(ctx: click.Context) -> None:
    """Refuse options of the other way to play.

    Raises:
        UsageError: of click; the message says which.
    """
    if ctx.params["rules"] is None:
        for name in _typed(ctx, ONLY_UNDER_RULES):
            raise click.UsageError(f"--{name.replace('_', '-')} needs --rules contest.")
        return
    for name in _typed(ctx, NOT_UNDER_RULES):
        raise click.UsageError(
            f"--{name} does nothing with --rules: the person is judged in a window, from the start of each level, and "
            "the movies are in the results."
        )


def play_judged(ctx: click.Context, options: Options) -> None:
    """Play what is not complete of a person's results, new ones or those that the command goes on with.

    Raises:
        ResultsError: they are not those of a person, or were begun with other settings.
        NewGamePlusError: a level cannot be played.
    """
    from newgameplus.contest.evaluation import write_scores
    from newgameplus.play.program import play_judged as play_in_window
    from newgameplus.printable import open_console

    console = open_console()
    results, plan = _opened(ctx)
    say(console, f"Results: {click.format_filename(results.path)}")
    if results.is_complete():
        say(console, "These results were complete already.")
    else:
        play_in_window(results, plan, options)
    scores = write_scores(results, plan)
    conclude(console, results, scores, as_json=False)
    if not scores["is_complete"]:
        say(console, f"Go on with: {_again(plan, results.path)}")


def _opened(ctx: click.Context) -> tuple[Results, Plan]:
    """Open the results that the options name, or make new ones."""
    from newgameplus.contest.evaluation import check_levels, manifest_of
    from newgameplus.results.evaluations import Results, latest_results, new_results_folder

    options = ctx.params
    path = options["results"] or (latest_results() if options["resume"] else None)
    if path is not None and (options["resume"] or Results(path).manifest_path.is_file()):
        return _reopened(ctx, Results(path))
    plan = _plan(options)
    check_levels(plan)
    what = (plan.split or plan.world.levels[0].folder_name).rpartition("/")[2].removesuffix(".toml")
    manifest = manifest_of(plan, ["ngp", *map(click.format_filename, sys.argv[1:])])
    results = Results(path or new_results_folder(f"{HUMAN}-{what}"))
    results.create(manifest)
    return results, plan


def _reopened(ctx: click.Context, results: Results) -> tuple[Results, Plan]:
    from newgameplus.contest.evaluation import plan_of

    manifest = results.manifest()
    plan = plan_of(manifest)
    if plan.agent.name != HUMAN:
        raise ResultsError(
            f"{results.path} was begun with the agent {plan.agent.name}: go on with ngp evaluate --resume --results "
            f"{as_typed(results.path)}, or play with another --results."
        )
    asked = _typed(ctx, _OF_THE_PLAN) or not ctx.params["resume"]
    if (asked and _plan(ctx.params) != plan) or ctx.params["rules"] != plan.rules.name:
        raise ResultsError(f"{results.path} was begun with other settings; go on with: {_again(plan, results.path)}")
    return results, plan


def _again(plan: Plan, path: Path) -> str:
    return f"ngp play --rules {plan.rules.name} --resume --results {as_typed(path)}"


def _plan(options: Mapping[str, Any]) -> Plan:
    from newgameplus.agents import find_agent
    from newgameplus.contest.plan import Plan
    from newgameplus.contest.rules import find_rules, with_budget
    from newgameplus.training.agent_plan import AgentPlan
    from newgameplus.training.worlds import WorldPlan

    rules = find_rules(options["rules"])
    budget = {"timesteps": options["timesteps"], "episodes": options["episodes"]}
    budget["wall_clock_seconds"] = options["wall_clock"]
    if all(limit is None for limit in budget.values()):
        raise UsageError("Say how long you play each level: --timesteps 13500 or --wall-clock 15m, for example.")
    levels, split = _levels(options)
    return Plan(
        agent=AgentPlan(HUMAN, "default", find_agent(HUMAN).PRESETS["default"]),
        world=WorldPlan(levels, options["core"]),
        rules=with_budget(rules, **budget),
        seeds=(options["seed"],),
        split=split,
    )


def _levels(options: Mapping[str, Any]) -> tuple[tuple[Level, ...], str | None]:
    """Return the levels and the reference of their split; they are of one console."""
    from newgameplus.games.levels import find_level, find_split

    if options["level_id"] is not None:
        if options["split"] is not None:
            raise UsageError("Give LEVEL or --split, not both.")
        return (find_level(options["level_id"]),), None
    split = find_split(options["split"] or DEFAULT_SPLIT)
    levels = split.found(None)
    consoles = sorted({level.integration.console.name for level in levels})
    if len(consoles) > 1:
        raise UsageError(
            f"{split.reference} has levels of the consoles {' and '.join(consoles)}, which have different pads: play "
            "its levels by name, each with its own --results."
        )
    return tuple(dict.fromkeys(levels)), split.reference


def _typed(ctx: click.Context, names: tuple[str, ...]) -> list[str]:
    """Those of the options that were given."""
    return [name for name in names if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
