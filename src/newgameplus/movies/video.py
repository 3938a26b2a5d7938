"""Render a movie as a video with sound, an animated gif, or a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import av

from newgameplus.errors import MovieError, UsageError
from newgameplus.movies.archive import part_of
from newgameplus.movies.encoders import GifEncoder, Mp4Encoder, fit
from newgameplus.movies.gif_size import GifSettings, best_that_fits
from newgameplus.movies.pad_picture import with_pads
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
    shows_buttons: bool = False
    """Draw each player's pad below the picture, with the buttons that are held lit."""
    max_bytes: int | None = None
    """Size limit of a gif; scale, rate and colours are lowered until it fits. None for no limit."""

    def __post_init__(self) -> None:
        if self.speed < 1:
            raise UsageError(f"The speed is a whole number from 1, not {self.speed}.")
        if not 1 <= self.scale <= MAX_SCALE:
            raise UsageError(f"The scale is a whole number from 1 to {MAX_SCALE}, not {self.scale}.")
        if self.max_seconds is not None and not self.max_seconds > 0:
            raise UsageError(f"A video lasts longer than 0 seconds, not {self.max_seconds}.")
        if self.max_bytes is not None and (self.format != "gif" or self.max_bytes < 1):
            raise UsageError("A size limit above 0 is for gifs only: --format gif --max-mb 2.")


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
        if options.format == "mp4":
            return _render_mp4(playback, unfinished, options, progress)
        return _render_gif(playback, unfinished, options, progress)


def num_shown(playback: Playback, options: RenderOptions) -> int:
    """Number of the movie's frames that are rendered."""
    if options.max_seconds is None:
        return playback.movie.num_frames
    return min(playback.movie.num_frames, math.ceil(options.max_seconds * playback.emulator.frames_per_second))


def pictures(
    playback: Playback, options: RenderOptions, stride: int, scale: float, progress: ProgressTeller
) -> Iterator[Array]:
    """Play what is shown of a movie and yield every ``stride``-th picture, uint8 ``[H, W, 3]``, as it is to be seen."""
    num_frames, movie = num_shown(playback, options), playback.movie
    for number, _ in zip(range(num_frames), playback.frames(), strict=False):
        if number % stride == 0:
            yield seen(playback.picture(), movie.masks[number].tolist(), movie.buttons, options, scale)
        if number % REPORT_FRAMES == 0:
            progress(number, num_frames)


def seen(
    picture: Array, masks: Sequence[int], buttons: Sequence[str | None], options: RenderOptions, scale: float
) -> Array:
    """Return a picture of the console as it is to be seen, uint8 ``[H, W, 3]``: scaled, with the pads if wanted."""
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    scaled = fit(picture, (height, width))
    return with_pads(scaled, masks, buttons) if options.shows_buttons else scaled


def _render_mp4(playback: Playback, out: Path, options: RenderOptions, progress: ProgressTeller) -> int:
    encoder: Mp4Encoder | None = None
    emulator, has_sound = playback.emulator, options.sound and options.speed == 1
    num_pictures = 0
    try:
        for picture in pictures(playback, options, options.speed, options.scale, progress):
            if encoder is None:
                encoder = Mp4Encoder(
                    out,
                    (picture.shape[0], picture.shape[1]),
                    emulator.frames_per_second,
                    emulator.samples_per_second if has_sound else None,
                    quality=options.quality,
                    preset=options.preset,
                    sound_bits_per_second=options.sound_bits_per_second,
                )
            encoder.write(picture, emulator.audio() if has_sound else None)
            num_pictures += 1
    finally:
        if encoder is not None:
            encoder.close()
    return num_pictures


def _render_gif(playback: Playback, out: Path, options: RenderOptions, progress: ProgressTeller) -> int:
    if options.max_bytes is None:
        return _write_gif(playback, out, options, GifSettings(options.scale), progress)
    num_pictures = 0

    def write(settings: GifSettings) -> int:
        nonlocal num_pictures
        num_pictures = _write_gif(playback, out, options, settings, progress)
        return out.stat().st_size

    best_that_fits(options.scale, options.max_bytes, write)
    return num_pictures


def _write_gif(
    playback: Playback, out: Path, options: RenderOptions, settings: GifSettings, progress: ProgressTeller
) -> int:
    stride = options.speed * max(1, round(playback.emulator.frames_per_second / settings.frames_per_second))
    spacing = max(stride, -(-num_shown(playback, options) // _PALETTE_SAMPLES))
    samples = list(pictures(playback, options, spacing, settings.scale, progress))
    encoder = GifEncoder(
        out,
        (samples[0].shape[0], samples[0].shape[1]),
        samples,
        frames_per_second=settings.frames_per_second,
        num_colours=settings.num_colours,
    )
    num_pictures = 0
    try:
        for picture in pictures(playback, options, stride, settings.scale, progress):
            encoder.write(picture, None)
            num_pictures += 1
    finally:
        encoder.close()
    return num_pictures


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
