"""Read the movies below some paths into the library: heads of files only, and of files that are new or have changed.

The log of a movie is read only where nothing else tells its length: for movies of other programs and of killed
processes.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newgameplus.errors import MovieError, NewGamePlusError
from newgameplus.games.folders import add_named_collections
from newgameplus.movies.bk2 import MovieHead, read_head, read_movie
from newgameplus.movies.machine import machine_of
from newgameplus.movies.names import index_of, level_of
from newgameplus.movies.record import EpisodeRecord, episode_record
from newgameplus.results.movie_runs import MovieRuns
from newgameplus.web.library import Library, modified_ns

SUFFIX = ".bk2"
BATCH_FILES = 100
"""Files of one transaction."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come."""

    is_running: bool = False
    num_found: int = 0
    """Movies found so far."""
    num_read: int = 0
    """Movies among them that were new or had changed."""
    failure: str | None = None
    """Why the scan ended before its time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A movie that lies on the disk."""

    path: str
    name: str
    size_bytes: int
    modified_ns: int


class Scanner:
    """Scans in a thread of its own, one scan at a time.

    Args:
        library: where the rows go.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_cancelled = False
        self.progress = Progress()
        """Progress of the present or the last scan."""

    def start(self) -> None:
        """Begin a scan unless one is running."""
        with self._lock:
            if self._is_cancelled or (self._thread is not None and self._thread.is_alive()):
                return
            self.progress = Progress(is_running=True)
            self._thread = threading.Thread(target=self._run, name="scan", daemon=True)
            self._thread.start()

    def wait(self, timeout_seconds: float | None = None) -> None:
        """Wait for the end of the scan that is running, if any."""
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def close(self) -> None:
        """End the scan that is running and allow no other."""
        self._is_cancelled = True
        self.wait()

    def _run(self) -> None:
        try:
            with self._library.connection() as connection:
                self._scan(connection)
        except (OSError, sqlite3.Error) as error:
            self.progress = replace(self.progress, failure=f"The search for movies ended before its time: {error}.")
        finally:
            self.progress = replace(self.progress, is_running=False)

    def _scan(self, connection: sqlite3.Connection) -> None:
        known = {
            path: (number, size, modified)
            for path, number, size, modified in connection.execute(
                "SELECT path, id, size_bytes, modified_ns FROM movie"
            )
        }
        unseen = {path: entry[0] for path, entry in known.items()}
        runs, batch, obstacles = MovieRuns(), [], Obstacles()
        folders: set[Path] = set()
        for found in find_movies(self._library.places):
            if self._is_cancelled:
                return
            unseen.pop(found.path, None)
            self.progress = replace(self.progress, num_found=self.progress.num_found + 1)
            if (folder := Path(found.path).parent) not in folders:
                folders.add(folder)
                _find_games(Path(found.path), runs)
            if known.get(found.path, (0, 0, 0))[1:] != (found.size_bytes, found.modified_ns):
                batch.append(row_of(found, runs))
            if len(batch) == BATCH_FILES:
                self._write(connection, batch, obstacles)
        self._write(connection, batch, obstacles)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM movie WHERE id = ?", [(number,) for number in unseen.values()])
        obstacles.note(connection)
        connection.execute("COMMIT")

    def _write(self, connection: sqlite3.Connection, batch: list[dict[str, Any]], obstacles: Obstacles) -> None:
        if not batch:
            return
        names = list(batch[0])
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "path")
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"INSERT INTO movie ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)}) "
            f"ON CONFLICT (path) DO UPDATE SET {changes}",
            batch,
        )
        obstacles.note(connection)
        connection.execute("COMMIT")
        self.progress = replace(self.progress, num_read=self.progress.num_read + len(batch))
        batch.clear()


def find_movies(places: tuple[Path, ...]) -> Iterator[Found]:
    """Yield the movies at and below ``places``, each once; folders that cannot be read are passed over."""
    seen: set[str] = set()
    for place in places:
        for path in [place] if place.is_file() else _below(place):
            if str(path) in seen:
                continue
            seen.add(str(path))
            try:
                status = path.stat()
                str(path).encode()
            except (OSError, UnicodeEncodeError):
                continue
            name = path.name if path == place else str(path.relative_to(place))
            yield Found(str(path), name, status.st_size, modified_ns(status))


def _below(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(SUFFIX) and not name.startswith("."):
                yield Path(where, name)


def row_of(found: Found, runs: MovieRuns) -> dict[str, Any]:
    """Return the row of a movie: what its file and the folder of its run tell."""
    path = Path(found.path)
    row: dict[str, Any] = {
        "path": found.path,
        "name": found.name,
        "folder": str(path.parent),
        "size_bytes": found.size_bytes,
        "modified_ns": found.modified_ns,
        "recorded": found.modified_ns / 1e9,
        "episode": index_of(path),
    }
    row |= _told_by_folder(path, runs) | _told_by_file(path)
    row = {key: _storable(value) for key, value in row.items()}
    row["words"] = " ".join(str(row[key]) for key in ("name", "level", "agent", "run") if row[key]).casefold()
    return row


def _storable(value: Any) -> Any:
    """The value as SQLite can keep it: no halves of characters, which JSON may hold, and no integers beyond 64 bits."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    return None if isinstance(value, int) and abs(value) >= 2**63 else value


