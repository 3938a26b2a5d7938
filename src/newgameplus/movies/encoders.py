"""Video encoders on PyAV: H.264 and AAC in mp4, and animated gif; no ffmpeg program is needed.

The emulator's binding holds Python's interpreter lock while a frame runs. A helper thread therefore converts pictures
and encodes sound in portions, with few calls, as each call has to wait for the lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from newgameplus.types import Array

GIF_FRAMES_PER_SECOND = 20
"""Frame rate of gifs; browsers show gif pictures for whole hundredths of a second, at least two."""
_PORTION = 16
"""Frames per portion."""
_PIXEL_ART = "cabac=1:8x8dct=1:partitions=i4x4,p8x8"
"""x264 options that ultrafast lacks for flat colours and sharp edges. They need no adaptive quantisation: at equal size
their PSNR is above that of slower presets (benchmarks/speed/render_movie.py compares with ``slow``)."""
_FEW_PIXELS = 512 * 480
"""Up to this size a second encoder thread costs more than it gains."""
_AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000)
_VIDEO_RANGE = np.round(128 + (np.arange(256) - 128) * 224 / 255).astype(np.uint8)
"""Chroma from full range to video range, ITU-R BT.601."""


class Encoder(Protocol):
    """Receives the pictures of a video in their order."""

    def write(self, picture: Array, sound: Array | None) -> None:
        """Add a picture uint8 ``[H, W, 3]`` and the sound int16 ``[samples, 2]`` that belongs to it."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class Mp4Encoder:
    """Writes mp4 that every browser plays: H.264 in 4:2:0 with AAC sound.

    Args:
        path: output file.
        size: height and width in pixels; other pictures are stretched to it, odd numbers are rounded up.
        frames_per_second: rate of the pictures written.
        samples_per_second: rate of the sound written; None for a silent file.
        quality: x264's constant rate factor, lower is better.
        preset: x264's preset, from ``ultrafast`` to ``veryslow``.
        sound_bits_per_second: bit rate of the AAC stream.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        frames_per_second: float,
        samples_per_second: float | None,
        *,
        quality: int,
        preset: str,
        sound_bits_per_second: int,
    ) -> None:
        self._height, self._width = (side + side % 2 for side in size)
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._video: Any = self._file.add_stream("libx264", rate=_fraction(frames_per_second))
        self._video.width, self._video.height, self._video.pix_fmt = self._width, self._height, "yuv420p"
        self._video.options = {"preset": preset, "crf": str(quality)}
        if preset == "ultrafast":
            self._video.options |= {"x264-params": _PIXEL_ART}
        context = self._video.codec_context
        context.thread_count = 1 if self._height * self._width <= _FEW_PIXELS else 2
        context.colorspace, context.color_range = Colorspace.ITU601, ColorRange.MPEG
        self._sound = None
        if samples_per_second is not None:
            self._sound = _SoundEncoder(self._file, samples_per_second, sound_bits_per_second)
        self._helper = ThreadPoolExecutor(1)
        self._pictures = np.empty((_PORTION, self._height, self._width, 3), np.uint8)
        self._sounds: list[Array] = []
        self._num_waiting = 0
        self._in_work: tuple[Future[list[Array]], Future[list[Any]]] | None = None
        self._num_pictures = 0

    def write(self, picture: Array, sound: Array | None) -> None:
        """Add a picture uint8 ``[H, W, 3]`` and the sound int16 ``[samples, 2]`` that belongs to it."""
        self._pictures[self._num_waiting] = fit(picture, (self._height, self._width))
        self._num_waiting += 1
        if sound is not None:
            self._sounds.append(sound)
        time.sleep(0)  # release the interpreter lock for the helper thread
        if self._num_waiting == _PORTION:
            self._hand_over()

    def close(self) -> None:
        """Flush the encoders and finish the file."""
        try:
            self._hand_over()
            self._collect()
            self._mux(self._video.encode(None))
            if self._sound is not None:
                self._mux(self._sound.finish())
        finally:
            self._helper.shutdown()
            self._file.close()

    def _hand_over(self) -> None:
        """Give the pending portion, if any, to the helper thread and encode the previous one."""
        if not self._num_waiting:
            return
        planes = self._helper.submit(_to_yuv, self._pictures[: self._num_waiting])
        packets = self._helper.submit(self._encode_sound, self._sounds)
        self._pictures, self._sounds, self._num_waiting = np.empty_like(self._pictures), [], 0
        self._collect()
        self._in_work = (planes, packets)

    def _collect(self) -> None:
        if self._in_work is None:
            return
        planes, packets = self._in_work
        self._in_work = None
        for plane in planes.result():
            frame = av.VideoFrame.from_numpy_buffer(plane, format="yuv420p")
            frame.pts = self._num_pictures
            self._num_pictures += 1
            self._mux(self._video.encode(frame))
        self._mux(packets.result())

    def _encode_sound(self, sounds: list[Array]) -> list[Any]:
        return [] if self._sound is None or not sounds else self._sound.encode(np.concatenate(sounds))

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._file.mux(packet)


class _SoundEncoder:
    """One AAC stream, resampled if AAC does not support the console's sample rate."""

    def __init__(self, file: Any, samples_per_second: float, bits_per_second: int) -> None:
        self._rate = round(samples_per_second)
        rate = self._rate if self._rate in _AAC_RATES else _AAC_RATES[0]
        self._stream = file.add_stream("aac", rate=rate, layout="stereo")
        self._stream.bit_rate = bits_per_second
        self._stream.options = {"aac_coder": "fast"}
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate)
        self._num_samples = 0

    def encode(self, samples: Array) -> list[Any]:
        """Return the packets of ``samples``, int16 ``[samples, 2]``, that are ready."""
        if not len(samples):
            return []
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "s16", "stereo")
        frame.rate, frame.pts, frame.time_base = self._rate, self._num_samples, Fraction(1, self._rate)
        self._num_samples += len(samples)
        return [packet for part in self._resampler.resample(frame) for packet in self._stream.encode(part)]

    def finish(self) -> list[Any]:
        """Flush the encoder and return the remaining packets."""
        rest = self._resampler.resample(None) if self._num_samples else []
        return [packet for part in [*rest, None] for packet in self._stream.encode(part)]


