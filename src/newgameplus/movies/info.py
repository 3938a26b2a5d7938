"""What a movie's file says about it, without playing it; no emulator is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from newgameplus.errors import MovieError
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.names import level_of
from newgameplus.movies.record import EpisodeRecord, episode_record

NOMINAL_FRAMES_PER_SECOND = 60
"""Nominal frame rate; the exact rate depends on the console and is known to the core only."""


@dataclass(frozen=True, slots=True)
class MovieInfo:
    """Description of a movie, from its file."""

    path: str
    game: str
    level: str | None
    """``Game/State`` from the movie, or else from its file name."""
    platform: str
    dialect: str
    """``retro`` (gym-retro, stable-retro, ours) or ``bizhawk``."""
    is_complete: bool
    """Whether the log has its end line; movies of killed processes have none."""
    num_players: int
    num_frames: int
    """Length in frames, including the frame of the reset."""
    seconds: float
    """Length in seconds at 60 frames per second."""
    buttons: dict[str, int]
    """Number of frames in which each button is held by any player, in descending order."""
    size_bytes: int
    state_sha256: str | None
    """SHA-256 of the start state; None if the movie starts from power-on."""
    record: EpisodeRecord
    """What ``NewGamePlus.json`` says about the episode."""


def movie_info(path: Path) -> MovieInfo:
    """Describe the movie at ``path``.

    Raises:
        MovieError: it cannot be read.
    """
    movie = read_movie(path)
    held = {
        name: int(((movie.masks >> bit) & 1).any(axis=1).sum())
        for bit, name in enumerate(movie.buttons)
        if name is not None
    }
    record = episode_record(movie.extra, str(path))
    return MovieInfo(
        path=str(path),
        game=movie.game,
        level=record.level or level_of(path, movie.game),
        platform=movie.platform,
        dialect=movie.dialect,
        is_complete=movie.is_complete,
        num_players=movie.num_players,
        num_frames=movie.num_frames,
        seconds=movie.num_frames / NOMINAL_FRAMES_PER_SECOND,
        buttons={name: held[name] for name in sorted(held, key=lambda name: -held[name])},
        size_bytes=path.stat().st_size,
        state_sha256=None if movie.start_state is None else hashlib.sha256(movie.start_state).hexdigest(),
        record=record,
    )


def find_movies(places: list[Path]) -> list[tuple[Path, Path]]:
    """Find the movies at ``places``: files, and folders that are searched recursively.

    Returns:
        Each movie's path, and its path relative to the place it was found in.

    Raises:
        MovieError: a place does not exist, is not a bk2 file, or is a folder without movies.
    """
    found: dict[Path, Path] = {}
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.rglob("*.bk2") if not path.name.startswith("."))
            if not inside:
                raise MovieError(f"The folder {place} holds no movies (*.bk2).")
            found |= {path: path.relative_to(place) for path in inside}
        elif not place.exists():
            raise MovieError(f"The movie {place} is not there.")
        elif place.suffix.lower() != ".bk2":
            raise MovieError(f"{place} is no movie: movies end in .bk2.")
        else:
            found[place] = Path(place.name)
    return list(found.items())
