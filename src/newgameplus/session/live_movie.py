"""Movie of an episode that a person plays: it grows on disk, and is cut when the player goes back."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from newgameplus import __version__
from newgameplus.emulator.cores import Core
from newgameplus.errors import MovieError
from newgameplus.games.folders import home
from newgameplus.games.levels import Level
from newgameplus.movies.archive import GrowingArchive, Member
from newgameplus.movies.bk2 import LOG, STATE, Movie, extra_member, header_member, log_head, write_movie
from newgameplus.movies.columns import line_writer
from newgameplus.movies.marks import marks_of
from newgameplus.movies.names import movie_name
from newgameplus.movies.origin import origin_of
from newgameplus.movies.recorder import FLUSH_FRAMES
from newgameplus.session.episode_log import EpisodeLog

SUFFIX = ".bk2"


@dataclass(frozen=True, slots=True)
class Start:
    """What an episode starts from."""

    level: Level
    rom: Path
    core: Core
    state: bytes
    """Machine state before the first frame."""


class LiveMovie:
    """One movie file, complete and readable at every moment, at most one second behind the player.

    Args:
        path: output file; its folder is created if missing.
        start: what the episode starts from.

    Raises:
        MovieError: the file cannot be written.
    """

    def __init__(self, path: Path, start: Start) -> None:
        console = start.core.console
        self.path = path
        self._start, self._console = start, console
        self._extra = origin_of(start.level, start.rom, start.core, start.state)
        self._num_corrections = 0
        self._num_written = 0
        self._file: GrowingArchive | None = None
        write = line_writer("retro", console.name, console.buttons)
        self._line: Callable[[int], bytes] = lambda mask: f"{write((mask,))}\n".encode()
        self._members = [Member.deflated(STATE, start.state), extra_member(self._extra)]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        self._write_anew(array("I", [0]))

    def follow(self, log: EpisodeLog) -> None:
        """Write the new frames of ``log``, once per second."""
        if len(log.masks) - self._num_written < FLUSH_FRAMES:
            return
        if self._file is None:
            self._write_anew(log.masks)
            return
        try:
            self._file.append(self._lines(log.masks[self._num_written :]))
        except OSError as error:
            raise self._failure(error) from error
        self._num_written = len(log.masks)

    def go_back(self, log: EpisodeLog) -> None:
        """Rewrite the movie to hold ``log``, after the player went back or loaded a state."""
        self._num_corrections += 1
        self._write_anew(log.masks)

    def finish(self, log: EpisodeLog, memory: bytes) -> None:
        """Replace the growing file by the compressed one with the episode's outcome.

        Args:
            log: the episode.
            memory: the console's memory at the last frame, all blocks in order of address.
        """
        self._close()
        masks = np.array(log.masks, np.uint32).reshape(-1, 1)
        extra = self._extra | {
            "return": log.episode_return,
            "num_frames": len(masks),
            "masks_sha256": hashlib.sha256(masks.astype("<u4").tobytes()).hexdigest(),
            "memory_sha256": hashlib.sha256(memory).hexdigest(),
        }
        movie = Movie(
            game=self._start.level.game,
            platform=self._console.name,
            start_state=self._start.state,
            buttons=self._console.buttons,
            masks=masks,
            header=self._header(),
            extra=extra,
            marks=marks_of(extra, log.marks),
        )
        write_movie(self.path, movie)
        self._num_written = len(masks)

    def discard(self) -> None:
        """Delete the file."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _write_anew(self, masks: array[int]) -> None:
        self._close()
        header = header_member(self._start.level.game, self._console.name, self._header())
        head = log_head(self._console.name, self._console.buttons)
        try:
            self._file = GrowingArchive(self.path, [header, *self._members], LOG, head + self._lines(masks))
        except OSError as error:
            raise self._failure(error) from error
        self._num_written = len(masks)

    def _header(self) -> dict[str, str]:
        core = self._start.core
        return {
            "Author": "a person",
            "emuVersion": f"newgameplus {__version__}",
            "SHA1": str(self._extra["rom_sha1"]).upper(),
            "Core": f"{core.name} {core.version}",
            "rerecordCount": str(self._num_corrections),
        }

    def _lines(self, masks: array[int]) -> bytes:
        known = {mask: self._line(mask) for mask in set(masks)}
        return b"".join(known[mask] for mask in masks)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _failure(self, error: OSError) -> MovieError:
        return MovieError(f"Cannot write the movie {self.path}: {error.strerror or error}.")


def movie_paths(record: Path | None, level: Level) -> Iterator[Path]:
    """Yield the movie path of each episode; existing files are never replaced.

    Args:
        record: file name ending in ``.bk2``, numbered from the second episode on, or a folder; None for the user's
            movie folder.
        level: gives the file names in a folder.

    Raises:
        MovieError: ``record`` names an existing file.
    """
    if record is not None and record.suffix.lower() == SUFFIX:
        if record.exists():
            raise MovieError(f"{record} exists and is left as it is; give the new movie another name.")
        candidates = numbered(record)
    else:
        folder = home() / "movies" if record is None else record
        candidates = (folder / movie_name(level.folder_name, index) for index in range(10**6))
    return (path for path in candidates if not path.exists())


def numbered(first: Path) -> Iterator[Path]:
    """Yield a path, then the same with the numbers from 2 on."""
    yield first
    for number in range(2, 10**6):
        yield first.with_name(f"{first.stem}-{number}{first.suffix}")
