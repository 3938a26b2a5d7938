"""Parsing of ``--set``, and printing of paths and commands that can be copied."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


def fields_of(overrides: tuple[str, ...]) -> dict[str, str]:
    """Return the field and the text of each ``--set FIELD=VALUE``.

    Raises:
        UsageError: one has no equals sign.
    """
    pairs = [override.partition("=") for override in overrides]
    for name, separator, _ in pairs:
        if not separator:
            raise UsageError(f"--set takes FIELD=VALUE, not {name!r}.")
    return {name: value for name, _, value in pairs}


def say(console: Console, text: str) -> None:
    """Print lines without markup and without wrapping, so that commands can be copied."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def as_typed(path: Path) -> str:
    """Return a path quoted for a shell."""
    return shlex.quote(click.format_filename(path))
