"""What a person typed, read and said again: fields that are set, paths and commands to copy."""

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
    """Print lines as they are: what was typed is no markup, and a command that is broken in two cannot be copied."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def as_typed(path: Path) -> str:
    """Return a path as a shell takes it."""
    return shlex.quote(click.format_filename(path))
