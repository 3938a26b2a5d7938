"""Metadata of the episode in a movie: the contents of ``NewGamePlus.json``, validated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from newgameplus.errors import MovieError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """Where an episode was played and how it ended; None for values that the movie does not have."""

    level: str | None
    """``Game/State``."""
    scenario: str | None
    rom_sha1: str | None
    """SHA-1 of the ROM file, lower case hexadecimal."""
    core_name: str | None
    core_version: str | None
    core_sha256: str | None
    """SHA-256 of the core's library file; a movie is tied to one build."""
    core_options: dict[str, str] | None
    """Core options that decide what happens in a game, name to value."""
    episode_return: float | None
    """Sum of the rewards of all frames, summed in order."""
    num_frames: int | None
    """Length in frames, including the frame of the reset."""
    masks_sha256: str | None
    """SHA-256 of the masks as little-endian uint32."""
    state_sha256: str | None
    """SHA-256 of the start state."""
    memory_sha256: str | None
    """SHA-256 of the console's memory at the last frame, all blocks in order of address."""

    @property
    def has_outcome(self) -> bool:
        """Whether the outcome of the episode is known; not so for movies of other programs and of killed processes."""
        return None not in (self.episode_return, self.num_frames, self.memory_sha256)


def episode_record(extra: Mapping[str, Any], name: str) -> EpisodeRecord:
    """Validate ``extra``, the contents of ``NewGamePlus.json`` in the movie called ``name``.

    Raises:
        MovieError: a value has the wrong type.
    """
    core = _value(extra, "core", dict, name) or {}
    options = _value(core, "options", dict, name)
    total = _value(extra, "return", (int, float), name)
    if total is not None and not _is_finite(total):
        raise MovieError(f"The return in the movie {name} is not a finite number.")
    return EpisodeRecord(
        level=_value(extra, "level", str, name),
        scenario=_value(extra, "scenario", str, name),
        rom_sha1=_value(extra, "rom_sha1", str, name),
        core_name=_value(core, "name", str, name),
        core_version=_value(core, "version", str, name),
        core_sha256=_value(core, "sha256", str, name),
        core_options=None if options is None else {key: str(value) for key, value in options.items()},
        episode_return=None if total is None else float(total),
        num_frames=_value(extra, "num_frames", int, name),
        masks_sha256=_value(extra, "masks_sha256", str, name),
        state_sha256=_value(extra, "state_sha256", str, name),
        memory_sha256=_value(extra, "memory_sha256", str, name),
    )


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer that no float64 holds
        return False


def _value(extra: Mapping[str, Any], key: str, kind: type[_T] | tuple[type[_T], ...], name: str) -> _T | None:
    value = extra.get(key)
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise MovieError(f"NewGamePlus.json in the movie {name} has a wrong value for {key!r}: {str(value)[:40]!r}.")
