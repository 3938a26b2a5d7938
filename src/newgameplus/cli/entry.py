"""``ngp entry``: what a competitor submits, from an empty folder to one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.cli.tables import counted, print_note
from newgameplus.cli.typed import as_typed
from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from newgameplus.remote.entries.entry import Entry

SIMPLE = "simple"
"""Name of the template that uses none of our agents."""


@click.group()
def entry() -> None:
    """Write, check and pack an entry: a folder with an entry.toml and the program of an agent of any kind."""


@entry.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--agent", default=SIMPLE, show_default=True, metavar="A", help="simple, or an agent: see ngp agents.")
@click.option("--preset", default="default", show_default=True, metavar="P", help="The agent's preset.")
@click.option("--init", type=click.Path(path_type=Path), metavar="PATH", help="Put a training run's weights into it.")
def new(folder: Path, agent: str, preset: str, init: Path | None) -> None:
    """Write a new entry to DIR, to change or to submit as it is: a program that holds right, or one of our agents."""
    from newgameplus.remote.entries.new import PROGRAM, WEIGHTS, new_entry, our_program
    from newgameplus.remote.entries.new import SIMPLE as PROGRAM_OF_SIMPLE

    if agent == SIMPLE:
        if init is not None:
            raise UsageError("--init gives weights to one of our agents: name it with --agent.")
        made, files = _simple(), {PROGRAM: PROGRAM_OF_SIMPLE.encode()}
    else:
        made = _ours(agent, preset, init)
        files = {PROGRAM: our_program(agent, preset, has_weights=init is not None).encode()}
        if init is not None:
            from newgameplus.results.training_runs import checkpoint_at

            files[WEIGHTS] = checkpoint_at(init).read_bytes()
    new_entry(folder, made, files)
    print_note(f"{click.format_filename(folder)} holds {' and '.join(['entry.toml', *files])}.")
    print_note(f"Pack it: ngp entry pack {as_typed(folder)}")


def _simple() -> Entry:
    from newgameplus.remote.entries.entry import Entry

    return Entry(name="hold-right", version="1", function="agent:play")


def _ours(agent: str, preset: str, init: Path | None) -> Entry:
    """The entry of one of our agents; it is given the observation and the actions that the agent is given here."""
    from newgameplus.agents import AGENTS, find_agent
    from newgameplus.agents.configuration import configure
    from newgameplus.errors import NotFoundError, did_you_mean
    from newgameplus.remote.entries.entry import Entry
    from newgameplus.training.transfer import require_weights

    if agent not in AGENTS:
        known = [SIMPLE, *AGENTS]
        raise NotFoundError(
            f"There is no template {agent!r}; there are: {', '.join(known)}.{did_you_mean(agent, known)}"
        )
    agent_class = find_agent(agent)
    if init is not None:
        require_weights(agent_class, agent)
    observation, actions = agent_class.specs(configure(agent_class, preset, {}))
    return Entry(agent, "1", function="agent:main", observation=observation, actions=actions)


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
