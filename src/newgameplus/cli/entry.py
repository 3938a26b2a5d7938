"""``ngp entry``: what a competitor submits, from an empty folder to one file."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.sandbox_options import AUTO, sandbox_of, sandbox_option
from newgameplus.cli.tables import counted, print_note
from newgameplus.cli.typed import as_typed
from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from newgameplus.games.levels import Level
    from newgameplus.remote.entries.entry import Entry

CONTEST_STEPS, CONTEST_HOURS = 1_000_000, 12
CHECKED_SPLIT = "tumbleweed-validation"
"""Split whose first level an entry is checked on: it comes with New Game Plus."""
SIMPLE = "simple"
"""Name of the template that uses none of our agents."""


@click.group()
def entry() -> None:
    """Write, check and pack an entry: a folder with an entry.toml and the program of an agent of any kind."""


@entry.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--agent", default=SIMPLE, show_default=True, metavar="A", help="simple, or an agent: see ngp agents.")
@click.option("--preset", metavar="P", help="The agent's preset.  [default: as --init's run, else default]")
@click.option("--init", type=click.Path(path_type=Path), metavar="PATH", help="Put a training run's weights into it.")
@click.option(
    "--from-2018",
    "old",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take a script of the contest of 2018 as it is; repeat it for the files that it needs.",
)
def new(folder: Path, agent: str, preset: str | None, init: Path | None, old: tuple[Path, ...]) -> None:
    """Write a new entry to DIR, to change or to submit as it is: a program that holds right, or one of our agents."""
    from newgameplus.remote.entries.new import PROGRAM, WEIGHTS, entry_of_2018, new_entry
    from newgameplus.remote.entries.new import SIMPLE as PROGRAM_OF_SIMPLE

    if old:
        if agent != SIMPLE or preset is not None or init is not None:
            raise UsageError("--from-2018 takes the agent from a script: leave out --agent, --preset and --init.")
        made, files = entry_of_2018(old)
    elif agent == SIMPLE:
        if preset is not None or init is not None:
            raise UsageError("--preset and --init say what one of our agents is like: name it with --agent.")
        made, files = _simple(), {PROGRAM: PROGRAM_OF_SIMPLE.encode()}
    else:
        made, program = _ours(agent, preset, init)
        files = {PROGRAM: program.encode()}
        if init is not None:
            from newgameplus.results.training_runs import checkpoint_at

            files[WEIGHTS] = checkpoint_at(init).read_bytes()
    new_entry(folder, made, files)
    print_note(f"{click.format_filename(folder)} holds {' and '.join(['entry.toml', *files])}.")
    print_note(f"Check it: ngp entry check {as_typed(folder)}")


def _simple() -> Entry:
    from newgameplus.remote.entries.entry import Entry

    return Entry(name="hold-right", version="1", function="agent:play")


def _ours(agent: str, preset: str | None, init: Path | None) -> tuple[Entry, str]:
    """The entry of one of our agents, which sees and does what the agent does here, and its program."""
    from newgameplus.agents import AGENTS, find_agent
    from newgameplus.agents.configuration import configure
    from newgameplus.agents.interface import UsesSnapshots, offers
    from newgameplus.errors import NotFoundError, did_you_mean
    from newgameplus.remote.entries.entry import Entry
    from newgameplus.remote.entries.new import our_program
    from newgameplus.training.plan import configuration_for

    if agent not in AGENTS:
        known = [SIMPLE, *AGENTS]
        raise NotFoundError(
            f"There is no template {agent!r}; there are: {', '.join(known)}.{did_you_mean(agent, known)}"
        )
    agent_class = find_agent(agent)
    if init is None and offers(agent_class, UsesSnapshots):
        raise UsageError(
            f"The agent {agent} begins episodes at snapshots, which no contest grants: train it with ngp train {agent} "
            "and put what it has found into the entry with --init RUN."
        )
    if init is None:
        name, config = preset or "default", configure(agent_class, preset or "default")
    else:
        name, config = configuration_for(agent, preset, {}, init)
    usual, values = configure(agent_class, name), {field.name: getattr(config, field.name) for field in fields(config)}
    changed = {field: value for field, value in values.items() if value != getattr(usual, field)}
    observation, actions = agent_class.specs(config)
    made = Entry(agent, "1", function="agent:main", observation=observation, actions=actions)
    return made, our_program(agent, name, has_weights=init is not None, changed=changed)


@entry.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write.  [default: DIR.zip]"
)
def pack(folder: Path, output: Path | None) -> None:
    """Pack the entry in DIR into one file and print its hash; the same folder always gives the same file."""
    from newgameplus.remote.entries.pack import SUFFIX
    from newgameplus.remote.entries.pack import pack as pack_folder

    where = output or Path(folder.resolve().name + SUFFIX)
    packed = pack_folder(folder, where)
    click.echo(f"{click.format_filename(where)}  {packed.num_bytes:,} bytes, SHA-256 {packed.sha256}")
    print_note(f"{packed.entry.title}, {counted(packed.num_files, 'file')}.")


@entry.command()
@click.argument("path", metavar="ENTRY", type=click.Path(path_type=Path))
@click.option("--level", metavar="GAME/STATE", help="Play this level.  [default: one that comes with New Game Plus]")
@sandbox_option
def check(path: Path, level: str | None, sandbox: str | None) -> int:
    """Let ENTRY play 500 steps in a sandbox, and say what is in the way of judging it."""
    from newgameplus.contest.entry_check import check_entry
    from newgameplus.contest.entry_plan import entry_plan
    from newgameplus.contest.entry_run import SessionFailedError

    plan = entry_plan(path)
    found = sandbox_of(sandbox, plan)
    assert found is not None
    try:
        end = check_entry(plan, _level(level), found)
    except SessionFailedError as error:
        click.echo(f"{plan.entry.title} fails. {error.sentence}", err=True)
        for line in error.end.last_lines:
            click.echo(f"  | {line}", err=True)
        return 2
    each = end.agent_seconds / max(end.step, 1)
    click.echo(f"{plan.entry.title} is fine: {counted(end.step, 'step')} in the sandbox {found}.")
    hours = each * CONTEST_STEPS / 3600
    speed = f"It takes {each * 1000:,.2f} ms for a step, so {hours:,.1f} h of the contest's {CONTEST_HOURS} h"
    if hours < CONTEST_HOURS:
        print_note(f"{speed} for {CONTEST_STEPS:,} steps.")
    else:
        click.echo(f"{speed}: it would not take all {CONTEST_STEPS:,} steps.", err=True)
    return 0


def _level(name: str | None) -> Level:
    from newgameplus.games.levels import find_level, find_split

    return find_split(CHECKED_SPLIT).found()[0] if name is None else find_level(name)


@entry.command()
@click.argument("path", metavar="ENTRY", type=click.Path(path_type=Path))
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Take the packages from a folder of wheels, without a network.",
)
@sandbox_option
def build(path: Path, wheels: Path | None, sandbox: str | None) -> None:
    """Install the requirements of ENTRY, in a sandbox that has a network and sees no level."""
    from newgameplus.contest.entry_plan import entry_plan
    from newgameplus.remote.entries.build import build as build_packages
    from newgameplus.remote.sandbox.choice import choose

    plan = entry_plan(path)
    if plan.entry.requirements is None:
        click.echo(f"{plan.entry.title} has no requirements, so there is nothing to install.")
        return
    build_packages(plan.entry, plan.stored().folder, choose(sandbox or AUTO), wheels=wheels)
    click.echo(f"The requirements of {plan.entry.title} are installed.")
    print_note(f"Check it: ngp entry check {as_typed(path)}")
