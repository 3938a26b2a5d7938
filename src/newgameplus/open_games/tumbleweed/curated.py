"""The levels that come with the game: their seeds and splits.

``python -m newgameplus.open_games.tumbleweed.curated`` rewrites the splits after ``curated.toml`` was changed.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from newgameplus.errors import UsageError
from newgameplus.open_games.tumbleweed.blueprint import Blueprint
from newgameplus.open_games.tumbleweed.generate import generate_level

FILE = Path(__file__).with_name("curated.toml")
SPLITS_FOLDER = Path(__file__).parents[2] / "games" / "splits"
GAME = "Tumbleweed-Genesis-v0"
_DESCRIPTIONS = {
    "train": "The {count} levels of Tumbleweed that agents train on: all eight zones, from easy to hard.",
    "validation": "The {count} levels of Tumbleweed on which agents are validated; none is in tumbleweed-train.",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A line of ``curated.toml``."""

    name: str
    """``<Zone>.Act<n>``."""
    seed: int
    split: str
    """``train`` or ``validation``."""

    @property
    def zone(self) -> str:
        """Name of the zone."""
        return self.name.partition(".Act")[0]

    @property
    def act(self) -> int:
        """Number of the act, from 1."""
        return int(self.name.partition(".Act")[2])


def read_chosen(text: str) -> list[Chosen]:
    """Parse the text of ``curated.toml``.

    Raises:
        UsageError: it is invalid.
    """
    try:
        chosen = [_chosen(**entry) for entry in tomllib.loads(text)["levels"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{FILE.name} cannot be read ({error}); each level needs name, seed and split.") from error
    names = [level.name for level in chosen]
    if len(set(names)) < len(names):
        raise UsageError(f"{FILE.name} names {next(name for name in names if names.count(name) > 1)} twice.")
    return chosen


def _chosen(name: str, seed: int, split: str, **unknown: Any) -> Chosen:
    if unknown or split not in _DESCRIPTIONS:
        raise ValueError(f"{name}: {', '.join(unknown) or repr(split)}")
    return Chosen(name, seed, split)


@cache
def chosen_levels() -> tuple[Chosen, ...]:
    """Return the lines of ``curated.toml``, in the order of the ROM."""
    return tuple(read_chosen(FILE.read_text(encoding="utf-8")))


def curated_levels() -> list[Blueprint]:
    """Make the levels that come with the game, in the order of the ROM; takes some seconds.

    Raises:
        UsageError: ``curated.toml`` is invalid, or one of its seeds gives no level.
    """
    return [generate_level(level.zone, level.act, level.seed) for level in chosen_levels()]


def split_text(split: str) -> str:
    """Return the contents of the file of the split ``train`` or ``validation``."""
    names = [level.name for level in chosen_levels() if level.split == split]
    lines = [
        "# Written from open_games/tumbleweed/curated.toml.",
        f'description = "{_DESCRIPTIONS[split].format(count=len(names))}"',
        'scenario = "contest"',
        "levels = [",
        *(f'  "{GAME}/{name}",' for name in names),
        "]",
    ]
    return "\n".join([*lines, ""])


def split_file(split: str) -> Path:
    """Return the path of a split's file."""
    return SPLITS_FOLDER / f"tumbleweed-{split}.toml"


def main() -> int:
    """Write the splits' files."""
    for split in _DESCRIPTIONS:
        split_file(split).write_text(split_text(split), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
