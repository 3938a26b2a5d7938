"""``ngp cluster``: a scheduler and workers on this machine, more workers from others, and what they do."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from newgameplus.cli.tables import counted, print_json, print_note, print_table
from newgameplus.cli.typed import as_typed
from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from newgameplus.cluster.address import Address
    from newgameplus.cluster.status import WorkerStatus

MAX_WORKERS = 1000
REFRESH_SECONDS = 1.0
"""Time between two looks of ``status`` on a terminal."""

_address_argument = click.argument("address", required=False, metavar="[ADDRESS]")
_workers_option = click.option(
    "--workers", "num_workers", type=click.IntRange(0, MAX_WORKERS), metavar="N",
    help="Workers on this machine.  [default: one per CPU core]",
)  # fmt: skip


@click.group()
def cluster() -> None:
    """Work on many machines: start a scheduler and workers, let more join, see what they do.

    ADDRESS is the scheduler's, tls://127.0.0.1:8786 if none is given. With tls:// members know each other by
    certificates, which ngp cluster up makes in the folder cluster of NGP_HOME (or in NGP_CLUSTER); copy this folder to
    each machine. tcp:// is for addresses of this machine alone. Needs the extra cluster.
    """


@cluster.command()
@_address_argument
@_workers_option
def up(address: str | None, num_workers: int | None) -> int:
    """Start a scheduler at ADDRESS and workers on this machine, and keep them until Ctrl-C.

    Nodes that end are started again. For other machines, ADDRESS is one by which they reach this one, such as
    tls://192.168.1.5:8786.
    """
    from newgameplus.cluster.address import with_free_port
    from newgameplus.cluster.certificates import default_folder, make

    where = with_free_port(_parsed(address))
    if where.answers(1.0):
        raise UsageError(f"Something listens at {where} already: ngp cluster join {where}, or name another port.")
    if where.scheme == "tls":
        make(default_folder())
    return _keep(where, num_workers, has_scheduler=True)


@cluster.command()
@_address_argument
@_workers_option
def join(address: str | None, num_workers: int | None) -> int:
    """Let workers on this machine join the scheduler at ADDRESS, and keep them until Ctrl-C.

    They wait for a scheduler that is away, and are started again when they end. A machine that has another version than
    the scheduler's is refused.
    """
    where = _parsed(address)
    from newgameplus.cluster.connect import connect

    connect(where).close()
    return _keep(where, num_workers, has_scheduler=False)


@cluster.command()
@_address_argument
@click.option("--json", "as_json", is_flag=True, help="Print it once, as JSON.")
def status(address: str | None, as_json: bool) -> int:
    """Show the workers of the scheduler at ADDRESS and what each does; on a terminal until Ctrl-C."""
    from dataclasses import asdict

    where = _parsed(address)
    from newgameplus.cluster.connect import connect
    from newgameplus.cluster.status import workers_of
    from newgameplus.printable import open_console

    client = connect(where)
    try:
        console = open_console()
        if as_json:
            print_json({"address": str(where), "workers": [asdict(worker) for worker in workers_of(client)]})
        elif console.is_terminal:
            from rich.live import Live

            with Live(console=console, auto_refresh=False) as live:
                while True:
                    live.update(_picture(where, workers_of(client)), refresh=True)
                    time.sleep(REFRESH_SECONDS)
        else:
            workers = workers_of(client)
            print_table(_COLUMNS, [_cells(worker) for worker in workers])
            print_note(_summary(where, workers))
    except KeyboardInterrupt:
        pass
    finally:
        client.close()
    return 0


def _parsed(address: str | None) -> Address:
    from newgameplus.cluster.address import DEFAULT_ADDRESS, parse_address
    from newgameplus.cluster.connect import require_extra

    where = parse_address(address or DEFAULT_ADDRESS)
    require_extra()
    return where


def _keep(where: Address, num_workers: int | None, *, has_scheduler: bool) -> int:
    """Start nodes and keep them until Ctrl-C or SIGTERM; then end them."""
    import os
    import socket

    from newgameplus.cluster.nodes import KeptNodes, nodes_of
    from newgameplus.executor.local import available_cores
    from newgameplus.games.folders import home

    number = available_cores() if num_workers is None else num_workers
    machine = f"{socket.gethostname().partition('.')[0]}-{os.getpid()}"
    nodes = nodes_of(where, number, machine, has_scheduler=has_scheduler, certificates=None)
    signal.signal(signal.SIGTERM, _interrupt)
    logs = home() / "cluster-logs"
    kept = KeptNodes(nodes, logs, lambda sentence: click.echo(sentence, err=True))
    try:
        if has_scheduler:
            kept.wait_for_scheduler()
        _announce(where, number, logs, has_scheduler=has_scheduler)
        kept.keep()
    except KeyboardInterrupt:
        click.echo("Ending.", err=True)
    finally:
        kept.close()
    return 0


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def _announce(where: Address, num_workers: int, logs: Path, *, has_scheduler: bool) -> None:
    from newgameplus.cluster.certificates import default_folder

    what = f"{f'A scheduler at {where} and ' if has_scheduler else ''}{counted(num_workers, 'worker')}"
    click.echo(f"{what}, until Ctrl-C. Their output: {as_typed(logs)}")
    click.echo(f"Use them:      ngp evaluate jerk --on {where}")
    click.echo(f"What they do:  ngp cluster status {where}")
    if has_scheduler and not where.is_loopback:
        folder = as_typed(default_folder())
        click.echo(f"More workers:  copy {folder} to another machine, and there: ngp cluster join {where}")


_COLUMNS = ("worker", "host", "does", "for", "done")


def _cells(worker: WorkerStatus) -> tuple[str, ...]:
    from newgameplus.cli.live import duration

    does = worker.problem or worker.doing or "waits"
    return worker.name, worker.host, does, duration(worker.seconds) if worker.doing else "", str(worker.num_done)


def _summary(where: Address, workers: list[WorkerStatus]) -> str:
    num_busy = sum(bool(worker.doing) for worker in workers)
    return f"{where}: {counted(len(workers), 'worker')}, {num_busy} at work."


def _picture(where: Address, workers: list[WorkerStatus]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.caption, table.caption_justify = _summary(where, workers), "left"
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in ("for", "done") else "left", overflow="ellipsis")
    for worker in workers:
        style = "red" if worker.problem else "cyan" if worker.doing else "dim"
        cells = zip(_COLUMNS, _cells(worker), strict=True)
        table.add_row(*(Text(cell, style=style if name == "does" else "") for name, cell in cells))
    return table
