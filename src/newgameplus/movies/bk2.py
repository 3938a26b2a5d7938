"""Read and write bk2, the movie format of gym-retro and BizHawk; needs no emulator.

A movie is a zip of ``Header.txt`` (game, console), ``Input Log.txt`` (one line per frame) and ``Core.bin`` (the start
state). New Game Plus adds ``NewGamePlus.json`` and ``NewGamePlus.marks``, which other readers ignore. The first frame
is the one that every reset runs, with no button held.
"""

from __future__ import annotations

import codecs
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from newgameplus.durable import write_atomically
from newgameplus.emulator.cores import console_named
from newgameplus.errors import MovieError, NotFoundError
from newgameplus.movies.archive import Archive, Member, assemble, open_archive
from newgameplus.movies.columns import Dialect, LineReader, key_line, line_reader, line_writer
from newgameplus.movies.marks import MARKS, MAX_MARKS_BYTES, Marks, marks_member, parse_marks
from newgameplus.types import Array

HEADER, LOG, STATE, EXTRA = "Header.txt", "Input Log.txt", "Core.bin", "NewGamePlus.json"
"""Names of the members."""
MAX_STATE_BYTES = 64 * 2**20
"""Limit of a start state; no supported console has a larger one."""
MAX_FRAMES = 60 * 60 * 60 * 24
"""Limit of a movie's length: 24 hours at 60 frames per second."""
MAX_LINE_BYTES = 512
"""Limit of a log line; eight players with all their buttons need less. Key lines may be eight times as long."""
MAX_TEXT_BYTES = 64 * 2**10
"""Limit of the header and of ``NewGamePlus.json``."""
_MAX_REMEMBERED_LINES = 2**14

_RETRO_CODES = {"Genesis": "GEN", "Snes": "SNES", "Nes": "NES", "Atari2600": "A26"}
_BIZHAWK_CODES = _RETRO_CODES | {
    "GameBoy": "GB", "GbColor": "GBC", "GbAdvance": "GBA", "Sms": "SMS", "GameGear": "GG", "PCEngine": "PCE",
    "Saturn": "SAT", "NintendoDs": "NDS", "32x": "32X",
}  # fmt: skip
_CONSOLES = {code: console for console, code in _BIZHAWK_CODES.items()}
_START, _END = "[Input]", "[/Input]"