def _find_games(path: Path, runs: MovieRuns) -> None:
    """Let this process, and the players that it starts, find the games of the run that a movie belongs to."""
    run = runs.of(path)
    if run is not None:
        add_named_collections(list(run.games))


def _told_by_folder(path: Path, runs: MovieRuns) -> dict[str, Any]:
    run = runs.of(path)
    names = ("agent", "run", "seed", "num_steps")
    return {name: None if run is None else getattr(run, name) for name in names}


def _told_by_file(path: Path) -> dict[str, Any]:
    names = ("game", "level", "platform", "core", "num_frames", "episode_return", "machine", "damage")
    told: dict[str, Any] = dict.fromkeys(names)
    try:
        head = read_head(path)
        record = episode_record(head.extra, str(path))
        told["num_frames"] = record.num_frames if record.num_frames is not None else read_movie(path).num_frames
        if not head.has_start_state:
            raise MovieError(f"The movie {path} starts from power-on (it has no Core.bin), which cannot be played.")
    except MovieError as error:
        told["damage"] = str(error)
        return told
    return told | {
        "game": head.game,
        "level": record.level or level_of(path, head.game) or head.game,
        "platform": head.platform,
        "core": record.core_name,
        "episode_return": record.episode_return,
        "machine": _machine(head, record),
    }


class Obstacles:
    """Why movies cannot be played here, found out once in a scan for each kind of machine."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def note(self, connection: sqlite3.Connection) -> None:
        """Write the obstacle of every movie into its row."""
        kinds = connection.execute("SELECT machine, min(path) FROM movie WHERE machine IS NOT NULL GROUP BY machine")
        for machine, path in kinds.fetchall():
            if machine not in self._known:
                self._known[machine] = _obstacle(machine, Path(path))
            obstacle = self._known[machine]
            connection.execute(
                "UPDATE movie SET obstacle = ? WHERE machine = ? AND obstacle IS NOT ?", (obstacle, machine, obstacle)
            )


def _machine(head: MovieHead, record: EpisodeRecord) -> str:
    """What decides whether a movie can be played here, as text."""
    names = ("rom_sha1", "core_name", "core_version", "core_sha256", "core_options")
    recorded = {name: getattr(record, name) for name in names}
    claimed = {"SHA1": head.header.get("SHA1", "")}
    return json.dumps({"game": head.game, "platform": head.platform, "header": claimed, "record": recorded})


def _obstacle(machine: str, path: Path) -> str | None:
    asked = json.loads(machine)
    record = replace(episode_record({}, str(path)), **asked["record"])
    try:
        machine_of(path, asked["game"], asked["platform"], asked["header"], record)
    except NewGamePlusError as error:
        return str(error).replace(f" {path} ", " ")
    return None
