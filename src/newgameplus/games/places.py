"""Which variables of a game say where player and camera are: ``map.json`` of its integration, or ``places.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from newgameplus.errors import IntegrationError
from newgameplus.games.files import read_json_object
from newgameplus.games.integration import Integration

FILE_NAME = "map.json"
"""File of an integration that says how to draw maps of its levels."""


@dataclass(frozen=True, slots=True)
class Places:
    """Names of variables, and what a game says of its levels."""

    player: tuple[str, str] | None = None
    """The player's x and y, in pixels of the level; None if unknown."""
    camera: tuple[str, str] | None = None
    """x and y of the picture's upper left corner, in pixels of the level; None if unknown."""
    goal: tuple[tuple[str, int], ...] = ()
    """Variables and the values that they all have once the goal is reached."""
    levels: Mapping[str, Any] | None = None
    """How the ROM holds levels (see :mod:`newgameplus.games.level_drawing`); None if that is unknown."""

    def is_at_goal(self, variables: Mapping[str, int]) -> bool:
        """Whether the goal is reached, as far as the game says what that is."""
        return bool(self.goal) and all(variables.get(name) == value for name, value in self.goal)


def places_of(integration: Integration) -> Places:
    """Return what is known of a game's places.

    Raises:
        IntegrationError: ``map.json`` is invalid, or names variables that ``data.json`` does not have.
    """
    path = integration.file(FILE_NAME)
    if path is None:
        said = _known().get(integration.name, {})
        origin = f"{integration.name} in places.toml"
    else:
        said, origin = read_json_object(path), str(path)
    goal, levels = said.get("goal", {}), said.get("levels")
    if not isinstance(goal, dict) or not all(type(value) is int for value in goal.values()):
        raise IntegrationError(f"'goal' in {origin} must be an object of variables and their values.")
    if levels is not None and not isinstance(levels, dict):
        raise IntegrationError(f"'levels' in {origin} must be an object.")
    places = Places(_pair(said, "player", origin), _pair(said, "camera", origin), tuple(goal.items()), levels)
    named = {*(places.player or ()), *(places.camera or ()), *goal}
    missing = sorted(named - integration.variables.keys())
    if missing:
        raise IntegrationError(f"{origin} names the variable {missing[0]!r}, which data.json does not have.")
    return places


@cache
def _known() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))


def _pair(said: Mapping[str, Any], key: str, origin: str) -> tuple[str, str] | None:
    pair = said.get(key)
    if pair is None:
        return None
    if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) for name in pair)):
        raise IntegrationError(f"{key!r} in {origin} must be a list of two variables, x and y.")
    return pair[0], pair[1]
