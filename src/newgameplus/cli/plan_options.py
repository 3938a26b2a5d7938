"""Options for the agent and the world, the same for every verb that starts a run, and the plans made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.cli.consent import lua_option
from newgameplus.cli.tables import counted
from newgameplus.cli.typed import Number, fields_of
from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from newgameplus.contest.entry_plan import EntryPlan
    from newgameplus.envs.rules import WorldRules
    from newgameplus.games.action_sets import ActionSet
    from newgameplus.games.levels import Level
    from newgameplus.training.agent_plan import AgentPlan
    from newgameplus.training.worlds import WorldPlan

FIELD_OPTIONS = ("device",)
"""Options that set the field of the agent's configuration that has their name."""
CONFIG_OPTIONS = frozenset({"preset", "overrides", *FIELD_OPTIONS})
"""Options that say what the agent's configuration is; others leave it as it is."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def agent_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that :func:`agent_plan` reads, and the consent to scripts."""
    return _with(
        command,
        lua_option,
        click.option("--preset", metavar="P", help="The agent's preset.  [default: as --init's run, else default]"),
        click.option("--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Change a field of the preset."),
        click.option(
            "--init", type=click.Path(path_type=Path), metavar="PATH", help="Start from a training run's weights."
        ),
        click.option(
            "--at-steps", type=Number(), metavar="N", help="Take the weights that --init's run has kept after N steps."
        ),
        click.option(
            "--demonstrations",
            metavar="SOURCE",
            help="Learn from these first: par, a movie, a folder, a split's.",
        ),
        click.option(
            "--prefill", metavar="SOURCE", help="Fill the replay buffer first: par, a movie, a folder, or a split."
        ),
        click.option(
            "--prefill-steps", type=Number(), metavar="N", help="Transitions to fill it with.  [default: 100,000]"
        ),
    )


def world_options(default_split: str) -> Decorator:
    """Return a decorator that adds the options that :func:`levels_of` and :func:`world_plan` read."""
    split = f"Play every level of a split, or of a folder.  [default: {default_split}]"
    options = (
        click.option("--split", metavar="S", help=split),
        click.option("--level", "levels", multiple=True, metavar="GAME/STATE", help="This level; may be repeated."),
        click.option("--scenario", metavar="NAME", help="Judge by this scenario instead of the level's own."),
        click.option("--core", metavar="NAME", help="Play on this emulator core instead of the game's own."),
        click.option(
            "--actions",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Action set to use instead of the agent's.",
        ),
    )
    return lambda command: _with(command, *options)


