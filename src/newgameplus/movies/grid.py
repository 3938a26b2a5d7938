"""Several movies side by side in one video, synchronised, until the longest ends."""

from __future__ import annotations

import functools
import math
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.errors import MovieError, NewGamePlusError, UsageError
from newgameplus.executor.interrupts import sheltered
from newgameplus.executor.local import ending
from newgameplus.movies.encoders import Mp4Encoder, fit
from newgameplus.movies.names import index_of
from newgameplus.movies.playback import Playback
from newgameplus.movies.sheet import BACKGROUND, BRIGHT, DIM, draw_text, fitting_size, level_title, text_width
from newgameplus.movies.side_by_side import crash_reason
from newgameplus.movies.video import ProgressTeller, RenderOptions, num_shown, replacing, seen
from newgameplus.printable import printable_number, printable_time
from newgameplus.types import Array

MAX_MOVIES = 25
"""Limit on the number of movies; each is played by its own process."""
_GAP = 8
_LABEL_HEIGHT = 24
_TEXT_SIZE = 0.4


@dataclass(slots=True)
class _Tile:
    """One movie in the grid."""

    path: Path
    connection: Connection[Any, Any]
    process: SpawnProcess
    title: str = ""
    num_pictures: int = 0
    frames_per_second: float = 60.0
    picture: Array = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))
    total: float = 0.0
    num_played: int = 0
    is_over: bool = False

    def start(self) -> None:
        """Receive the movie's description and its first picture."""
        self.title, self.num_pictures, self.frames_per_second = self._receive()
        self.advance()

    def advance(self) -> None:
        """Receive the next picture; after the last, darken it."""
        if self.is_over:
            return
        picture, self.total, self.num_played = self._receive()
        self.is_over = picture is None
        self.picture = self.picture // 3 if picture is None else picture

    def _receive(self) -> Any:
        try:
            message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            raise MovieError(crash_reason(self.path, ending(self.process))) from None
        if isinstance(message, str):
            raise MovieError(message)
        return message


def render_grid(
    paths: Sequence[Path],
    out: Path,
    options: RenderOptions,
    progress: ProgressTeller = lambda done, total: None,
) -> int:
    """Render the movies at ``paths`` side by side into one silent mp4; return the number of pictures written.

    A movie that has ended shows its last picture, darkened, until the longest ends. Each is played by its own process.

    Raises:
        UsageError: there are no movies or more than 25, or the format is not mp4.
        MovieError: a movie cannot be read or played here, or the file cannot be written.
    """
    if not 1 <= len(paths) <= MAX_MOVIES:
        raise UsageError(f"A grid shows 1 to {MAX_MOVIES} movies, not {len(paths)}.")
    if options.format != "mp4":
        raise UsageError(f"A grid is an mp4 video; it cannot be made as {options.format}.")
    with _playing(paths, options) as tiles, replacing(out) as unfinished:
        return _render(tiles, unfinished, options, progress)


def _render(tiles: list[_Tile], out: Path, options: RenderOptions, progress: ProgressTeller) -> int:
    for tile in tiles:
        tile.start()
    canvas = _Canvas(tiles, options.scale)
    encoder = Mp4Encoder(
        out,
        canvas.size,
        tiles[0].frames_per_second,
        None,
        quality=options.quality,
        preset=options.preset,
        sound_bits_per_second=options.sound_bits_per_second,
    )
    num_pictures = max(tile.num_pictures for tile in tiles)
    try:
        for number in range(num_pictures):
            encoder.write(canvas.draw(), None)
            progress(number + 1, num_pictures)
            for tile in tiles:
                tile.advance()
    finally:
        encoder.close()
    return num_pictures


