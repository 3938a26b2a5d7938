"""Render a movie as a video with sound, an animated gif, or a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import av

from newgameplus.errors import MovieError, UsageError
from newgameplus.movies.archive import part_of
from newgameplus.movies.encoders import GIF_FRAMES_PER_SECOND, Encoder, GifEncoder, Mp4Encoder
from newgameplus.movies.playback import Playback
from newgameplus.types import Array

Format: TypeAlias = Literal["mp4", "gif", "png-sheet"]
SUFFIXES: dict[Format, str] = {"mp4": ".mp4", "gif": ".gif", "png-sheet": ".png"}
"""File name extension of each format."""
MAX_SCALE = 16
REPORT_FRAMES = 600
"""Number of frames between two progress reports."""
_PALETTE_SAMPLES = 48

ProgressTeller: TypeAlias = Callable[[int, int], None]
"""Callback that receives the number of frames done and the total."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Options of rendering."""

    format: Format = "mp4"
    speed: int = 1
    """Speed-up factor: every ``speed``-th frame is shown; above 1 there is no sound."""
    scale: int = 1
    """Width and height of one console pixel in pixels."""
    sound: bool = True
    max_seconds: float | None = None
    """Longest part of the movie to render, from its start, in seconds of game time; None renders all."""
    quality: int = 26
    """x264's constant rate factor for mp4: lower is better and larger."""
    preset: str = "ultrafast"
    """x264's preset for mp4; ``ultrafast`` is completed by what pixel art needs."""
    sound_bits_per_second: int = 128_000
    any_core: bool = False
    """Play even if the movie was recorded on another core build."""

    def __post_init__(self) -> None:
        if self.speed < 1:
            raise UsageError(f"The speed is a whole number from 1, not {self.speed}.")
        if not 1 <= self.scale <= MAX_SCALE:
            raise UsageError(f"The scale is a whole number from 1 to {MAX_SCALE}, not {self.scale}.")
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise UsageError(f"A video lasts longer than 0 seconds, not {self.max_seconds}.")


def render(
    path: Path, out: Path, options: RenderOptions = RenderOptions(), progress: ProgressTeller = lambda done, total: None
) -> int:
    """Render the movie at ``path`` into the file ``out``, which is replaced atomically at the end.

    On the reference backend it needs the process's single emulator: close other environments first, or use another
    process.

    Args:
        path: the movie.
        out: output file.
        options: options of rendering.
        progress: called from time to time with the number of frames done and the total.

    Returns:
        The number of pictures in the file.

    Raises:
        MovieError: the movie cannot be read or played here, or the file cannot be written.
        RomError: the ROM has not been imported.
        EmulatorError: another emulator is open in this process.
    """
    with Playback(path, any_core=options.any_core) as playback, replacing(out) as unfinished:
        if options.format == "png-sheet":
            from newgameplus.movies.sheet import write_sheet

            return write_sheet(playback, unfinished, options.scale, num_shown(playback, options))
        return _render_video(playback, unfinished, options, progress)


def num_shown(playback: Playback, options: RenderOptions) -> int:
    """Number of the movie's frames that are rendered."""
    if options.max_seconds is None:
        return playback.movie.num_frames
    return min(playback.movie.num_frames, math.ceil(options.max_seconds * playback.emulator.frames_per_second))


def pictures(playback: Playback, num_frames: int, speed: int, progress: ProgressTeller) -> Iterator[Array]:
    """Play the first ``num_frames`` frames and yield every ``speed``-th picture, uint8 ``[H, W, 3]``."""
    for number, _ in zip(range(num_frames), playback.frames(), strict=False):
        if number % speed == 0:
            yield playback.picture()
        if number % REPORT_FRAMES == 0:
            progress(number, num_frames)


def _render_video(playback: Playback, out: Path, options: RenderOptions, progress: ProgressTeller) -> int:
    num_frames, stride = num_shown(playback, options), options.speed
    samples: list[Array] = []
    if options.format == "gif":
        stride *= max(1, round(playback.emulator.frames_per_second / GIF_FRAMES_PER_SECOND))
        spacing = max(stride, -(-num_frames // _PALETTE_SAMPLES))
        samples = list(pictures(playback, num_frames, spacing, progress))
    encoder: Encoder | None = None
    has_sound = options.sound and stride == 1
    num_pictures = 0
    try:
        for picture in pictures(playback, num_frames, stride, progress):
            if encoder is None:
                encoder = _encoder(playback, out, picture, options, samples)
            encoder.write(picture, playback.emulator.audio() if has_sound else None)
            num_pictures += 1
    finally:
        if encoder is not None:
            encoder.close()
    return num_pictures


def _encoder(playback: Playback, out: Path, first: Array, options: RenderOptions, samples: list[Array]) -> Encoder:
    height, width = first.shape[:2]
    size = (height * options.scale, width * options.scale)
    if options.format == "gif":
        return GifEncoder(out, size, samples)
    emulator = playback.emulator
    has_sound = options.sound and options.speed == 1
    return Mp4Encoder(
        out,
        size,
        emulator.frames_per_second,
        emulator.samples_per_second if has_sound else None,
        quality=options.quality,
        preset=options.preset,
        sound_bits_per_second=options.sound_bits_per_second,
    )


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Yield a temporary file name that is renamed to ``out`` on success.

    Raises:
        MovieError: the file cannot be written.
    """
    unfinished = part_of(out)
    try:
        yield unfinished
        unfinished.replace(out)
    except (av.FFmpegError, OSError) as error:
        raise MovieError(f"Cannot write {out}: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
