"""A movie that can be played from any of its frames.

Two consoles play it. One, the survey, plays straight through without drawing; it notes every reward, samples of the
variables, and each second the machine's state and a checksum of its memory. The other shows frames: it goes back to the
last state before a frame and plays on from there. Where a core's states are not exact (``emulator.exactness``), or the
scenario has scripts, it plays from the start instead; so it does from then on if its memory is ever another than the
survey's.
"""

from __future__ import annotations

import zlib
from array import array
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.exactness import are_states_exact, load_exactly
from newgameplus.emulator.interface import Emulator
from newgameplus.errors import EmulatorError, MovieError, UsageError
from newgameplus.movies.playback import Playback
from newgameplus.session.samples import Samples
from newgameplus.session.snapshots import MAX_BYTES, Snapshots
from newgameplus.types import Array

LEAD_FRAMES = 60
"""Frames before a wanted one that are drawn and kept where going back takes long: stepping back finds them."""
_NO_SOUND = np.zeros((0, 2), np.int16)


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a movie."""

    frame: int
    """0 is the frame that the reset runs."""
    picture: Array
    """uint8 ``[H, W, 3]``, RGB."""
    masks: tuple[int, ...]
    """Button mask of each player in this frame."""
    reward: float
    """Reward of this frame."""
    episode_return: float
    """Sum of the rewards up to this frame."""
    variables: dict[str, int]
    sound: Array
    """Sound since the moment shown before, int16 ``[samples, 2]``; empty after going back."""


class Film:
    """One movie on two consoles; a context manager that frees them.

    Args:
        path: the movie.
        any_core: play even if it was recorded on another core build.
        max_bytes: memory limit of the states; pictures that are kept take half as much at most.

    Raises:
        MovieError: it cannot be read, or its game, ROM or core build is not here.
        RomError: the ROM has not been imported.
        EmulatorError: the native engine is not built, or the core cannot run.
    """

    def __init__(self, path: Path, *, any_core: bool = False, max_bytes: int = MAX_BYTES) -> None:
        if engine() is None:
            raise EmulatorError("Watching needs the native engine, which is not built here: install a C++ compiler and "
                                "run pip install again.")  # fmt: skip
        self._survey = Playback(path, any_core=any_core)
        try:
            self._shown = Playback(path, any_core=any_core)
        except BaseException:
            self._survey.emulator.close()
            raise
        self.movie = self._survey.movie
        self._masks: list[tuple[int, ...]] = list(map(tuple, self.movie.masks.tolist()))
        self.returns = array("d")
        """Sum of the rewards up to each surveyed frame."""
        self._snapshots = Snapshots(max_bytes)
        self._max_kept_bytes = max_bytes // 2
        self._kept: OrderedDict[int, Moment] = OrderedDict()
        self._kept_bytes = 0
        try:
            machine = self._survey.machine
            self.is_exact = not self._survey.has_scripts and are_states_exact(
                machine.core,
                machine.rom,
                machine.integration.core_options,
                self.movie.start_state or b"",
                has_sound=True,
            )
            """Whether frames are shown from states; otherwise they are played to from the start."""
            self._begin()
            self.samples = Samples(self._shown.scenario.variables())
            """Values of the variables along the part that has been surveyed."""
            self._at_moment = self._moment(_NO_SOUND)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def emulator(self) -> Emulator:
        """The console that shows frames."""
        return self._shown.emulator

    @property
    def console_frame(self) -> int:
        """The frame that this console is at; another than was shown last if that one was kept."""
        return self._at

    @property
    def num_frames(self) -> int:
        """Length of the movie, including the frame of the reset."""
        return len(self._masks)

    @property
    def num_surveyed(self) -> int:
        """Number of frames that the survey has played."""
        return len(self.returns)

    @property
    def is_surveyed(self) -> bool:
        """Whether the survey has played the whole movie."""
        return self.num_surveyed == self.num_frames

    def survey(self, num_frames: int) -> None:
        """Let the survey play on, at most to the end."""
        for _ in range(min(num_frames, self.num_frames - self.num_surveyed)):
            frame = self.num_surveyed
            self.returns.append(self._next_return(frame))
            if self.samples.are_due(frame):
                self.samples.add(frame, self._survey.scenario.variables())
            if self.is_exact and self._snapshots.is_due(frame):
                self._snapshots.add(frame, self._survey.emulator.save(), _checksum(self._survey.emulator))

    def agrees(self) -> bool | None:
        """Whether return and memory at the end are the recorded ones; None if unknown, or not surveyed so far."""
        record = self._survey.record
        if not self.is_surveyed or not record.has_outcome:
            return None
        return record.episode_return == self.returns[-1] and record.memory_sha256 == self._survey.memory_sha256()

    def approach(self, frame: int, max_frames: int) -> bool:
        """Run at most ``max_frames`` frames towards ``frame``; return whether :meth:`show` now takes a moment only.

        Raises:
            UsageError: the movie has no such frame.
        """
        self._check(frame)
        if frame >= self.num_surveyed:
            self.survey(min(max_frames, frame + 1 - self.num_surveyed))
            return False
        if frame == self._at_moment.frame or frame in self._kept:
            return True
        self._set_out(frame)
        while self._at < frame - LEAD_FRAMES and max_frames > 0:
            self._run(is_drawn=False)
            max_frames -= 1
        return self._at >= frame - LEAD_FRAMES

    def show(self, frame: int) -> Moment:
        """Return a frame, after surveying as far as that.

        Raises:
            UsageError: the movie has no such frame.
        """
        self._check(frame)
        self.survey(frame + 1 - self.num_surveyed)
        if frame == self._at_moment.frame:
            reward, episode_return = self._sums(frame)
            self._at_moment = replace(self._at_moment, reward=reward, episode_return=episode_return, sound=_NO_SOUND)
            return self._at_moment
        if frame in self._kept:
            return self._kept[frame]
        has_sound = self._set_out(frame)
        if self._at == frame:  # the first one, which is drawn as the episode begins
            return self._moment(_NO_SOUND)
        sounds = []
        while self._at < frame:
            is_drawn = self._at + 1 == frame or (not self.is_exact and self._at + 1 >= frame - LEAD_FRAMES)
            self._run(is_drawn=is_drawn)
            if has_sound:
                sounds.append(self._shown.emulator.audio())
            if is_drawn:
                self._keep(self._moment(np.concatenate(sounds) if sounds and self._at == frame else _NO_SOUND))
        return self._at_moment

    def close(self) -> None:
        """Free both consoles."""
        self._survey.emulator.close()
        self._shown.emulator.close()

    def _check(self, frame: int) -> None:
        if not 0 <= frame < self.num_frames:
            raise UsageError(f"The movie has the frames 0 to {self.num_frames - 1}, not {frame}.")

    def _next_return(self, frame: int) -> float:
        """Let the survey play its next frame; return the sum of the rewards up to it."""
        if frame == 0:
            self._start(self._survey)
            return 0.0
        self._survey.emulator.step(self._masks[frame], is_drawn=False)
        reward, _ = self._survey.scenario.judge()
        return self.returns[-1] + reward

    def _start(self, playback: Playback) -> None:
        try:
            playback.emulator.load(self.movie.start_state or b"")
        except EmulatorError as error:
            raise MovieError(f"The start state of the movie {playback.path} does not fit: {error}") from error
        playback.emulator.step(self._masks[0])
        playback.scenario.reset()

    def _begin(self) -> None:
        self._start(self._shown)
        self._at = 0

    def _set_out(self, frame: int) -> bool:
        """Go to the nearest place to play to ``frame`` from; return whether that is where the console was."""
        snapshot = self._snapshots.before(frame)
        if self._at < frame and (snapshot is None or snapshot.frame <= self._at):
            return True
        if snapshot is None:
            self._begin()
            return False
        load_exactly(self._shown.emulator, snapshot.machine(), self._masks[snapshot.frame])
        self._at = snapshot.frame
        if _checksum(self._shown.emulator) != snapshot.checksum:
            self._forget_states()
        return False

    def _run(self, *, is_drawn: bool) -> None:
        self._shown.emulator.step(self._masks[self._at + 1], is_drawn=is_drawn)
        self._at += 1
        if self._shown.has_scripts:
            self._shown.scenario.judge()
        known = self._snapshots.checksum(self._at) if self.is_exact else None
        if known is not None and known != _checksum(self._shown.emulator):
            end = self._at
            self._forget_states()
            while self._at < end:
                self._run(is_drawn=self._at + 1 == end)

    def _forget_states(self) -> None:
        """Go to the start, and never use a state again."""
        self.is_exact = False
        self._snapshots = Snapshots()
        self._begin()

    def _moment(self, sound: Array) -> Moment:
        if not self._shown.has_scripts and self._at > 0:
            self._shown.scenario.judge()  # only to read the variables
        reward, episode_return = self._sums(self._at)
        self._at_moment = Moment(
            frame=self._at,
            picture=self._shown.picture(),
            masks=self._masks[self._at],
            reward=reward,
            episode_return=episode_return,
            variables=self._shown.scenario.variables(),
            sound=sound,
        )
        return self._at_moment

    def _sums(self, frame: int) -> tuple[float, float]:
        """Reward and return of a frame; zero before it is surveyed."""
        if frame >= self.num_surveyed:
            return 0.0, 0.0
        before = self.returns[frame - 1] if frame else 0.0
        return self.returns[frame] - before, self.returns[frame]

    def _keep(self, moment: Moment) -> None:
        if self.is_exact or moment.frame in self._kept:
            return
        self._kept[moment.frame] = replace(moment, sound=_NO_SOUND)
        self._kept_bytes += moment.picture.nbytes
        while self._kept_bytes > self._max_kept_bytes:
            self._kept_bytes -= self._kept.popitem(last=False)[1].picture.nbytes


def _checksum(emulator: Emulator) -> int:
    """CRC-32 of the memory, all blocks in order of address."""
    checksum = 0
    for block in emulator.memory().values():
        checksum = zlib.crc32(block, checksum)
    return checksum
