"""A level played by a person, frame by frame, without a window: save, load, rewind, restart, and record.

The movie always holds exactly the buttons that led to the present frame: going back cuts its log. Playback reproduces
these frames only if what is kept of a moment restores the machine entirely (``emulator.exactness``). Where nothing
does, going back runs the episode again from its start, without drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newgameplus.emulator.compiled import engine
from newgameplus.emulator.cores import core_of
from newgameplus.emulator.exactness import Keeping, bring_back, keep, keeping_of
from newgameplus.emulator.native import NativeEmulator
from newgameplus.errors import EmulatorError, UsageError
from newgameplus.games.levels import Level
from newgameplus.movies.marks import mark_of
from newgameplus.session.episode_log import EpisodeLog
from newgameplus.session.judge import RewindingJudge
from newgameplus.session.live_movie import LiveMovie, Start
from newgameplus.session.reel import MAX_BYTES, PICTURE_FRAMES, STATE_FRAMES, Reel, Snapshot
from newgameplus.types import Array

SHORTEST_MOVIE = 60
"""Shortest attempt in frames that leaves a movie: one second."""
QUICK_OPTIONS: Mapping[str, Mapping[str, str]] = {"picodrive": {"picodrive_frameskip": "auto"}}
"""Core options that speed up frames which are not shown, without changing memory, sound, or the frames shown."""
REMEMBERED_FRAMES = 3600
"""Frames at the end of a continued movie that can be rewound at once."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A saved moment, and the buttons that led to it."""

    log: EpisodeLog
    snapshot: Snapshot | None
    """None if the scenario has a script, whose state cannot be saved."""
    picture: Array
    is_over: bool


