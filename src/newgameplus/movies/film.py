"""A movie that can be shown at any frame: forward by playing, back by snapshots where the core's states are exact."""

from __future__ import annotations

import bisect
import zlib
from dataclasses import dataclass
from pathlib import Path

from newgameplus.emulator.exactness import are_states_exact
from newgameplus.emulator.native import NativeEmulator
from newgameplus.errors import EmulatorError
from newgameplus.games.catalogue import find_game
from newgameplus.movies.playback import Playback
from newgameplus.types import Array

SNAPSHOT_FRAMES = 300
"""Interval of the snapshots in frames; the frames between are run again, undrawn."""
MAX_SNAPSHOTS = 512
"""Limit on their number; the interval of a longer movie is larger."""
_FASTEST = 1


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Machine and scenario after a frame."""

    frame: int
    state: bytes
    scenario: list[int]
    total: float


class Film:
    """One movie, which stands at one of its frames; a new one stands at frame 0, which the reset runs.

    Args:
        path: the movie.
        any_core: play even if it was recorded on another core build.

    Raises:
        MovieError: the movie cannot be read or played here.
        RomError: the ROM has not been imported.
    """

    def __init__(self, path: Path, *, any_core: bool = False) -> None:
        self.playback = Playback(path, any_core=any_core)
        self.movie = self.playback.movie
        self.frame = 0
        """Number of the frame it stands at."""
        self.total = 0.0
        """Sum of the rewards up to this frame."""
        self._snapshots: list[_Snapshot] = []
        self._interval = max(SNAPSHOT_FRAMES, self.movie.num_frames // MAX_SNAPSHOTS)
        try:
            self._begin()
            self._has_snapshots = self._can_be_saved()
        except BaseException:
            self.close()
            raise

    @property
    def last_frame(self) -> int:
        """Number of the last frame."""
        return self.movie.num_frames - 1

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the console, about 60."""
        return self.playback.emulator.frames_per_second

    @property
    def masks(self) -> list[int]:
        """Button mask of each player in this frame."""
        masks: list[int] = self.movie.masks[self.frame].tolist()
        return masks

    def picture(self) -> Array:
        """Picture of this frame, uint8 ``[H, W, 3]``."""
        return self.playback.picture()

    def sound(self) -> Array:
        """Sound of this frame, int16 ``[samples, 2]``."""
        return self.playback.emulator.audio()

    def seek(self, frame: int) -> None:
        """Go to ``frame``, or to the first or the last one if there is no such frame."""
        frame = min(max(frame, 0), self.last_frame)
        at = bisect.bisect_left(self._snapshots, frame, key=lambda each: each.frame) - 1
        nearest = self._snapshots[at] if at >= 0 else None
        if frame < self.frame and nearest is None:
            self._begin()
        elif nearest is not None and (frame < self.frame or nearest.frame > self.frame):
            self._put_back(nearest)
        while self.frame < frame:
            self._run(is_drawn=self.frame + 1 == frame)

    def close(self) -> None:
        """Free the emulator."""
        self.playback.emulator.close()

    def _begin(self) -> None:
        next(self.playback.judged())
        self.frame, self.total = 0, 0.0

    def _run(self, *, is_drawn: bool) -> None:
        self.frame += 1
        self.playback.emulator.step(tuple(self.masks), is_drawn=is_drawn)
        self.total += self.playback.scenario.judge()[0]
        is_new = not self._snapshots or self._snapshots[-1].frame < self.frame
        if self._has_snapshots and is_new and self.frame % self._interval == 0:
            state = zlib.compress(self.playback.emulator.save(), _FASTEST)
            self._snapshots.append(_Snapshot(self.frame, state, self.playback.scenario.save(), self.total))

    def _put_back(self, snapshot: _Snapshot) -> None:
        self.playback.emulator.load(zlib.decompress(snapshot.state))
        self.playback.scenario.restore(snapshot.scenario)
        self.frame, self.total = snapshot.frame, snapshot.total

    def _can_be_saved(self) -> bool:
        """Whether a state restores machine and scenario entirely."""
        emulator, game, state = self.playback.emulator, find_game(self.movie.game), self.movie.start_state
        if not isinstance(emulator, NativeEmulator) or state is None:
            return False
        try:
            self.playback.scenario.save()
        except EmulatorError:  # a script, whose state cannot be copied
            return False
        return are_states_exact(emulator.core, game.rom(), game.core_options, state, has_sound=True)