def rules_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that :func:`world_rules` reads."""
    return _with(
        command,
        click.option("--frame-skip", type=int, metavar="N", help="Frames per action.  [default: the contest's]"),
        click.option("--sticky", type=float, metavar="P", help="Probability of delay.  [default: the contest's]"),
        click.option("--episode-steps", type=Number(), metavar="N", help="Longest episode.  [default: the contest's]"),
        click.option(
            "--stall", type=Number(), metavar="N", help="Cut episodes after N frames without a new best return."
        ),
        click.option("--no-wishes", is_flag=True, help="Grant the preset no wish for rules or scenario."),
    )


def agent_plan(options: Mapping[str, Any]) -> AgentPlan:
    """Return the plan of the agent from options by name.

    Raises:
        NewGamePlusError: there is no such agent, preset, field, checkpoint or source, or they do not fit.
    """
    from newgameplus.training.agent_plan import DEFAULT_PREFILL_STEPS, AgentPlan, Prefill
    from newgameplus.training.demonstrations import reference

    if options["prefill_steps"] is not None and options["prefill"] is None:
        raise UsageError("--prefill-steps says how much of --prefill is taken: give both.")
    preset, config = _configuration(options)  # says first whether such an agent begins from weights at all
    init = initial(options)
    prefill = None
    if options["prefill"] is not None:
        num_steps = DEFAULT_PREFILL_STEPS if options["prefill_steps"] is None else options["prefill_steps"]
        prefill = Prefill(reference(options["prefill"]), num_steps)
    return AgentPlan(
        name=options["agent"],
        preset=preset,
        config=config,
        init=None if init is None else str(init.resolve()),
        is_frozen=options.get("is_frozen", False),
        prefill=prefill,
        demonstrations=None if options["demonstrations"] is None else reference(options["demonstrations"]),
    )


def initial(options: Mapping[str, Any]) -> Path | None:
    """Return the checkpoint with the initial weights, None if there is none.

    Raises:
        NewGamePlusError: it is not there.
    """
    from newgameplus.results.training_runs import checkpoint_at

    if options["init"] is None and options["at_steps"] is not None:
        raise UsageError("--at-steps says which weights of --init are taken: give both.")
    return None if options["init"] is None else checkpoint_at(options["init"], options["at_steps"])


def _configuration(options: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the name of the preset and the configuration; without ``--preset`` those of ``--init``'s run."""
    from newgameplus.agents import find_agent
    from newgameplus.agents.configuration import configure

    agent, preset, fields = options["agent"], options["preset"], fields_of(options["overrides"])
    fields |= {name: str(options[name]) for name in FIELD_OPTIONS if options.get(name) is not None}
    if options["init"]:
        from newgameplus.training.plan import configuration_for

        return configuration_for(agent, preset, fields, options["init"])
    return preset or "default", configure(find_agent(agent), preset or "default", fields)


def world_plan(
    options: Mapping[str, Any], agent: AgentPlan | EntryPlan, default_split: str, rules: WorldRules
) -> tuple[WorldPlan, str | None]:
    """Return the plan of the world from options by name, and the reference of the levels' split, if any.

    Raises:
        NewGamePlusError: there is no such split, level, scenario or action set.
    """
    from newgameplus.training.worlds import WorldPlan, with_actions

    if options["split"] and options["levels"]:
        raise UsageError("Give --split or --level, not both.")
    levels, split = _levels(options, default_split)
    world = WorldPlan(levels, options["core"], rules, _own_actions(options))
    return with_actions(world, agent.specs()[1]), split


def _own_actions(options: Mapping[str, Any]) -> ActionSet | None:
    """Return the user's own action set: the one that is typed, or else that of --init's run."""
    from newgameplus.games.action_sets import read_action_set
    from newgameplus.training.plan import own_actions_of

    if options["actions"] is not None:
        return read_action_set(options["actions"])
    if options["init"] and options["preset"] is None and "actions" not in fields_of(options["overrides"]):
        return own_actions_of(options["init"])
    return None


def actions_in_words(agent: AgentPlan | EntryPlan, world: WorldPlan) -> str | None:
    """Return a sentence about the action set, or None if it is the one that the agent names."""
    from newgameplus.games.action_sets import action_sets

    if world.actions is None:
        return None
    sizes = {console: counted(len(combos), "action") for console, combos in world.actions.combos}
    named = action_sets().get(world.actions.name)
    if named is None or agent.specs()[1].name != named.name:
        where = " and ".join(f"{size} on the {name}" for name, size in sizes.items())
        return f"The agent chooses among the actions of {world.actions.name}: {where}."
    others = {name: size for name, size in sizes.items() if name not in dict(named.combos)}
    if not others:
        return None
    where = " and ".join(f"the {name} ({size})" for name, size in others.items())
    return f"The set {named.name} holds nothing on {where}, so the console's own set is taken."


def _levels(options: Mapping[str, Any], default_split: str) -> tuple[tuple[Level, ...], str | None]:
    from newgameplus.games.levels import find_level, find_split

    scenario = options["scenario"]
    if options["levels"]:
        return tuple(find_level(level_id, scenario) for level_id in options["levels"]), None
    split = find_split(options["split"] or default_split)
    return split.found(scenario), split.reference


