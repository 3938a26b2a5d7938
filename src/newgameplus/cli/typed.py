"""Parsing of ``--set``, and printing of paths and commands that can be copied."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newgameplus.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


class Number(click.ParamType[int]):
    """A whole number such as ``10000``, ``10_000``, ``10,000``, ``10k`` or ``1.5M``."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse a number."""
        match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)([kM]?)", re.sub(r"(?<=\d)[,_](?=\d)", "", str(value)))
        number = float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]] if match else 0.5
        if not number.is_integer():
            self.fail(f"{value!r} is not a whole number such as 10000, 10k or 1.5M.", param, ctx)
        return int(number)


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


def as_named(agent: str) -> str:
    """Return the argument that resuming needs for an agent: its name, where it is a class of the user's own."""
    return f" {shlex.quote(agent)}" if ":" in agent else ""