class Session:
    """One level on one console; a new session stands at the first frame.

    Args:
        level: game, start state and scenario.
        core: name of the core; None for the game's default.
        start_state: machine state to start from; None for the level's.
        movies: path of each episode's movie; once exhausted, no more are recorded.
        reel_bytes: memory limit of rewinding.

    Raises:
        NotFoundError: no such game, state, scenario or core.
        RomError: the ROM has not been imported.
        EmulatorError: the engine is not built, or the core cannot run or refuses the state.
        MovieError: the movie cannot be written.
    """

    def __init__(
        self,
        level: Level,
        *,
        core: str | None = None,
        start_state: bytes | None = None,
        movies: Iterable[Path] = (),
        reel_bytes: int = MAX_BYTES,
    ) -> None:
        if engine() is None:
            raise EmulatorError("Playing needs the native engine, which is not built here: install a C++ compiler and "
                                "run pip install again.")  # fmt: skip
        integration = level.integration
        self.level = level
        played_by = integration.core("native") if core is None else core_of(integration.console, core)
        rom = integration.rom()
        self._start = Start(level, rom, played_by, start_state or integration.state(level.state, played_by.name))
        options = integration.core_options | dict(QUICK_OPTIONS.get(played_by.name, {}))
        self.emulator = NativeEmulator(rom, played_by, options, has_sound=True)
        self.keeping = keeping_of(played_by, rom, options, self._start.state, has_sound=True)
        """How moments are kept; if not at all, the episode is run again from its start."""
        self._start_image = b""
        self._movies: Iterator[Path] = iter(movies)
        self._reel = Reel(reel_bytes)
        self._slots: dict[int, Slot] = {}
        self._movie: LiveMovie | None = None
        self._log = EpisodeLog()
        self._is_closed = False
        self.is_over = False
        """Whether the scenario has ended the episode; then only going back and restarting are possible."""
        try:
            self.emulator.load(self._start.state)
            self.emulator.step((0,))
            self._judge = RewindingJudge(self.emulator, integration, level.scenario)
            self._begin()
        except BaseException:
            self.emulator.close()
            raise

    @property
    def buttons(self) -> tuple[str | None, ...]:
        """The console's buttons, in the bit order of a mask."""
        return self.emulator.core.console.buttons

    @property
    def num_frames(self) -> int:
        """Number of frames played since the start, without the one of the reset."""
        return self._log.num_frames

    @property
    def seconds(self) -> float:
        """Game time of this episode in seconds."""
        return self.num_frames / self.emulator.frames_per_second

    @property
    def episode_return(self) -> float:
        """Sum of the rewards so far."""
        return self._log.episode_return

    @property
    def last_reward(self) -> float:
        """Reward of the last frame."""
        returns = self._log.returns
        return returns[-1] - returns[-2] if len(returns) > 1 else 0.0

    @property
    def last_mask(self) -> int:
        """Button mask of the last frame."""
        return self._log.masks[-1]

    @property
    def movie_path(self) -> Path | None:
        """Movie of this episode, also after the session is closed; None if there is no file."""
        return None if self._movie is None else self._movie.path

    @property
    def first_rewindable_frame(self) -> int:
        """Earliest frame that :meth:`glimpse` has a picture of."""
        first = self._reel.first_frame
        return self.num_frames if first is None else first

    @property
    def slots(self) -> dict[int, int]:
        """Frame saved in each used slot."""
        return {number: slot.log.num_frames for number, slot in sorted(self._slots.items())}

    def picture(self) -> Array:
        """Current screen, uint8 ``[H, W, 3]``."""
        return self._picture

    def sound(self) -> Array:
        """Sound of the last frame, int16 ``[samples, 2]``."""
        return self.emulator.audio()

    def variables(self) -> dict[str, int]:
        """The game's variables as of the last frame."""
        return self._judge.variables()

    def memory(self) -> bytes:
        """Current memory of the console, all blocks in order of address."""
        return b"".join(self.emulator.memory().values())

    def step(self, mask: int) -> None:
        """Run one frame while the buttons of ``mask`` are held.

        Raises:
            UsageError: the episode is over.
            IntegrationError: a script of the scenario fails.
            MovieError: the movie cannot be written.
        """
        if self.is_over:
            raise UsageError("The episode is over; go back or restart.")
        self.is_over = self._run(mask, is_drawn=True)
        self._remember()
        if self._movie is not None:
            self._movie.follow(self._log)
            if self.is_over:
                self._movie.finish(self._log, self.memory())

    def glimpse(self, frame: int) -> Array | None:
        """Picture of an earlier frame, or the nearest one before it; None if the reel does not reach back that far."""
        return self._reel.picture(frame)

    def go_back(self, frame: int) -> None:
        """Return to an earlier frame; the frames after it are dropped, also from the movie.

        Raises:
            UsageError: the frame is later than the present one, or before the start.
        """
        if not 0 <= frame <= self.num_frames:
            raise UsageError(f"The episode has the frames 0 to {self.num_frames}, not {frame}.")
        self._rebuild(self._log, self._reel.snapshot_before(frame), frame)
        self._tell_movie()

    def save(self, slot: int) -> None:
        """Save this moment in a slot, until the session ends."""
        self._slots[slot] = Slot(self._log.copy(), self._snapshot(), self._picture, self.is_over)

    def load(self, slot: int) -> bool:
        """Return to a slot's moment and its movie; False if the slot is empty."""
        saved = self._slots.get(slot)
        if saved is None:
            return False
        if not self._log.begins_with(saved.log):
            self._reel.clear()
        self._rebuild(saved.log, saved.snapshot, saved.log.num_frames)
        self._picture, self.is_over = saved.picture, saved.is_over
        self._tell_movie()
        return True

    def restart(self) -> None:
        """Finish this episode's movie and restart the level; slots are kept."""
        if self._movie is not None and self.num_frames >= SHORTEST_MOVIE:
            self._movie.finish(self._log, self.memory())
            self._movie = None
        elif self._movie is not None:
            self._movie.go_back(EpisodeLog())
        self._begin()

    def follow(self, masks: Iterable[int]) -> None:
        """Play the buttons of a movie, given for each frame after the first; stop at the end of the episode."""
        for _ in self.following(masks):
            pass

    def following(self, masks: Iterable[int]) -> Iterator[int]:
        """Do what :meth:`follow` does and yield the number of frames after each; to be exhausted before playing on."""
        held = list(masks)
        for index, mask in enumerate(held):
            is_shown = index >= len(held) - REMEMBERED_FRAMES
            self.is_over = self._run(mask, is_drawn=is_shown)
            if is_shown:
                self._remember()
            yield self.num_frames
            if self.is_over:
                break
        self._picture = self.emulator.screen()
        self._tell_movie()

    def close(self) -> None:
        """Finish the movie and free the machine; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._movie is not None and self.num_frames > 0:
                self._movie.finish(self._log, self.memory())
            elif self._movie is not None:
                self._movie.discard()
                self._movie = None
        finally:
            self.emulator.close()

    def _begin(self) -> None:
        self._log = EpisodeLog()
        self._reel.clear()
        self._begin_machine()
        self._mark()
        self._picture = self.emulator.screen()
        self._reel.add_picture(0, self._picture)
        self.is_over = False
        if self._movie is None:
            with suppress(StopIteration):
                self._movie = LiveMovie(next(self._movies), self._start)

    def _begin_machine(self) -> None:
        """Reset: load the start state, and run one frame with no button held."""
        if self._start_image:
            self.emulator.put_back(self._start_image)  # loading restarts the core, which ends the use of all images
        else:
            self.emulator.load(self._start.state)
            if self.keeping is Keeping.IMAGES:
                self._start_image = self.emulator.image()
        self.emulator.step((0,))
        self._judge.reset()

    def _run(self, mask: int, *, is_drawn: bool) -> bool:
        """Run and log a frame; return whether the episode is over."""
        self.emulator.step((mask,), is_drawn=is_drawn)
        reward, is_over = self._judge.judge()
        self._log.append(mask, reward)
        self._mark()
        return is_over

    def _mark(self) -> None:
        """Log the mark of this frame if it is due."""
        if self._log.lacks_mark:
            self._log.marks.append(mark_of(self.emulator.memory()))

    def _remember(self) -> None:
        """Keep the frame's picture, and a snapshot if one is due."""
        frame = self.num_frames
        self._picture = self.emulator.screen()
        if frame % PICTURE_FRAMES == 0:
            self._reel.add_picture(frame, self._picture)
        if frame % STATE_FRAMES == 0 and (snapshot := self._snapshot()) is not None:
            self._reel.add_snapshot(snapshot)

    def _snapshot(self) -> Snapshot | None:
        if not self._judge.can_be_saved:
            return None
        return Snapshot.of(self.num_frames, keep(self.emulator, self.keeping), self._judge.save())

    def _rebuild(self, log: EpisodeLog, snapshot: Snapshot | None, frame: int) -> None:
        """Go to ``frame`` of ``log``, run from a snapshot of it if there is one, else from the start."""
        first = self._put_back(log, snapshot)
        self.is_over = False
        for number in range(first + 1, frame + 1):
            self.emulator.step((log.masks[number],), is_drawn=number == frame)
            _, self.is_over = self._judge.judge()
        self._log = log.copy()
        self._log.cut(frame)
        self._reel.cut(frame)
        if snapshot is None or first < frame:  # a state alone has no picture
            self._picture = self.emulator.screen()

    def _put_back(self, log: EpisodeLog, snapshot: Snapshot | None) -> int:
        """Go to the snapshot's frame, or to the first; return its number."""
        if snapshot is None:
            self._begin_machine()
            return 0
        state = snapshot.machine()
        if state is not None:
            bring_back(self.emulator, self.keeping, state, (log.masks[snapshot.frame],))
        else:
            self._begin_machine()
            for mask in log.masks[1 : snapshot.frame + 1]:
                self.emulator.step((mask,), is_drawn=False)
        self._judge.restore(snapshot.judge)
        return snapshot.frame

    def _tell_movie(self) -> None:
        if self._movie is not None:
            self._movie.go_back(self._log)
            if self.is_over:
                self._movie.finish(self._log, self.memory())
