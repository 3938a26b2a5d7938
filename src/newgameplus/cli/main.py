"""Entry point of ``ngp``: finds the verb, and turns every deliberate error into one sentence and exit code 2."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from newgameplus import __version__
from newgameplus.errors import NewGamePlusError, did_you_mean
from newgameplus.executor.threads import let_waiting_threads_sleep
from newgameplus.printable import printable_output
from newgameplus.registry import resolve

VERBS: dict[str, tuple[str, str]] = {
    "agents": ("newgameplus.cli.agents:agents", "List agents, show one."),
    "cluster": ("newgameplus.cli.cluster:cluster", "Work on many machines."),
    "compare": ("newgameplus.cli.compare:compare", "Rank agents by their results."),
    "desktop": ("newgameplus.cli.desktop:desktop", "Open movies by a double click in a Linux file manager."),
    "entry": ("newgameplus.cli.entry:entry", "Write, check and pack an entry."),
    "evaluate": ("newgameplus.cli.evaluate:evaluate", "Judge an agent under the contest's rules."),
    "games": ("newgameplus.cli.games:games", "List games, show one, import ROMs."),
    "levels": ("newgameplus.cli.levels:levels", "List levels and splits."),
    "movie": ("newgameplus.cli.movie:movie", "Show, render and verify recorded episodes."),
    "play": ("newgameplus.cli.play:play", "Play a level yourself."),
    "report": ("newgameplus.cli.report:report", "Write one web page about results or training runs."),
    "train": ("newgameplus.cli.train:train", "Let an agent learn on levels."),
    "watch": ("newgameplus.cli.watch:watch", "Look at movies in a browser."),
    "weights": ("newgameplus.cli.weights:weights", "Write what a training run has learned to one small file."),
}
"""Command of each verb, and its line in ``ngp --help``."""


class LazyGroup(click.Group):
    """A group that imports a verb's file only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the verbs, sorted."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's command."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = resolve(VERBS[cmd_name][0])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, VERBS[name][1]) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, with a hint if it is misspelt."""
        if args[0] == "help":
            args = [args[1], "--help"] if len(args) > 1 else ["--help"]
            if len(args) == 1:
                click.echo(ctx.get_help())
                ctx.exit()
        if args[0] not in VERBS:
            raise click.UsageError(f"There is no verb {args[0]!r}.{did_you_mean(args[0], VERBS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ngp", message="%(prog)s %(version)s")
def cli() -> None:
    """New Game Plus: an open Retro Contest in a box.

    Train agents on some levels of classic console games, judge them on levels they have never seen, and watch
    everything they did. A first run that needs nothing but this program:

    ngp evaluate jerk --timesteps 10000
    """


def main(arguments: list[str] | None = None) -> None:
    """Run ``ngp`` with ``arguments``, by default those of the process, and exit.

    Exit codes: 0 done, 1 something failed or the output was closed, 2 bad input (one sentence on standard error), 130
    interrupted.
    """
    let_waiting_threads_sleep()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run ``ngp`` with ``arguments`` and return the exit code."""
    _find_agents_here()
    with printable_output():
        return _run(arguments)


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = cli.main(args=arguments, prog_name="ngp", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except NewGamePlusError as error:
        click.echo(f"Error: {error}", err=True)
        return 2
    except UnicodeError as error:
        click.echo(f"Error: a name or text in what was given cannot be written or read as text: {error}.", err=True)
        return 2
    except OSError as error:
        where = f"{click.format_filename(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        click.echo(f"Error: {where}{error.strerror or error}.", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _find_agents_here() -> None:
    """Make a user's own agent importable from the current folder, if that still exists."""
    with contextlib.suppress(FileNotFoundError):
        here = os.getcwd()  # noqa: PTH109 - pathlib costs every start of ngp more than this
        if here not in sys.path:
            sys.path.append(here)


if __name__ == "__main__":
    main()
