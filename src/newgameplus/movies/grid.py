"""Several movies side by side in one video, synchronised, until the longest ends."""

from __future__ import annotations

import functools
import math
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np

from newgameplus.emulator.backends import default_backend
from newgameplus.errors import MovieError, NewGamePlusError, UsageError
from newgameplus.executor.interrupts import sheltered
from newgameplus.executor.local import available_cores, ending
from newgameplus.movies.encoders import Mp4Encoder, fit
from newgameplus.movies.lettering import BACKGROUND, BRIGHT, DIM, draw_text, fitting_size, text_width
from newgameplus.movies.names import index_of
from newgameplus.movies.playback import Playback
from newgameplus.movies.sheet import level_title
from newgameplus.movies.side_by_side import crash_reason
from newgameplus.movies.video import ProgressTeller, RenderOptions, num_shown, replacing, seen
from newgameplus.printable import printable_number, printable_time
from newgameplus.types import Array

MAX_MOVIES = 100
"""Limit on the number of movies."""
MAX_WHOLE = 25
"""Up to this number of movies, pictures are shown whole; those of more movies are shrunk."""
MAX_WIDTH = 1920
"""Width in pixels, before scaling, that the pictures of more movies are shrunk to."""
_GAP = 8
_LABEL_HEIGHT = 24
_TEXT_SIZE = 0.4
_LEAST_TITLE = 60
"""Width in pixels that a title needs; it is left out where there is less."""


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

    A movie that has ended shows its last picture, darkened, until the longest ends. The movies are shared out among
    processes, one per CPU core; on the reference backend each movie has its own.

    Raises:
        UsageError: there are no movies or more than 100, or the format is not mp4.
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
        self._num_columns = _num_columns(len(tiles))
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
    room = width - outcome_width - 2 * _GAP
    if room >= _LEAST_TITLE:
        draw_text(strip, title, 0, baseline, colour=colour, size=fitting_size(title, room, _TEXT_SIZE))
    draw_text(strip, outcome, max(0, width - outcome_width), baseline, colour=colour, size=_TEXT_SIZE)
    return strip


def _num_columns(num_movies: int) -> int:
    return math.ceil(math.sqrt(num_movies))


@contextmanager
def _playing(paths: Sequence[Path], options: RenderOptions) -> Iterator[list[_Tile]]:
    """Start processes that play the movies, and end all of them on exit.

    A process plays its movies in turns. The pictures of all of them come through one pipe, in the order of the tiles.
    """
    context = multiprocessing.get_context("spawn")
    num_processes = len(paths) if default_backend() == "reference" else min(len(paths), available_cores())
    width = None if len(paths) <= MAX_WHOLE else MAX_WIDTH // _num_columns(len(paths)) - _GAP
    workers: list[tuple[Connection[Any, Any], SpawnProcess]] = []
    try:
        for number in range(num_processes):
            ours, theirs = context.Pipe(duplex=False)
            arguments = (paths[number::num_processes], options, width, theirs)
            process = context.Process(target=_send_pictures, args=arguments, daemon=True)
            with sheltered():
                process.start()
            theirs.close()
            workers.append((ours, process))
        yield [_Tile(path, *workers[number % num_processes]) for number, path in enumerate(paths)]
    finally:
        for connection, process in workers:
            process.kill()
            process.join()
            connection.close()


def _send_pictures(
    paths: Sequence[Path], options: RenderOptions, width: int | None, connection: Connection[Any, Any]
) -> None:
    """Body of a worker: send each movie's description and first picture, then the next pictures of all in turns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ExitStack() as stack:
            playing = []
            for path in paths:
                playback = stack.enter_context(Playback(path, any_core=options.any_core))
                messages = _messages(playback, options, width)
                connection.send(next(messages))
                connection.send(next(messages))
                playing.append(messages)
            while playing:
                playing = [messages for messages in playing if _send_next(messages, connection)]
    except NewGamePlusError as error:
        connection.send(str(error))
    except BrokenPipeError:
        return  # the parent process is gone


def _send_next(messages: Iterator[Any], connection: Connection[Any, Any]) -> bool:
    """Send a movie's next picture; return whether there are more."""
    message = next(messages, None)
    if message is not None:
        connection.send(message)
    return message is not None


def _messages(playback: Playback, options: RenderOptions, width: int | None) -> Iterator[Any]:
    """Yield a movie's description, then picture, return and time of each frame shown; at the end no picture."""
    num_frames, total, number = num_shown(playback, options), 0.0, 0
    movie, rate = playback.movie, playback.emulator.frames_per_second
    yield _title(playback), math.ceil(num_frames / options.speed), rate
    for number, reward in enumerate(islice(playback.rewards(), num_frames)):
        total += reward
        if number % options.speed == 0:
            picture = playback.picture()
            scale = (
                1.0 if width is None else 1 / math.ceil(picture.shape[1] / width)
            )  # by a whole number, which is fast
            yield seen(picture, movie.masks[number].tolist(), movie.buttons, options, scale), total, number
    yield None, total, number


def _title(playback: Playback) -> str:
    index = index_of(playback.path)
    return level_title(playback) if index is None else f"{level_title(playback)} #{index}"