@dataclass(frozen=True, slots=True, eq=False)
class Movie:
    """The buttons of an episode, frame by frame, and the machine state it starts from."""

    game: str
    """Name of the game, such as ``Airstriker-Genesis-v0``."""
    platform: str
    """stable-retro's name of the console, such as ``Genesis``."""
    start_state: bytes | None
    """Machine state before the first frame; None if the movie starts from power-on."""
    buttons: tuple[str | None, ...]
    """Name of each bit of a mask."""
    masks: Array
    """uint32 ``[T, players]``: button mask of each player in each frame."""
    header: Mapping[str, str] = field(default_factory=dict)
    """Lines of ``Header.txt``, key to value."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Contents of ``NewGamePlus.json``; empty for movies of other programs."""
    marks: Marks | None = None
    """Hashes of the memory, one per second; None for movies of other programs, of 0.1, and of killed processes."""
    dialect: Dialect = "retro"
    is_complete: bool = True
    """Whether the log has its end line; movies of killed processes have none."""

    @property
    def num_frames(self) -> int:
        """Length in frames, including the frame of the reset."""
        return len(self.masks)

    @property
    def num_players(self) -> int:
        """Number of players that the log has columns for."""
        return int(self.masks.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class MovieHead:
    """What a movie's file says besides its log and its start state; see :class:`Movie`."""

    game: str
    platform: str
    has_start_state: bool
    header: Mapping[str, str]
    extra: Mapping[str, Any]


def read_head(path: Path) -> MovieHead:
    """Read what the movie at ``path`` says about itself; its log is not looked at, so that it may be damaged.

    Raises:
        MovieError: the file is missing, damaged, malicious, or of a console that no installed core emulates.
    """
    with open_archive(path) as archive:
        return _read_head(archive, path)


def read_movie(path: Path) -> Movie:
    """Read the movie at ``path``, in either dialect; all sizes are checked against limits.

    Raises:
        MovieError: the file is missing, damaged, malicious, or of a console that no installed core emulates.
    """
    with open_archive(path) as archive:
        head = _read_head(archive, path)
        buttons = console_named(head.platform).buttons
        member = _state_member(archive.names, path)
        state = None if member is None else archive.read(member, MAX_STATE_BYTES)
        marks = parse_marks(archive.read(MARKS, MAX_MARKS_BYTES), str(path)) if MARKS in archive.names else None
        with archive.open(LOG) as file:
            dialect, masks, is_complete = _LogReader(path, head.platform, buttons).read(file)
    return Movie(
        game=head.game,
        platform=head.platform,
        start_state=state or None,
        buttons=buttons,
        masks=masks,
        header=head.header,
        extra=head.extra,
        marks=marks,
        dialect=dialect,
        is_complete=is_complete,
    )


def write_movie(path: Path, movie: Movie, dialect: Dialect = "retro") -> None:
    """Write ``movie`` to ``path`` atomically, replacing an existing file.

    Raises:
        MovieError: the game's name or a header line has a line break, or the file cannot be written.
    """
    write_line = line_writer(dialect, movie.platform, movie.buttons)
    known: dict[tuple[int, ...], str] = {}
    lines = [_START, key_line(dialect, movie.platform, movie.buttons, movie.num_players)]
    for row in movie.masks.tolist():
        masks = tuple(row)
        if masks not in known:
            known[masks] = write_line(masks)
        lines.append(known[masks])
    lines.append(_END if movie.is_complete else "")
    members = [header_member(movie.game, movie.platform, movie.header, dialect)]
    members.append(Member.deflated(LOG, "\n".join(lines).encode()))
    if movie.start_state is not None:
        members.append(Member.deflated(STATE, movie.start_state))
    if movie.extra:
        members.append(extra_member(movie.extra))
    if movie.marks is not None:
        members.append(marks_member(movie.marks))
    try:
        write_atomically(path, assemble(members))
    except OSError as error:
        raise MovieError(f"Cannot write the movie {path}: {error.strerror or error}.") from error


def header_member(game: str, platform: str, header: Mapping[str, str], dialect: Dialect = "retro") -> Member:
    """Return ``Header.txt`` with the lines that readers of the dialect expect, and those of ``header``."""
    is_retro = dialect == "retro"
    lines = {
        "MovieVersion": "Retro" if is_retro else "BizHawk v2.0.0",
        "Author": "?",
        "emuVersion": "?",
        "Platform": (_RETRO_CODES if is_retro else _BIZHAWK_CODES).get(platform, platform),
        "GameName": game,
        "SHA1": "?",
        "Core": "?",
        "rerecordCount": "1",
    }
    if not is_retro:
        lines["StartsFromSavestate"] = "True"
    fixed = ("MovieVersion", "Platform", "GameName")
    lines |= {key: value for key, value in header.items() if key not in fixed}
    if any(set("\r\n") & set(key + value) or " " in key for key, value in lines.items()):
        raise MovieError(f"A header line of a movie of {game!r} has a line break, or a space in its key.")
    return Member.deflated(HEADER, "".join(f"{key} {value}\n" for key, value in lines.items()).encode())


def extra_member(extra: Mapping[str, Any]) -> Member:
    """Return ``NewGamePlus.json``."""
    return Member.deflated(EXTRA, json.dumps(extra, indent=1).encode())


def log_head(platform: str, buttons: tuple[str | None, ...]) -> bytes:
    """Return the beginning of a one-player log in the retro dialect."""
    return f"{_START}\n{key_line('retro', platform, buttons, 1)}\n".encode()


LOG_TAIL = _END.encode()
"""End of a complete log."""


def _read_head(archive: Archive, path: Path) -> MovieHead:
    header = _read_header(archive, path)
    console = header.get("Platform", "")
    platform = _CONSOLES.get(console, console)
    _check_console(platform, path)
    return MovieHead(
        game=header.get("GameName", ""),
        platform=platform,
        has_start_state=_state_member(archive.names, path) is not None,
        header=header,
        extra=_read_extra(archive, path) if EXTRA in archive.names else {},
    )


def _read_header(archive: Archive, path: Path) -> dict[str, str]:
    try:
        text = archive.read(HEADER, MAX_TEXT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MovieError(f"{HEADER} in the movie {path} is not UTF-8 text: {error}.") from error
    return {key: value.strip() for line in text.splitlines() for key, _, value in [line.partition(" ")] if key}


def _state_member(names: Iterable[str], path: Path) -> str | None:
    """Name of the member with the start state: ``Core.bin``, or as versions of BizHawk call it; None for power-on."""
    if STATE in names:
        return STATE
    found = [name for name in names if PurePosixPath(name.casefold()).stem == "core"]
    if not found:
        return None
    if len(found) > 1 or found[0].casefold().endswith(".txt"):
        raise MovieError(
            f"The movie {path} has its start state in {' and '.join(found)}, which is not read; save it with a single "
            f"binary state, {STATE}."
        )
    return found[0]


def _read_extra(archive: Archive, path: Path) -> dict[str, Any]:
    try:
        extra = json.loads(archive.read(EXTRA, MAX_TEXT_BYTES).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MovieError(f"{EXTRA} in the movie {path} is not valid json: {error}.") from error
    if not isinstance(extra, dict):
        raise MovieError(f"{EXTRA} in the movie {path} must hold a json object, not {type(extra).__name__}.")
    return extra


def _check_console(platform: str, path: Path) -> None:
    try:
        console_named(platform)
    except NotFoundError as error:
        raise MovieError(f"The movie {path} is for {platform[:40]!r}, a console that no core plays.") from error


class _LogReader:
    """Reads the lines of one log; caches the meaning of each distinct line."""

    def __init__(self, path: Path, platform: str, buttons: tuple[str | None, ...]) -> None:
        self._path, self._platform, self._buttons = path, platform, buttons
        self._num_lines = 0

    def read(self, file: IO[bytes]) -> tuple[Dialect, Array, bool]:
        """Return the dialect, the masks uint32 ``[T, players]`` and whether the end line is present."""
        dialect, num_players, read_line = self._read_key(file)
        masks, is_complete = array("I"), False
        known: dict[bytes, tuple[int, ...]] = {}
        for line in self._lines(file):
            row = known.get(line)
            if row is None:
                if line == _END.encode():
                    is_complete = True
                    break
                row = self._row(line, read_line)
                if len(known) < _MAX_REMEMBERED_LINES:
                    known[line] = row
            masks.extend(row)
            if len(masks) > MAX_FRAMES * num_players:
                raise MovieError(f"The movie {self._path} is longer than a day ({MAX_FRAMES} frames).")
        if not masks:
            raise MovieError(f"The movie {self._path} has no frames.")
        return dialect, np.array(masks, np.uint32).reshape(-1, num_players), is_complete

    def _read_key(self, file: IO[bytes]) -> tuple[Dialect, int, LineReader]:
        if (self._line(file, MAX_LINE_BYTES) or b"").removeprefix(codecs.BOM_UTF8) != _START.encode():
            raise MovieError(f"{LOG} in the movie {self._path} does not begin with {_START}.")
        key = self._text(self._line(file, 8 * MAX_LINE_BYTES) or b"")
        try:
            return line_reader(key, self._platform, self._buttons)
        except MovieError as error:
            raise MovieError(f"The movie {self._path} cannot be understood: {error}") from error

    def _row(self, line: bytes, read_line: LineReader) -> tuple[int, ...]:
        text = self._text(line)
        if not text.startswith("|") or not text.endswith("|"):
            raise MovieError(f"Line {self._num_lines} of {LOG} in the movie {self._path} is no line of buttons.")
        try:
            return read_line(text)
        except MovieError as error:
            raise MovieError(f"Line {self._num_lines} of {LOG} in the movie {self._path} {error}.") from error

    def _lines(self, file: IO[bytes]) -> Iterator[bytes]:
        while (line := self._line(file, MAX_LINE_BYTES)) is not None:
            if line:
                yield line

    def _line(self, file: IO[bytes], limit: int) -> bytes | None:
        """Next line without its line end; None after the last."""
        line = file.readline(limit + 1)
        self._num_lines += 1
        if len(line) > limit:
            raise MovieError(f"Line {self._num_lines} of {LOG} in the movie {self._path} is longer than {limit} bytes.")
        return line.rstrip(b"\r\n") if line else None

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise MovieError(f"Line {self._num_lines} of {LOG} in the movie {self._path} is not UTF-8 text.") from None
