"""A movie that can be played from any of its frames.

Two consoles play it. One, the survey, plays straight through without drawing; it notes every reward, samples of the
variables, and each second the machine's state and a checksum of its memory. The other shows frames: it goes back to the
last state before a frame and plays on from there. Where a core's states are not exact (``emulator.exactness``), these
are images of the survey's console, which therefore shows frames once the survey is over. Where there are no images
either, frames are played to from the start; so they are from then on if the memory is ever another than the survey's.
"""

from __future__ import annotations

import zlib
from array import array
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.exactness import Keeping, bring_back, keep, keeping_of
from newgameplus.emulator.interface import Emulator
from newgameplus.emulator.native import NativeEmulator
from newgameplus.errors import EmulatorError, MovieError, UsageError
from newgameplus.games.native_scenario import VariableReader
from newgameplus.movies.playback import Playback
from newgameplus.session.samples import Samples
from newgameplus.session.snapshots import MAX_BYTES, Snapshots
from newgameplus.types import Array

LEAD_FRAMES = 60
"""Frames before a wanted one that are drawn and kept where going back takes long: stepping back finds them.

A frame farther off than this is worth a survey where its console alone can go back."""
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
        self._is_swapped = False
        self._start_image: bytes | None = None
        self._agrees: bool | None = None
        try:
            self._keeping = self._keeping_of_movie()
            self._begin()
            self._reader = self._reader_of_shown()
            self.samples = Samples(self._reader.read())
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
    def is_exact(self) -> bool:
        """Whether frames are shown from kept moments; otherwise they are played to from the start."""
        return self._keeping is not Keeping.NOTHING

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
            if self._snapshots.is_due(frame) and (kept := keep(self._survey.emulator, self._keeping)) is not None:
                self._snapshots.add(frame, kept, _checksum(self._survey.emulator))
        record = self._survey.record
        if self.is_surveyed and self._agrees is None and record.has_outcome:
            is_same_memory = record.memory_sha256 == self._survey.memory_sha256()
            self._agrees = is_same_memory and record.episode_return == self.returns[-1]

    def agrees(self) -> bool | None:
        """Whether return and memory at the end are the recorded ones; None if unknown, or not surveyed so far."""
        return self._agrees

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
        if self._wants_images(frame) and not self.is_surveyed:
            self.survey(max_frames)
            return False
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
            is_drawn = self._at + 1 == frame or (not self._can_go_back() and self._at + 1 >= frame - LEAD_FRAMES)
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

    def _keeping_of_movie(self) -> Keeping:
        machine = self._survey.machine
        options, start_state = machine.integration.core_options, self.movie.start_state or b""
        return keeping_of(machine.core, machine.rom, options, start_state, has_sound=True)

    def _reader_of_shown(self) -> VariableReader:
        shown = self._shown
        assert isinstance(shown.emulator, NativeEmulator)  # the engine is there
        return VariableReader(shown.emulator, shown.machine.integration, shown.scenario_name)

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
        if playback is self._survey and self._keeping is Keeping.IMAGES:
            self._start_image = keep(playback.emulator, self._keeping)
        playback.emulator.step(self._masks[0])
        playback.scenario.reset()

    def _begin(self) -> None:
        if self._is_swapped and self._start_image is not None:  # loading would end the use of all images
            bring_back(self.emulator, Keeping.IMAGES, self._start_image, self._masks[0])
            self.emulator.step(self._masks[0])
        else:
            self._start(self._shown)
        self._at = 0

    def _set_out(self, frame: int) -> bool:
        """Go to the nearest place to play to ``frame`` from; return whether that is where the console was."""
        if self._wants_images(frame):
            self.survey(self.num_frames)
            self._shown, self._survey, self._is_swapped = self._survey, self._shown, True
            self._at, self._reader = self.num_frames - 1, self._reader_of_shown()
        snapshot = self._snapshots.before(frame) if self._can_go_back() else None
        if self._at < frame and (snapshot is None or snapshot.frame <= self._at):
            return True
        if snapshot is None:
            self._begin()
            return False
        bring_back(self._shown.emulator, self._keeping, snapshot.machine(), self._masks[snapshot.frame])
        self._at = snapshot.frame
        if _checksum(self._shown.emulator) != snapshot.checksum:
            self._forget_states()
        return False

    def _wants_images(self, frame: int) -> bool:
        """Whether it is time to let the survey's console, which alone can go back to its images, show frames."""
        is_far = not 0 <= frame - self._at <= LEAD_FRAMES
        return self._keeping is Keeping.IMAGES and not self._is_swapped and is_far

    def _can_go_back(self) -> bool:
        """Whether the console that shows frames can go back to what the survey's kept."""
        return self._keeping is Keeping.STATES or self._is_swapped

    def _run(self, *, is_drawn: bool) -> None:
        self._shown.emulator.step(self._masks[self._at + 1], is_drawn=is_drawn)
        self._at += 1
        known = self._snapshots.checksum(self._at) if self.is_exact else None
        if known is not None and known != _checksum(self._shown.emulator):
            end = self._at
            self._forget_states()
            while self._at < end:
                self._run(is_drawn=self._at + 1 == end)

    def _forget_states(self) -> None:
        """Go to the start, and never use a state again."""
        self._keeping = Keeping.NOTHING
        self._snapshots = Snapshots(2 * self._max_kept_bytes)
        self._begin()

    def _moment(self, sound: Array) -> Moment:
        reward, episode_return = self._sums(self._at)
        self._at_moment = Moment(
            frame=self._at,
            picture=self._shown.picture(),
            masks=self._masks[self._at],
            reward=reward,
            episode_return=episode_return,
            variables=self._reader.read(),
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
        if self._can_go_back() or moment.frame in self._kept:
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
