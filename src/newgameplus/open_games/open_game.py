"""Description of an open game for building its folder: its names, its program, and how its levels start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newgameplus.games.folders import bundled_games
from newgameplus.open_games.course import Course

Values = Mapping[str, int]
"""The game's variables by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGame:
    """A game of our own, whose ROM is a program followed by a pack of levels.

    Its memory has the variables ``mode``, ``level`` (index of the current level), ``clock`` (frames since the level
    started), and ``request``: when set to 1, the program starts the level with index ``request_level`` and resets it to
    0.
    """

    name: str
    """Name of the integration that comes with New Game Plus, such as ``Airstriker-Genesis-v0``."""
    title: str
    """Title of the game; folders of other levels for its program are named after it."""
    course: Course[Any]
    """Course of its levels."""
    rom_name: str
    """File name of the ROM."""
    fast_core: str
    """Core that plays the game if the engine was built."""
    shared_files: tuple[str, ...]
    """Files of the game's folder that are the same for every set of levels: variables and scenarios."""
    scenario: str
    """Scenario of the levels in a set."""

    pack_address: int
    """Address of the pack of levels in the ROM, where the program ends."""
    level_names: Callable[[bytes], list[str]]
    """Reads the names of a ROM's levels, in its order; raises RomError if there is no pack of this version."""
    pack_version: int
    """Version of the packs that ``level_names`` reads."""

    mode_title: int
    """Value of ``mode`` while the title is shown."""
    mode_play: int
    """Value of ``mode`` while a level is played."""
    is_ready: Callable[[Values], bool]
    """Whether the player of a started level can act, so that an episode may begin."""
    unready: Callable[[Values], str]
    """Explains where a player who cannot act is stuck, and what to do: the end of a sentence."""

    draw_set: Callable[[bytes, int, int], bytes] | None = None
    """Returns the ROM of a program with new levels: those of a set, by its number, of the stream with a seed. None if
    the game has no generator of levels."""
    num_set_levels: int = 0
    """Number of levels in each of these sets."""

    @property
    def folder(self) -> Path:
        """Folder of the game that comes with New Game Plus."""
        return bundled_games() / self.name

    @property
    def console_name(self) -> str:
        """Last parts of the name, such as ``Genesis-v0``, which give the console."""
        return "-".join(self.name.rsplit("-", 2)[1:])
