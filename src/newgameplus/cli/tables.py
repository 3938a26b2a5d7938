"""Tables on a terminal, and lines of tab-separated fields in a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from newgameplus.printable import printable_field


def at_terminal() -> bool:
    """Whether standard output is a terminal; ``FORCE_COLOR=1`` and ``NO_COLOR=1`` are respected."""
    from newgameplus.printable import open_console

    return open_console().is_terminal


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """Print a table with a header on a terminal, and tab-separated rows without one elsewhere."""
    if not at_terminal():
        for row in rows:
            click.echo("\t".join(map(printable_field, row)))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from newgameplus.printable import open_console

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in ("levels", "playable") else "left")
    for row in rows:
        table.add_row(*(Text(printable_field(cell)) for cell in row))
    open_console().print(table)


def print_note(text: str) -> None:
    """Print a line for people only."""
    if at_terminal():
        click.echo(text)


def print_json(content: Any) -> None:
    """Print ``content`` as JSON."""
    click.echo(json.dumps(content, indent=2))


def counted(number: int, noun: str) -> str:
    """Text such as ``1 game`` and ``1,030 games``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
