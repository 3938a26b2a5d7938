"""Verify movies: play them and compare return, length and memory with the recorded values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newgameplus.movies.marks import mark_of, record_sha256
from newgameplus.movies.playback import Playback
from newgameplus.printable import printable_time

REPORT_FRAMES = 600
"""Number of frames between two progress reports."""
MARKED_SCHEMA = 2
"""Version of ``NewGamePlus.json`` from which on a finished movie has marks."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of verifying a movie."""

    path: str
    outcome: Literal["same", "different", "nothing to compare"]
    """``nothing to compare`` for movies of other programs and of killed processes."""
    differences: tuple[str, ...]
    """One sentence for each value that differs."""
    first_different_frames: tuple[int, int] | None
    """The first second in which the memory differs, as its first and last frame; None if no difference is known."""
    episode_return: float
    """Sum of the rewards in this playback."""
    num_frames: int
    is_complete: bool
    """Whether the movie has its end line."""


@dataclass(slots=True)
class _Played:
    """What a playback has come to."""

    playback: Playback
    num_frames: int = 0
    episode_return: float = 0.0
    memory_sha256: str = ""
    wrong_mark: int | None = None
    """Number of the first mark that the memory differs from."""

    def frames(self) -> Iterator[int]:
        """Play, and yield the number of frames played."""
        marks = self.playback.movie.marks
        hashes, frames_per_mark = (marks.hashes, marks.frames_per_mark) if marks is not None else ((), 1)
        for number, reward in enumerate(self.playback.rewards()):
            self.episode_return += reward
            if self.wrong_mark is None and number % frames_per_mark == 0:
                at = number // frames_per_mark
                if at < len(hashes) and mark_of(self.playback.emulator.memory()) != hashes[at]:
                    self.wrong_mark = at
            yield number + 1
        self.num_frames = number + 1
        self.memory_sha256 = self.playback.memory_sha256()


def verify_movie(
    path: Path, *, any_core: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verdict:
    """Play the movie at ``path`` and compare.

    Args:
        path: the movie.
        any_core: play even if it was recorded on another core build or with other core options.
        progress: called from time to time with the number of frames played and the total.

    Raises:
        MovieError: the movie cannot be read or played here.
    """
    with Playback(path, any_core=any_core, is_shown=False) as playback:
        played = _Played(playback)
        for num_frames in played.frames():
            if num_frames % REPORT_FRAMES == 0:
                progress(num_frames, playback.movie.num_frames)
        has_record = playback.record.has_outcome or playback.movie.marks is not None
        first = _first_different_frames(played) if has_record else None
        differences = tuple(_differences(played, first)) if has_record else ()
    if differences and playback.other_core:
        differences = (f"it was recorded {playback.other_core}", *differences)
    outcome: Literal["same", "different", "nothing to compare"]
    outcome = "different" if differences else "same" if has_record else "nothing to compare"
    total = played.episode_return
    return Verdict(str(path), outcome, differences, first, total, played.num_frames, playback.movie.is_complete)


def _first_different_frames(played: _Played) -> tuple[int, int] | None:
    """Return the first and the last frame between the last mark that is right and the first that is wrong."""
    marks, wrong = played.playback.movie.marks, played.wrong_mark
    if marks is None:
        return None
    if wrong is not None:
        last = wrong * marks.frames_per_mark
        return max(0, last - marks.frames_per_mark + 1), last
    if played.playback.record.memory_sha256 in (None, played.memory_sha256):
        return None
    at = len(marks.hashes) - 1
    return min(at * marks.frames_per_mark + 1, played.num_frames - 1), played.num_frames - 1


def _differences(played: _Played, first: tuple[int, int] | None) -> Iterator[str]:
    """Yield a sentence for each value that differs."""
    record = played.playback.record
    yield from _changes(played.playback)
    if first is not None:
        yield f"the memory differs first {_time_of(first, played.playback.emulator.frames_per_second)}"
    if record.num_frames not in (None, played.num_frames):
        yield f"{played.num_frames} frames instead of {record.num_frames}"
    if record.episode_return not in (None, played.episode_return):
        yield f"return {played.episode_return!r} instead of {record.episode_return!r}"
    if record.memory_sha256 not in (None, played.memory_sha256):
        yield "the memory at the last frame is another"


def _time_of(frames: tuple[int, int], frames_per_second: float) -> str:
    if frames[1] == 0:
        return "in the first frame"
    begin, end = (printable_time(frame / frames_per_second) for frame in frames)
    return f"between {begin} and {end} (frames {frames[0]} to {frames[1]})"


def _changes(playback: Playback) -> Iterator[str]:
    """Yield what has been changed in the file since it was recorded."""
    record, movie = playback.record, playback.movie
    schema = movie.extra.get("schema")
    if movie.marks is None and isinstance(schema, int) and schema >= MARKED_SCHEMA:
        yield "its marks have been removed"
    if movie.marks is not None:
        if movie.marks.record_sha256 != record_sha256(movie.extra):
            yield "what is recorded about the episode has been changed"
        if len(movie.marks.hashes) != movie.marks.num_expected(movie.num_frames):
            yield f"{len(movie.marks.hashes)} marks instead of {movie.marks.num_expected(movie.num_frames)}"
    if record.state_sha256 not in (None, hashlib.sha256(movie.start_state or b"").hexdigest()):
        yield "the start state has been changed"
    if record.masks_sha256 not in (None, hashlib.sha256(movie.masks.astype("<u4").tobytes()).hexdigest()):
        yield "the button log has been changed"
