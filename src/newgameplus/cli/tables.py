"""Tables on a terminal, and lines of tab-separated fields in a pipe."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import click

from newgameplus.printable import printable_field

_BETWEEN = 3
"""Width of a table for each column besides its text."""
_LEAST_PROSE = 24
"""Least width of a last column, in characters; where less is left, a table becomes blocks of lines."""
_LEAST_VALUE = 56
"""Least width for values that are wrapped under themselves; it holds a path, a level or half of a SHA-256."""


def at_terminal() -> bool:
    """Whether standard output is a terminal; ``FORCE_COLOR=1`` and ``NO_COLOR=1`` are respected."""
    from newgameplus.printable import open_console

    return open_console().is_terminal


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    title: str | None = None,
    *,
    numeric: Collection[str] = ("levels", "playable"),
) -> None:
    """Print a table with a header on a terminal, and tab-separated rows without one elsewhere.

    On a terminal that is too narrow for the columns, each row becomes a block of lines instead.

    Args:
        columns: headings.
        rows: cells of each row.
        title: line above the table.
        numeric: headings of the columns that are aligned at their right end.
    """
    shown = [[printable_field(cell) for cell in row] for row in rows]
    if not at_terminal():
        for row in shown:
            click.echo("\t".join(row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from newgameplus.printable import open_console

    console = open_console()
    if _width(columns, shown) > console.width:
        _print_blocks(columns, shown, title)
        return
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in numeric else "left")
    for row in shown:
        table.add_row(*map(Text, row))
    console.print(table)


def _width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Least width of a table that breaks no word: only the last column may be wrapped, and not to a few letters."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    return sum(widths[:-1]) + min(widths[-1], _LEAST_PROSE) + _BETWEEN * len(widths)


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    if title is not None:
        print_title(title)
    for name, *cells in rows:
        click.echo(name)
        for column, cell in zip(columns[1:], cells, strict=True):
            if cell:
                click.echo(f"  {column}: {cell}")


def print_title(text: str) -> None:
    """Print a line, in bold on a terminal."""
    from newgameplus.printable import open_console

    open_console().print(text, style="bold", markup=False, highlight=False, soft_wrap=True)


def print_fields(fields: Mapping[str, str], indent: str = "") -> None:
    """Print names and values, a line each; a terminal with the room shows a long value below itself.

    No word is broken, so that paths and hashes can be copied.
    """
    from rich.text import Text

    from newgameplus.printable import open_console

    console = open_console()
    margin = len(indent) + max(map(len, fields), default=0) + 2
    room = console.width - margin
    for name, value in fields.items():
        text = printable_field(value)
        if room >= _LEAST_VALUE:
            lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
            text = f"\n{' ' * margin}".join(lines)
        start = (f"{indent}{name}".ljust(margin), "dim")
        console.print(Text.assemble(start, text), highlight=False, soft_wrap=True)


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
