"""What making the folder of an open game needs to know of it: its names, its program, and how its levels begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.games.folders import bundled_games
from newgameplus.open_games.course import Course

Values = Mapping[str, int]
"""The game's variables by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGame:
    """A game of our own, whose ROM is a program and, behind it, a pack of levels.

    Its memory has the variables ``mode``, ``level`` (number of the level under way), ``clock`` (frames since the level
    began), and ``request``: once 1, the program begins the level of number ``request_level`` and puts it back to 0.
    """

    name: str
    """The integration that comes with New Game Plus, such as ``Airstriker-Genesis-v0``."""
    title: str
    """The game's title; folders of other levels for its program are named after it."""
    course: Course[Any]
    """How its levels are won."""
    rom_name: str
    """File name of the ROM, as the console wants it."""
    fast_core: str
    """The core that plays the game wherever the engine was built."""
    shared_files: tuple[str, ...]
    """The files of the game's folder that are the same for every set of levels: variables and scenarios."""
    scenario: str
    """What judges the levels of a set."""

    pack_address: int
    """Where the pack of levels begins in the ROM, and the program ends."""
    level_names: Callable[[bytes], list[str]]
    """Reads the names of a ROM's levels, in its order; raises RomError where there is no pack of this version."""
    pack_version: int
    """Of the packs that ``level_names`` reads."""

    mode_title: int
    """Value of ``mode`` once the title is shown."""
    mode_play: int
    """Value of ``mode`` while a level is under way."""
    is_ready: Callable[[Values], bool]
    """Whether the player of a level that has begun can act, so that an episode may begin."""
    unready: Callable[[Values], str]
    """Says where a player who is not ready is stuck, and what to do: the end of a sentence."""

    @property
    def folder(self) -> Path:
        """Where the game that comes with New Game Plus lies."""
        return bundled_games() / self.name

    @property
    def console_name(self) -> str:
        """The last parts of the name, such as ``Genesis-v0``, which tell the console."""
        return "-".join(self.name.rsplit("-", 2)[1:])