class _Canvas:
    """Draws the tiles in rows, each with its label below."""

    def __init__(self, tiles: list[_Tile], scale: int) -> None:
        self._tiles = tiles
        self._height = scale * max(tile.picture.shape[0] for tile in tiles)
        self._width = scale * max(tile.picture.shape[1] for tile in tiles)
        self._num_columns = math.ceil(math.sqrt(len(tiles)))
        num_rows = math.ceil(len(tiles) / self._num_columns)
        self.size = (
            _GAP + num_rows * (self._height + _LABEL_HEIGHT + _GAP),
            _GAP + self._num_columns * (self._width + _GAP),
        )
        """Height and width in pixels."""

    def draw(self) -> Array:
        """Return the current picture, uint8 ``[H, W, 3]``."""
        image = np.empty((*self.size, 3), np.uint8)
        image[:] = BACKGROUND
        for number, tile in enumerate(self._tiles):
            row, column = divmod(number, self._num_columns)
            y = _GAP + row * (self._height + _LABEL_HEIGHT + _GAP)
            x = _GAP + column * (self._width + _GAP)
            image[y : y + self._height, x : x + self._width] = fit(tile.picture, (self._height, self._width))
            self._draw_label(image, tile, x, y + self._height)
        return image

    def _draw_label(self, image: Array, tile: _Tile, x: int, y: int) -> None:
        outcome = f"{printable_time(tile.num_played / tile.frames_per_second)}  return {printable_number(tile.total)}"
        image[y : y + _LABEL_HEIGHT, x : x + self._width] = _label(tile.title, outcome, self._width, tile.is_over)


@functools.lru_cache(maxsize=4 * MAX_MOVIES)
def _label(title: str, outcome: str, width: int, is_over: bool) -> Array:
    """Label under a picture, uint8 ``[h, width, 3]``; cached, as drawing is slow and several frames share it."""
    strip = np.empty((_LABEL_HEIGHT, width, 3), np.uint8)
    strip[:] = BACKGROUND
    outcome_width = text_width(outcome, _TEXT_SIZE)
    colour, baseline = DIM if is_over else BRIGHT, _LABEL_HEIGHT - 7
    size = fitting_size(title, width - outcome_width - 2 * _GAP, _TEXT_SIZE)
    draw_text(strip, title, 0, baseline, colour=colour, size=size)
    draw_text(strip, outcome, width - outcome_width, baseline, colour=colour, size=_TEXT_SIZE)
    return strip


@contextmanager
def _playing(paths: Sequence[Path], options: RenderOptions) -> Iterator[list[_Tile]]:
    """Start a process for each movie, and end all of them on exit."""
    context = multiprocessing.get_context("spawn")
    tiles: list[_Tile] = []
    try:
        for path in paths:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_send_pictures, args=(path, options, theirs), daemon=True)
            with sheltered():
                process.start()
            theirs.close()
            tiles.append(_Tile(path, ours, process))
        yield tiles
    finally:
        for tile in tiles:
            tile.process.kill()
            tile.process.join()
            tile.connection.close()


def _send_pictures(path: Path, options: RenderOptions, connection: Connection[Any, Any]) -> None:
    """Body of a worker: send the movie's description, then picture, return and time; at the end no picture."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Playback(path, any_core=options.any_core) as playback:
            num_frames, total, number = num_shown(playback, options), 0.0, 0
            rate = playback.emulator.frames_per_second
            connection.send((_title(playback), math.ceil(num_frames / options.speed), rate))
            for number, reward in enumerate(islice(playback.rewards(), num_frames)):
                total += reward
                if number % options.speed == 0:
                    masks = playback.movie.masks[number].tolist()
                    picture = seen(playback.picture(), masks, playback.movie.buttons, options, 1)
                    connection.send((picture, total, number))
            connection.send((None, total, number))
    except NewGamePlusError as error:
        connection.send(str(error))
    except BrokenPipeError:
        return  # the parent process is gone


def _title(playback: Playback) -> str:
    index = index_of(playback.path)
    return level_title(playback) if index is None else f"{level_title(playback)} #{index}"