def world_rules(options: Mapping[str, Any], rules: WorldRules) -> WorldRules:
    """Return ``rules`` with the changes of the options.

    Raises:
        UsageError: a number is invalid.
    """
    from dataclasses import replace

    typed = {
        "frames_per_step": options["frame_skip"],
        "sticky_probability": options["sticky"],
        "max_episode_steps": options["episode_steps"],
        "stall_frames": options["stall"],
    }
    return replace(rules, **{name: value for name, value in typed.items() if value is not None})


def with_wishes(options: Mapping[str, Any], agent: AgentPlan, world: WorldPlan) -> WorldPlan:
    """Return a world in which the agent's wishes hold, but for those that the options decide otherwise."""
    from newgameplus.training.wishes import grant, wishes_of

    if options["no_wishes"]:
        return world
    decided = {
        "frames_per_step": "frame_skip",
        "sticky_probability": "sticky",
        "max_episode_steps": "episode_steps",
        "stall_frames": "stall",
        "scenario": "scenario",
    }
    refused = {wish for wish, option in decided.items() if options[option] is not None}
    return grant(world, wishes_of(agent), refused)


def told_wishes(agent: AgentPlan, world: WorldPlan) -> str:
    """Return a sentence on what became of the agent's wishes, or nothing where it has none."""
    from newgameplus.training.wishes import outcome, wishes_of

    told = outcome(wishes_of(agent), world)
    parts = [
        f"{what}: {', '.join(f'{name} {value}' for name, value in told[what].items())}" for what in told if told[what]
    ]
    return f"Wishes {'; '.join(parts)}." if parts else ""


def told_weights(agent: AgentPlan) -> str:
    """Return a sentence on an agent without the weights that it expects, or nothing."""
    from newgameplus.agents.interface import ExpectsWeights, offers

    agent_class: Any = agent.agent_class
    is_without = agent.init is None and agent.demonstrations is None and offers(agent_class, ExpectsWeights)
    return agent_class.without_weights(agent.config) if is_without else ""


def options_of(agent: AgentPlan | EntryPlan, world: WorldPlan, split: str | None) -> dict[str, Any]:
    """Return the options by name that a run was started with, except for fields set by ``--set``."""
    scenarios = {level.scenario for level in world.levels}
    return {
        **_options_of_agent(agent),
        "at_steps": None,
        "split": split,
        "levels": () if split else tuple(map(str, world.levels)),
        "scenario": scenarios.pop() if len(scenarios) == 1 else None,
        "core": world.core,
    }


def _options_of_agent(agent: AgentPlan | EntryPlan) -> dict[str, Any]:
    from newgameplus.training.agent_plan import AgentPlan

    if not isinstance(agent, AgentPlan):
        names = ("preset", "init", "demonstrations", "prefill", "prefill_steps")
        return {"agent": agent.path, "is_frozen": False, **dict.fromkeys(names)}
    return {
        "agent": agent.name,
        "preset": agent.preset,
        "init": None if agent.init is None else Path(agent.init),
        "is_frozen": agent.is_frozen,
        "demonstrations": agent.demonstrations,
        "prefill": agent.prefill and agent.prefill.source,
        "prefill_steps": agent.prefill and agent.prefill.num_steps,
    }


def run_name(agent: AgentPlan | EntryPlan, world: WorldPlan, split: str | None) -> str:
    """Return the default name of a run: its agent and its levels."""
    from newgameplus.games.levels import SPLIT_FILE

    path = Path(split or world.levels[0].folder_name)
    what = path.parent.name if path.name == SPLIT_FILE else path.name.removesuffix(".toml")
    return f"{agent.name.rpartition(':')[2].lower()}-{what}"


def _with(command: Callable[..., Any], *options: Decorator) -> Callable[..., Any]:
    """Add options to a command, in their order."""
    for option in reversed(options):
        command = option(command)
    return command
