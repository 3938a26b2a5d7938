"""Videos in a report: which episodes are shown, rendered in parallel, within a size limit."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from newgameplus.executor.interface import in_order
from newgameplus.executor.local import LocalExecutor, available_cores
from newgameplus.movies.bk2 import read_movie
from newgameplus.movies.side_by_side import Done, Failed, ProgressTeller, movie_task, outcome_of
from newgameplus.report.evaluations import Evaluation, LevelRuns, Run
from newgameplus.report.series import median_episode

if TYPE_CHECKING:
    from rich.progress import Progress

ROLES = ("best", "median", "last")
"""Why an episode is shown; also the order in which videos are rendered while there is room."""
QUALITY, PRESET, SOUND_BITS_PER_SECOND = 26, "veryfast", 64_000
"""x264's rate factor and preset, and the audio bit rate: a third of the default's size without visible artefacts."""
STILL_AT = 2 / 3
"""Position of the still picture in the video, late enough to show action."""
NO_ROOM = "it was left out to keep this page small; see --video-megabytes."
FRAMES_PER_SECOND = 60
"""Nominal frame rate of every console, by the project's convention."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """Limits of the videos on a page."""

    max_seconds: float = 30.0
    """Length of a video in seconds; longer episodes are sped up to fit."""
    max_bytes: int = 24_000_000
    """Total size that videos add to the page."""
    num_workers: int | None = None
    """Number of rendering processes; None means one per CPU core."""


DEFAULT_LIMITS = VideoLimits()
"""About half a minute each, and a page that can still be sent by mail."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An episode that the page shows, and why."""

    label: str
    """Label of the evaluation."""
    run: Run
    episode: int
    roles: tuple[str, ...]

    @property
    def movie(self) -> Path:
        """Path of the movie."""
        return self.run.movie(self.episode)


@dataclass(frozen=True, slots=True)
class Video:
    """A rendered clip, or the reason why there is none."""

    mp4: bytes = b""
    still: bytes = b""
    """PNG shown until the video is played."""
    speed: int = 1
    """Playback speed relative to the console."""
    problem: str = ""


def choose_clips(evaluations: Sequence[Evaluation]) -> list[Clip]:
    """Return the best, the median and the last episode of each level in each evaluation, over all its seeds.

    The median is the lower one, which is that of a played episode; the last is that of the first seed. One episode may
    be two or all three of them.
    """
    return [
        clip for evaluation in evaluations for level in evaluation.levels for clip in _clips(evaluation.label, level)
    ]


def render_clips(clips: Sequence[Clip], limits: VideoLimits) -> list[Video]:
    """Render each clip to H.264 mp4, in worker processes, with a progress bar on a terminal.

    Best episodes come first; once the size limit is reached, no more are rendered. A clip that cannot be rendered is
    not an error: its ``problem`` gives the reason.
    """
    order = sorted(range(len(clips)), key=lambda number: ROLES.index(clips[number].roles[0]))
    videos = dict(zip(order, render_movies([clips[number].movie for number in order], limits), strict=True))
    return [videos[number] for number in range(len(clips))]


def render_movies(movies: Sequence[Path], limits: VideoLimits) -> list[Video]:
    """Render movies, in order of importance, as ``render_clips`` does."""
    videos = [Video(problem=NO_ROOM)] * len(movies)
    room = limits.max_bytes
    with closing(_rendered(movies, limits)) as rendered:
        for number, video in enumerate(rendered):
            room -= encoded_bytes(video)
            if room < 0:
                break
            videos[number] = video
    return videos


def encoded_bytes(video: Video) -> int:
    """Size that a video and its still picture add to the page, in base64 (4 bytes for 3)."""
    return sum(-(-len(part) // 3) * 4 for part in (video.mp4, video.still))


def _clips(label: str, level: LevelRuns) -> list[Clip]:
    runs = [run for run in level.runs if run.episodes]
    if not runs:
        return []
    returns = np.concatenate([run.returns for run in runs])
    places = [(run, episode) for run in runs for episode in range(len(run.episodes))]
    chosen = (int(np.argmax(returns)), median_episode(returns), len(runs[0].episodes) - 1)
    roles: dict[int, list[str]] = {}
    for role, place in zip(ROLES, chosen, strict=True):
        roles.setdefault(place, []).append(role)
    return [Clip(label, *places[place], tuple(of_place)) for place, of_place in roles.items()]


def _rendered(movies: Sequence[Path], limits: VideoLimits) -> Generator[Video, None, None]:
    """Yield the video of each movie, in their order."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _progress() as progress,
        closing(LocalExecutor[Path](limits.num_workers or available_cores())) as executor,
    ):
        render_one = partial(_render, folder=Path(folder), max_seconds=limits.max_seconds)
        tasks = [movie_task(render_one, movie) if movie.is_file() else None for movie in movies]
        ends = in_order(executor, [task for task in tasks if task is not None])
        bar = progress.add_task("Rendering videos", total=len(tasks))
        for movie, task in zip(movies, tasks, strict=True):
            video = Video(problem=_missing(movie)) if task is None else _video_of(outcome_of(next(ends)))
            progress.advance(bar)
            yield video


def _video_of(outcome: Done | Failed) -> Video:
    if isinstance(outcome, Failed):
        return Video(problem=outcome.reason)
    video: Video = outcome.result
    return video


def _missing(movie: Path) -> str:
    if not movie.parent.is_dir():
        return "the evaluation kept no movies."
    return f"its movie {movie.name} is not there any more."


def _progress() -> Progress:
    from rich.progress import Progress

    from newgameplus.printable import open_console

    console = open_console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _render(movie: Path, tell: ProgressTeller, *, folder: Path, max_seconds: float) -> Video:
    """Render one movie; runs in a worker, because a process has one emulator.

    Raises:
        NewGamePlusError: the movie cannot be read or played here.
    """
    from newgameplus.movies.video import RenderOptions, render

    speed = max(1, math.ceil(read_movie(movie).num_frames / FRAMES_PER_SECOND / max_seconds))
    target = Path(tempfile.mkdtemp(dir=folder)) / "clip.mp4"
    options = RenderOptions(speed=speed, quality=QUALITY, preset=PRESET, sound_bits_per_second=SOUND_BITS_PER_SECOND)
    num_pictures = render(movie, target, options, tell)
    return Video(target.read_bytes(), _still(target, int(num_pictures * STILL_AT)), speed)


def _still(mp4: Path, position: int) -> bytes:
    """One picture of a video as PNG."""
    with av.open(str(mp4)) as container:
        frame = next(islice(container.decode(video=0), position, None))
    _, png = cv2.imencode(".png", frame.to_ndarray(format="bgr24"))
    return png.tobytes()
