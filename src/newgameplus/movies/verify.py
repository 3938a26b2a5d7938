"""Verify movies: play them and compare return, length and memory with the recorded values."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newgameplus.movies.playback import Playback

REPORT_FRAMES = 600
"""Number of frames between two progress reports."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of verifying a movie."""

    path: str
    outcome: Literal["same", "different", "nothing to compare"]
    """``nothing to compare`` for movies of other programs and of killed processes."""
    differences: tuple[str, ...]
    """One sentence for each value that differs."""
    episode_return: float
    """Sum of the rewards in this playback."""
    num_frames: int
    is_complete: bool
    """Whether the movie has its end line."""


def verify_movie(
    path: Path, *, any_core: bool = False, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verdict:
    """Play the movie at ``path`` and compare.

    Args:
        path: the movie.
        any_core: play even if it was recorded on another core build.
        progress: called from time to time with the number of frames played and the total.

    Raises:
        MovieError: the movie cannot be read or played here.
    """
    with Playback(path, any_core=any_core) as playback:
        total, num_played, num_frames = 0.0, 0, playback.movie.num_frames
        for reward in playback.rewards():
            total += reward
            num_played += 1
            if num_played % REPORT_FRAMES == 0:
                progress(num_played, num_frames)
        memory, record = playback.memory_sha256(), playback.record
    differences = _differences(playback, num_played, total, memory) if record.has_outcome else ()
    outcome: Literal["same", "different", "nothing to compare"]
    outcome = "different" if differences else "same" if record.has_outcome else "nothing to compare"
    return Verdict(str(path), outcome, differences, total, num_played, playback.movie.is_complete)


def _differences(playback: Playback, num_frames: int, total: float, memory_sha256: str) -> tuple[str, ...]:
    record, movie = playback.record, playback.movie
    found = []
    if record.state_sha256 not in (None, hashlib.sha256(movie.start_state or b"").hexdigest()):
        found.append("the start state has been changed")
    if record.masks_sha256 not in (None, hashlib.sha256(movie.masks.astype("<u4").tobytes()).hexdigest()):
        found.append("the button log has been changed")
    if record.num_frames != num_frames:
        found.append(f"{num_frames} frames instead of {record.num_frames}")
    if record.episode_return != total:
        found.append(f"return {total!r} instead of {record.episode_return!r}")
    if record.memory_sha256 != memory_sha256:
        found.append("the memory at the last frame is another")
    return tuple(found)
