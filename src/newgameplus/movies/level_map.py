"""A level as a picture, with what many movies tell about it: drawn from its data, or stitched from what they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from newgameplus.errors import MovieError
from newgameplus.games.catalogue import find_game
from newgameplus.games.level_drawing import LevelDrawing
from newgameplus.games.places import places_of
from newgameplus.movies.mosaic import Stitched, merge
from newgameplus.movies.survey import Survey
from newgameplus.types import Array

UNSEEN = (24, 24, 27)
"""Colour of what no movie has shown, RGB."""


@dataclass(frozen=True, slots=True)
class LevelPicture:
    """A level."""

    pixels: Array
    """uint8 ``[H, W, 3]``, RGB."""
    origin: tuple[int, int]
    """Place of the upper left corner in the level."""
    is_drawn: bool
    """Whether it was drawn from the level's data; otherwise it was stitched."""
    has_player: bool = True
    """Whether the trajectories on it are the player's, rather than those of the picture's middle."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


def level_name(survey: Survey) -> str:
    """Name of a survey's level; of the game where the movie does not tell it."""
    return survey.level or survey.game


def of_one_level(surveys: Sequence[Survey], level: str | None = None) -> list[Survey]:
    """Return the surveys of one level.

    Args:
        surveys: the surveys of all movies.
        level: the level; None if all are of one.

    Raises:
        MovieError: there are several levels and none is named, or none of the movies is of that level.
    """
    counts = Counter(map(level_name, surveys))
    if level is None and len(counts) > 1:
        told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        raise MovieError(
            f"A map shows one level, and these movies are of {len(counts)}: {told}. Name one with --level."
        )
    chosen = [survey for survey in surveys if level is None or level_name(survey) == level]
    if not chosen:
        raise MovieError(f"None of the movies is of the level {level}; they are of {', '.join(sorted(counts))}.")
    return chosen


def level_picture(surveys: Sequence[Survey]) -> LevelPicture:
    """Return the picture of the level of some surveys, at least one.

    Raises:
        RomError: the ROM is no longer there.
        IntegrationError: the game's ``map.json`` does not fit its ROM.
    """
    index = next((survey.index for survey in surveys if survey.index is not None), None)
    if index is not None:
        drawn = draw_level(surveys[0].game, index)
        if drawn is not None:
            return drawn
    parts = [survey.stitched for survey in surveys if survey.stitched is not None]
    return replace(stitched_picture(parts), has_player=surveys[0].has_player)


def draw_level(game: str, index: int) -> LevelPicture | None:
    """Return a level drawn from its data; None if the game does not tell how.

    Raises:
        NotFoundError: the game is not here.
        RomError: the ROM has not been imported.
        IntegrationError: the game's ``map.json`` does not fit its ROM.
    """
    integration = find_game(game)
    levels = places_of(integration).levels
    if levels is None:
        return None
    rom = integration.rom().read_bytes()
    return LevelPicture(LevelDrawing(integration, levels, rom).draw(index), (0, 0), True)


def stitched_picture(parts: list[Stitched]) -> LevelPicture:
    """Return a level as far as movies have shown it; without any, a dark spot."""
    if not parts:
        return LevelPicture(np.full((1, 1, 3), UNSEEN, np.uint8), (0, 0), False)
    whole = merge(parts)
    return LevelPicture(
        np.where(whole.seen[:, :, None], whole.picture, np.array(UNSEEN, np.uint8)), whole.origin, False
    )
