"""What is found of a level when it is checked: that its par movie wins it, or else what a search comes to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from newgameplus.errors import MovieError
from newgameplus.games.levels import Level
from newgameplus.open_games.open_game import OpenGame
from newgameplus.open_games.proof import UnprovenError, prove, verify_par, write_par
from newgameplus.open_games.search import Progress
from newgameplus.registry import resolve

Say: TypeAlias = Callable[[Any], None]
"""Told the :class:`Progress` of a search, and sentences about par movies that win nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A level to be checked."""

    open_game: str
    """Reference of the level's game, ``module:NAME``: courses hold functions, which cannot be sent."""
    level: Level
    movies: tuple[Path, ...]
    """Possible paths of its par movie; a new one is written to the first."""
    seed: int
    """Seed of the search."""
    max_steps: int


def find(check: Check, say: Say) -> dict[str, Any]:
    """Check a level; return the finding as JSON types."""
    open_game: OpenGame = resolve(check.open_game)
    course = open_game.course
    finding = {"level": str(check.level), "is_proven": True, "how": "played", "num_frames": None, "movie": None}
    for movie in check.movies:
        if movie.is_file():
            try:
                return finding | {"num_frames": verify_par(course, check.level, movie), "movie": str(movie)}
            except MovieError as error:
                say(f"{error} It is searched anew.")
    try:
        proof = prove(course, check.level, seed=check.seed, max_steps=check.max_steps, report=say)
    except UnprovenError as error:
        return finding | {"is_proven": False, "how": "searched", "problem": str(error)}
    write_par(proof, check.movies[0])
    found = {"num_frames": proof.num_frames, "movie": str(check.movies[0]), "num_steps": proof.num_steps}
    return finding | {"how": "searched"} | found


def contents_of(movies: Sequence[Path]) -> tuple[bytes | None, ...]:
    """Return the contents of par movies, None for those that are not there."""
    return tuple(movie.read_bytes() if movie.is_file() else None for movie in movies)


def find_elsewhere(sent: tuple[Check, tuple[bytes | None, ...]], say: Say) -> tuple[dict[str, Any], bytes | None]:
    """Body of a task: check a level where its par movies are not; return the finding, and a new par movie.

    Args:
        sent: the level, and the contents of its par movies.
        say: as for :func:`find`.
    """
    check, contents = sent
    with tempfile.TemporaryDirectory(prefix="par-") as folder:
        copies = tuple(Path(folder) / f"{number}.bk2" for number in range(len(check.movies)))
        names = {str(copy): str(movie) for copy, movie in zip(copies, check.movies, strict=True)}
        for copy, content in zip(copies, contents, strict=True):
            if content is not None:
                copy.write_bytes(content)
        own = Check(check.open_game, check.level, copies, check.seed, check.max_steps)
        finding = find(own, lambda said: say(_renamed(said, names)))
        is_new = finding["is_proven"] and finding["how"] == "searched"
        new = copies[0].read_bytes() if is_new else None
        return finding | {"movie": names.get(str(finding["movie"]))}, new


def _renamed(said: Progress | str, names: dict[str, str]) -> Progress | str:
    if isinstance(said, str):
        for copy, movie in names.items():
            said = said.replace(copy, movie)
    return said
