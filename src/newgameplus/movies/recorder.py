"""Records every episode as a movie; after a kill the file is readable and lacks at most one second."""

from __future__ import annotations

import functools
import hashlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newgameplus import __version__
from newgameplus.errors import MovieError, UsageError
from newgameplus.movies.archive import GrowingArchive, Member, assemble, raw_deflate, replace_file
from newgameplus.movies.bk2 import LOG, LOG_TAIL, STATE, extra_member, header_member, log_head
from newgameplus.movies.columns import line_writer
from newgameplus.movies.marks import FRAMES_PER_MARK, mark_of_ram, marks_member, marks_of
from newgameplus.movies.names import movie_name
from newgameplus.movies.origin import origin_of

if TYPE_CHECKING:
    from newgameplus.envs.retro import Played

FLUSH_FRAMES = FRAMES_PER_MARK
"""Number of frames buffered before they are written: one second."""


class MovieRecorder:
    """A :class:`~newgameplus.envs.retro.FrameListener` that writes one movie per episode.

    During an episode its file grows once per second and is a complete zip at every moment, without the log's end line.
    At the end of the episode it is rewritten, compressed, with return, length and hashes of the
    memory.

    Args:
        folder: output folder; created if missing.
        first_index: number of the first episode; an existing movie of that number is replaced, as it is incomplete.

    Raises:
        MovieError: the folder cannot be created or written.
        UsageError: ``first_index`` is negative.
    """

    def __init__(self, folder: Path, first_index: int = 0) -> None:
        if first_index < 0:
            raise UsageError(f"The first movie's number cannot be negative: {first_index}.")
        self.folder = folder
        self.index = first_index
        """Number of the episode being recorded, or of the next one before the first has begun."""
        self._next_index = first_index
        self._episode: _Episode | None = None
        self._state: Member | None = None
        self._state_content = b""
        self._origin: dict[str, Any] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MovieError(f"Cannot make the folder {folder} for movies: {error.strerror}.") from error

    def episode_started(self, env: Played) -> None:
        """Start a file; its first frame is the one that the reset ran."""
        self.index = self._next_index
        self._next_index += 1
        if self._state is None or env.start_state is not self._state_content:
            self._state, self._state_content = Member.deflated(STATE, env.start_state), env.start_state
            self._origin = origin_of(env.level, env.rom, env.core, env.start_state)
        path = self.folder / movie_name(env.level.folder_name, self.index)
        self._episode = _Episode(path, env, self._state, self._origin)

    def frame_ran(self, mask: int, reward: float) -> None:
        """Record one frame."""
        if self._episode is not None:
            self._episode.frame_ran(mask, reward)

    def episode_ended(self, env: Played) -> None:
        """Finish the file; an episode without frames leaves none."""
        if self._episode is not None:
            self._episode.finish(env)
            self._episode = None


class _Episode:
    """One movie being recorded."""

    def __init__(self, path: Path, env: Played, state: Member, origin: dict[str, Any]) -> None:
        console = env.core.console
        self._path, self._state = path, state
        self._line = _line_of_mask(console.name, console.buttons)
        self._extra, self._env = origin, env
        core = env.core
        header = {
            "emuVersion": f"newgameplus {__version__}",
            "SHA1": self._extra["rom_sha1"].upper(),
            "Core": f"{core.name} {core.version}",
        }
        self._header = header_member(env.level.game, console.name, header)
        self._pending: list[int] = [0]
        self._marks = [mark_of_ram(env.ram())]
        self._masks_hash = hashlib.sha256()
        self._num_frames = 0
        self._return = 0.0
        self._compressor = raw_deflate()
        self._log: list[bytes] = []
        self._crc = self._size = 0
        head = log_head(console.name, console.buttons)
        members = [self._header, state, extra_member(self._extra)]
        try:
            self._archive = GrowingArchive(path, members, LOG, head)
        except OSError as error:
            raise self._failure(error) from error
        self._keep(head)

    def frame_ran(self, mask: int, reward: float) -> None:
        """Buffer one frame; write the buffer once per second."""
        if not self._pending:
            self._marks.append(mark_of_ram(self._env.ram()))
        self._return += reward
        self._pending.append(mask)
        if len(self._pending) >= FLUSH_FRAMES:
            self._flush()

    def finish(self, env: Played) -> None:
        """Replace the growing file by the compressed one with the episode's outcome."""
        if self._num_frames + len(self._pending) == 1:
            self._archive.close()
            self._path.unlink(missing_ok=True)
            return
        lines = self._take_pending() + LOG_TAIL
        self._keep(lines)
        self._log.append(self._compressor.flush())
        self._archive.close()
        extra = self._extra | {
            "return": self._return,
            "num_frames": self._num_frames,
            "masks_sha256": self._masks_hash.hexdigest(),
            "memory_sha256": hashlib.sha256(env.ram().tobytes()).hexdigest(),
        }
        log = Member(LOG, self._crc, self._size, b"".join(self._log))
        ours = [extra_member(extra), marks_member(marks_of(extra, self._marks))]
        try:
            replace_file(self._path, assemble([self._header, log, self._state, *ours]))
        except OSError as error:
            raise self._failure(error) from error

    def _flush(self) -> None:
        lines = self._take_pending()
        try:
            self._archive.append(lines)
        except OSError as error:
            raise self._failure(error) from error
        self._keep(lines)

    def _take_pending(self) -> bytes:
        lines = b"".join(map(self._line, self._pending))
        self._masks_hash.update(struct.pack(f"<{len(self._pending)}I", *self._pending))
        self._num_frames += len(self._pending)
        self._pending.clear()
        return lines

    def _keep(self, content: bytes) -> None:
        self._crc = zlib.crc32(content, self._crc)
        self._size += len(content)
        self._log.append(self._compressor.compress(content))

    def _failure(self, error: OSError) -> MovieError:
        return MovieError(f"Cannot write the movie {self._path}: {error.strerror or error}.")


@functools.cache
def _line_of_mask(console: str, buttons: tuple[str | None, ...]) -> Callable[[int], bytes]:
    """Return a function from a mask to its line of the log; each distinct line is made once."""
    write = line_writer("retro", console, buttons)
    return functools.lru_cache(maxsize=2**12)(lambda mask: f"{write((mask,))}\n".encode())