class GifEncoder:
    """Writes an endlessly looping gif with one palette for all its pictures.

    Args:
        path: output file.
        size: height and width in pixels; other pictures are stretched to it.
        samples: pictures uint8 ``[H, W, 3]`` that the palette is computed from.
        frames_per_second: rate of the pictures; its inverse is shown in whole hundredths of a second.
        num_colours: size of the palette, up to 256.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        samples: Sequence[Array],
        *,
        frames_per_second: int = GIF_FRAMES_PER_SECOND,
        num_colours: int = 256,
    ) -> None:
        self._size, self._beat = size, Fraction(1, frames_per_second)
        height, width = size
        self._file = av.open(str(path), "w", format="gif")
        self._stream: Any = self._file.add_stream("gif", rate=frames_per_second)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "pal8"
        self._graph, self._source, palette = _palette_graph(size, self._beat)
        palette.push(_palette_of([fit(sample, size) for sample in samples], self._beat, num_colours))
        palette.push(None)
        self._num_pictures = 0

    def write(self, picture: Array, sound: Array | None) -> None:
        """Add a picture uint8 ``[H, W, 3]``; sound is ignored."""
        frame = av.VideoFrame.from_ndarray(fit(picture, self._size), format="rgb24")
        frame.pts, frame.time_base = self._num_pictures, self._beat
        self._num_pictures += 1
        self._source.push(frame)
        self._encode_ready()

    def close(self) -> None:
        """Finish the file."""
        try:
            self._source.push(None)
            self._encode_ready()
            self._file.mux(self._stream.encode(None))
        finally:
            self._file.close()

    def _encode_ready(self) -> None:
        for frame in _pulled(self._graph):
            frame.pict_type = 0
            self._file.mux(self._stream.encode(frame))


def fit(picture: Array, size: tuple[int, int]) -> Array:
    """Stretch ``picture`` ``[H, W, 3]`` to ``size`` (height, width) by nearest neighbour, or shrink it by area."""
    height, width = size
    if picture.shape[:2] == (height, width):
        return picture
    is_smaller = height * width < picture.shape[0] * picture.shape[1]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method))


def _to_yuv(pictures: Array) -> list[Array]:
    """Convert RGB pictures ``[T, H, W, 3]`` to planar 4:2:0 ``[H * 3 / 2, W]``; chroma is the mean of four pixels.

    All pictures are converted as one tall image, because every call has to wait for the interpreter lock.
    """
    num_pictures, height, width, _ = pictures.shape
    tall = pictures.reshape(num_pictures * height, width, 3)
    brightness = np.asarray(cv2.cvtColor(tall, cv2.COLOR_RGB2YUV_I420))[: len(tall)]
    half = cv2.resize(tall, (width // 2, len(tall) // 2), interpolation=cv2.INTER_AREA)
    differences = cv2.LUT(cv2.cvtColor(half, cv2.COLOR_RGB2YCrCb), _VIDEO_RANGE)
    red, blue = (np.asarray(cv2.extractChannel(differences, channel)) for channel in (1, 2))
    parts = [plane.reshape(num_pictures, -1) for plane in (brightness, blue, red)]
    return [np.concatenate(rows).reshape(-1, width) for rows in zip(*parts, strict=True)]


def _fraction(rate: float) -> Fraction:
    return Fraction(rate).limit_denominator(10_000)


def _palette_of(pictures: Sequence[Array], beat: Fraction, num_colours: int) -> Any:
    height, width = pictures[0].shape[:2]
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=Fraction(1, 25))
    generator, sink = (
        graph.add("palettegen", f"reserve_transparent=0:max_colors={num_colours}"),
        graph.add("buffersink"),
    )
    graph.link_nodes(source, generator, sink).configure()
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        source.push(frame)
    source.push(None)
    frame = graph.vpull()
    frame.pts, frame.time_base = 0, beat
    return frame


def _palette_graph(size: tuple[int, int], beat: Fraction) -> tuple[Any, Any, Any]:
    """Return a filter graph that maps pictures to a palette, its picture source and its palette source."""
    graph: Any = av.filter.Graph()
    source = graph.add_buffer(width=size[1], height=size[0], format="rgb24", time_base=beat, name="pictures")
    palette = graph.add_buffer(width=16, height=16, format="rgb32", time_base=beat, name="palette")
    mapper, sink = graph.add("paletteuse", "dither=none:diff_mode=rectangle"), graph.add("buffersink")
    source.link_to(mapper, 0, 0)
    palette.link_to(mapper, 0, 1)
    mapper.link_to(sink)
    graph.configure()
    return graph, source, palette


def _pulled(graph: Any) -> list[Any]:
    frames = []
    while True:
        try:
            frames.append(graph.vpull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return frames
