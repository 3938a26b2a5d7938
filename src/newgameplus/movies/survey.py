"""Play one movie once and tell where the episode went, with a stitched picture of the level if that has to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from newgameplus.games.places import Places, places_of
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.camera import CAMERA_FRAMES, Camera, Lateness
from newgameplus.movies.machine import machine_of
from newgameplus.movies.mosaic import Mosaic, Stitched
from newgameplus.movies.names import level_of
from newgameplus.movies.playback import Playback
from newgameplus.movies.record import episode_record
from newgameplus.movies.trajectory import SAMPLE_FRAMES, Sampler, Trajectory
from newgameplus.types import Array

REPORT_FRAMES = 600
"""Interval of progress reports in frames."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one movie tells about its level."""

    path: str
    game: str
    level: str | None
    """``Game/State``; None if neither the movie nor its name tells it."""
    trajectory: Trajectory
    num_elsewhere: int
    """Frames in scenes that could not be joined to the one the movie begins in; they are not in the trajectory."""
    has_player: bool
    """Whether the trajectory is the player's; otherwise it is that of the picture's middle."""
    index: int | None
    """Number of the level in the ROM, where the game tells how its ROM holds levels."""
    stitched: Stitched | None
    """The level as this movie has seen it; None where it can be drawn from its data."""


def survey_movie(
    path: Path,
    *,
    any_core: bool = False,
    stitches: bool | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Survey:
    """Play a movie without sound, and without pictures where these are not needed.

    Args:
        path: the movie.
        any_core: play even if it was recorded on another core build or with other core options.
        stitches: whether to stitch; None for only where the level cannot be drawn from its data.
        progress: called from time to time with the number of frames played and the total.

    Raises:
        MovieError: the movie cannot be read or played here.
        RomError: the ROM has not been imported.
        IntegrationError: the game's ``map.json`` is invalid.
    """
    places = _places_of(path, any_core=any_core)
    is_stitched = places.levels is None if stitches is None else stitches
    with Playback(path, any_core=any_core, is_shown=is_stitched) as playback:
        return _Surveyor(playback, places, is_stitched=is_stitched).survey(progress)


def _places_of(path: Path, *, any_core: bool) -> Places:
    movie = read_movie(path)
    record = episode_record(movie.extra, str(path))
    machine = machine_of(path, movie.game, movie.platform, movie.header, record, any_core=any_core)
    return places_of(machine.integration)


class _Surveyor:
    """The survey of one movie in progress."""

    def __init__(self, playback: Playback, places: Places, *, is_stitched: bool) -> None:
        self._playback, self._places = playback, places
        self._mosaic = Mosaic() if is_stitched else None
        self._camera = Camera() if is_stitched and places.camera is None else None
        self._has_player = places.player is not None and self._camera is None
        self._lateness, self._before = Lateness(), (0, 0)
        self._middle = (0, 0)
        self._sampler = Sampler()
        self._index: int | None = None
        self._num_elsewhere = 0

    def survey(self, progress: Callable[[int, int], None]) -> Survey:
        """Play to the end."""
        total, is_over, last = 0.0, False, self._playback.movie.num_frames - 1
        for frame, (reward, is_over) in enumerate(self._playback.judged()):
            total += reward
            if frame == 1:
                self._index = self._level_index()
            self._look(frame)
            if frame and (frame % SAMPLE_FRAMES == 1 or frame == last or is_over):
                self._sample(frame, total)
            if frame % REPORT_FRAMES == 0:
                progress(frame, last + 1)
            if is_over:
                break
        variables = self._playback.scenario.variables()
        trajectory = self._sampler.finish(is_over=is_over, is_at_goal=self._places.is_at_goal(variables))
        playback = self._playback
        game = playback.movie.game
        return Survey(
            str(playback.path),
            game,
            playback.record.level or level_of(playback.path, game),
            trajectory,
            self._num_elsewhere,
            self._has_player,
            self._index,
            None if self._mosaic is None else self._mosaic.finish(),
        )

    def _sample(self, frame: int, total: float) -> None:
        variables = self._playback.scenario.variables()
        if self._camera is not None and self._camera.piece:
            self._num_elsewhere += SAMPLE_FRAMES
            return
        player = self._places.player
        if player is not None and self._has_player:
            self._sampler.add(frame, (variables[player[0]], variables[player[1]]), total, variables)
        else:
            self._sampler.add(frame, self._middle, total, variables)

    def _look(self, frame: int) -> None:
        """Find where the camera is, and stitch."""
        if self._mosaic is None:
            return
        if self._camera is None and frame % SAMPLE_FRAMES == 0:
            self._before = self._camera_variables()
        elif self._camera is None and frame % SAMPLE_FRAMES == 1:
            picture = self._playback.picture()
            self._stitch(picture, self._lateness.place(picture, (self._camera_variables(), self._before)))
        elif self._camera is not None and frame % CAMERA_FRAMES == 1:
            picture = self._playback.picture()
            self._camera.follow(picture)
            if self._camera.is_sure and not self._camera.piece:
                self._stitch(picture, self._camera.place)

    def _stitch(self, picture: Array, place: tuple[int, int]) -> None:
        """Add a picture of the first piece."""
        assert self._mosaic is not None
        height, width = picture.shape[:2]
        self._middle = (place[0] + width // 2, place[1] + height // 2)
        if self._mosaic.is_due(place):
            self._mosaic.add(picture, place)

    def _camera_variables(self) -> tuple[int, int]:
        names = self._places.camera
        if names is None:
            return (0, 0)
        variables = self._playback.scenario.variables()
        return variables[names[0]], variables[names[1]]

    def _level_index(self) -> int | None:
        levels = self._places.levels
        name = None if levels is None else levels.get("index")
        return self._playback.scenario.variables().get(name) if isinstance(name, str) else None
