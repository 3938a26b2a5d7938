"""What a movie says about the episode that it holds: the contents of ``NewGamePlus.json``, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from newgameplus.errors import MovieError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """Where an episode was played and how it ended; None for what the movie does not say."""

    level: str | None
    """``Game/State``."""
    scenario: str | None
    rom_sha1: str | None
    """SHA-1 of the ROM file, lower case hexadecimal."""
    core_name: str | None
    core_version: str | None
    core_sha256: str | None
    """SHA-256 of the core's library file: a movie belongs to one build."""
    episode_return: float | None
    """Sum of the rewards of all frames, added up in their order."""
    num_frames: int | None
    """Length in frames, the one of the reset included."""
    masks_sha256: str | None
    """SHA-256 of the masks, four bytes each, lowest byte first."""
    state_sha256: str | None
    """SHA-256 of the start state."""
    memory_sha256: str | None
    """SHA-256 of the console's memory at the last frame, all blocks in order of address."""

    @property
    def has_outcome(self) -> bool:
        """Whether the episode's end is known; it is not in movies of other programs and of killed processes."""
        return None not in (self.episode_return, self.num_frames, self.memory_sha256)


def episode_record(extra: Mapping[str, Any], name: str) -> EpisodeRecord:
    """Check ``extra``, the contents of ``NewGamePlus.json`` in the movie called ``name``.

    Raises:
        MovieError: a value is not of the kind it should be.
    """
    core = _value(extra, "core", dict, name) or {}
    total = _value(extra, "return", (int, float), name)
    if total is not None and not math.isfinite(total):
        raise MovieError(f"The return in the movie {name} is not a finite number.")
    return EpisodeRecord(
        level=_value(extra, "level", str, name),
        scenario=_value(extra, "scenario", str, name),
        rom_sha1=_value(extra, "rom_sha1", str, name),
        core_name=_value(core, "name", str, name),
        core_version=_value(core, "version", str, name),
        core_sha256=_value(core, "sha256", str, name),
        episode_return=None if total is None else float(total),
        num_frames=_value(extra, "num_frames", int, name),
        masks_sha256=_value(extra, "masks_sha256", str, name),
        state_sha256=_value(extra, "state_sha256", str, name),
        memory_sha256=_value(extra, "memory_sha256", str, name),
    )


def _value(extra: Mapping[str, Any], key: str, kind: type[_T] | tuple[type[_T], ...], name: str) -> _T | None:
    value = extra.get(key)
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise MovieError(f"NewGamePlus.json in the movie {name} has a wrong value for {key!r}: {str(value)[:40]!r}.")
