"""Where two movies diverge: the first frame at which buttons, memory, picture or return differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from newgameplus.errors import MovieError
from newgameplus.games.layout import names_of
from newgameplus.movies.playback import Playback
from newgameplus.printable import printable_number

REPORT_FRAMES = 60
"""Number of frames between two progress reports."""

Sides: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first frame at which two movies differ in one respect."""

    aspect: str
    """``buttons``, ``memory``, ``picture``, ``return`` or ``length``."""
    frame: int
    """Number of the frame; 0 is the one that the reset runs."""
    seconds: float
    """Game time of the frame."""
    values: Sides
    """What each movie has there, in words."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two movies, compared frame by frame up to the end of the shorter one."""

    paths: Sides
    num_frames: tuple[int, int]
    """Lengths in frames, including the frame of the reset."""
    differences: tuple[Difference, ...]
    """In the order of their frames; empty if the movies are the same."""


def diff_movies(
    first: Path,
    second: Path,
    *,
    any_core: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Play two movies of one game side by side and find where they diverge.

    Playing stops once they have differed in everything.

    Args:
        first: a movie.
        second: another movie.
        any_core: play even movies that were recorded on another core build.
        progress: called from time to time with the number of frames played and the total.

    Raises:
        MovieError: a movie cannot be read or played here, or they are of different games.
        EmulatorError: the reference backend is used, which has one emulator per process.
    """
    with ExitStack() as stack:
        sides = [stack.enter_context(Playback(path, any_core=any_core)) for path in (first, second)]
        games = [side.movie.game for side in sides]
        if games[0] != games[1]:
            raise MovieError(f"{first} is of {games[0]} and {second} of {games[1]}; movies of one game are compared.")
        lengths = (sides[0].movie.num_frames, sides[1].movie.num_frames)
        found = tuple(_differences(sides[0], sides[1], progress))
    return Comparison((str(first), str(second)), lengths, found)


def _differences(first: Playback, second: Playback, progress: Callable[[int, int], None]) -> Iterator[Difference]:
    """Play both and yield the first difference of each aspect."""
    searched, rate = dict(_ASPECTS), first.emulator.frames_per_second
    totals, shortest = [0.0, 0.0], min(first.movie.num_frames, second.movie.num_frames)
    for frame, rewards in enumerate(zip(first.rewards(), second.rewards(), strict=False)):
        totals = [total + reward for total, reward in zip(totals, rewards, strict=True)]
        moments = [_Moment(side, frame, total) for side, total in zip((first, second), totals, strict=True)]
        for aspect, compare in list(searched.items()):
            if (values := compare(*moments)) is not None:
                yield Difference(aspect, frame, frame / rate, values)
                del searched[aspect]
        if not searched:
            return
        if frame % REPORT_FRAMES == 0:
            progress(frame, shortest)
    if first.movie.num_frames != second.movie.num_frames:
        told = [f"{side.movie.num_frames} frames" for side in (first, second)]
        yield Difference("length", shortest, shortest / rate, (told[0], told[1]))


@dataclass(frozen=True, slots=True)
class _Moment:
    """One frame of one movie that has just been played."""

    playback: Playback
    frame: int
    total: float

    def held(self) -> tuple[int, ...]:
        """Button mask of each player."""
        return tuple(self.playback.movie.masks[self.frame].tolist())


def _buttons(first: _Moment, second: _Moment) -> Sides | None:
    held = [each.held() for each in (first, second)]
    if held[0] == held[1]:
        return None
    buttons = first.playback.movie.buttons
    told = [" / ".join(" ".join(names_of(mask, buttons)) or "none" for mask in masks) for masks in held]
    return told[0], told[1]


def _memory(first: _Moment, second: _Moment) -> Sides | None:
    blocks = [each.playback.emulator.memory() for each in (first, second)]
    if blocks[0] == blocks[1]:
        return None
    values = [each.playback.scenario.variables() for each in (first, second)]
    names = [name for name in values[0] if values[0][name] != values[1].get(name)]
    if names:
        told = [", ".join(f"{name} {side.get(name)}" for name in names) for side in values]
        return told[0], told[1]
    return _bytes_that_differ(blocks[0], blocks[1])


def _bytes_that_differ(first: Mapping[int, bytes], second: Mapping[int, bytes]) -> Sides:
    """The first byte that differs, and how many do."""
    number, place = 0, None
    for address in sorted(first.keys() & second.keys()):
        left, right = (np.frombuffer(block[address], np.uint8) for block in (first, second))
        shared = min(len(left), len(right))
        at = np.flatnonzero(left[:shared] != right[:shared])
        number += len(at)
        if place is None and len(at):
            place = (address + int(at[0]), int(left[at[0]]), int(right[at[0]]))
    if place is None:
        return "blocks of another size", "blocks of another size"
    return f"0x{place[1]:02x} at 0x{place[0]:x}", f"0x{place[2]:02x}, {number} bytes differ"


def _picture(first: _Moment, second: _Moment) -> Sides | None:
    left, right = first.playback.picture(), second.playback.picture()
    if left.shape != right.shape:
        return f"{left.shape[1]} × {left.shape[0]} pixels", f"{right.shape[1]} × {right.shape[0]} pixels"
    number = int((left != right).any(axis=2).sum())
    return (f"{number} of {left.shape[0] * left.shape[1]} pixels", "differ") if number else None


def _return(first: _Moment, second: _Moment) -> Sides | None:
    if first.total == second.total:
        return None
    return printable_number(first.total), printable_number(second.total)


_ASPECTS: dict[str, Callable[[_Moment, _Moment], Sides | None]] = {
    "buttons": _buttons,
    "memory": _memory,
    "picture": _picture,
    "return": _return,
}
