"""What is known of the movies below some paths, in a SQLite file in the user's cache folder.

The file can be deleted at any time. One thread writes (``scan``), any number read. Pages are found by the last row of
the page before (keyset), never by counting rows; counts of levels, agents and runs are kept by triggers.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from newgameplus.errors import UsageError
from newgameplus.games.folders import cache as cache_folder
from newgameplus.web.view import FACETS, SORTS, View

PAGE_ROWS = 50
"""Movies of one page."""
MAX_PAGE_ROWS = 200
MAX_FACETS = 500
"""Most values of a facet that are offered."""
MAX_THUMBNAILS = MAX_SURVEYS = 5000
_MAX_INTEGER = 2**63 - 1
_VERSION = 2
_WAIT_SECONDS = 10.0
_TABLES = (
    """CREATE TABLE movie (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE, name TEXT NOT NULL, folder TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, recorded REAL NOT NULL,
    game TEXT, level TEXT, platform TEXT, agent TEXT, run TEXT,
    seed INTEGER, episode INTEGER, num_steps INTEGER, num_frames INTEGER, episode_return REAL,
    core TEXT, machine TEXT, damage TEXT, obstacle TEXT, words TEXT NOT NULL
)""",
    "CREATE INDEX by_machine ON movie (machine)",
    "CREATE TABLE count (facet TEXT NOT NULL, value TEXT NOT NULL, number INTEGER, PRIMARY KEY (facet, value))",
    "CREATE TABLE thumbnail (key TEXT PRIMARY KEY, content BLOB NOT NULL)",
    "CREATE TABLE survey (key TEXT PRIMARY KEY, content BLOB NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Movie:
    """A row of the library; None for what the file and its folder do not tell."""

    id: int
    path: str
    name: str
    """Path below the path that was named."""
    folder: str
    size_bytes: int
    modified_ns: int
    recorded: float
    """When the file was last written, in seconds of the system clock."""
    game: str | None
    level: str | None
    platform: str | None
    agent: str | None
    run: str | None
    seed: int | None
    episode: int | None
    """Number in the file's name."""
    num_steps: int | None
    """Agent steps of training before the episode."""
    num_frames: int | None
    episode_return: float | None
    core: str | None
    damage: str | None
    """Why the file cannot be read."""
    obstacle: str | None
    """Why the movie cannot be played here, such as a ROM that has not been imported."""

    @property
    def fault(self) -> str | None:
        """Why the movie cannot be played; None if it probably can."""
        return self.damage or self.obstacle


COLUMNS = tuple(field.name for field in fields(Movie))
"""Columns of a row."""


def modified_ns(status: os.stat_result) -> int:
    """Time of the last change of a file in nanoseconds, within SQLite's integers: file systems hold later ones."""
    return max(-_MAX_INTEGER, min(status.st_mtime_ns, _MAX_INTEGER))


class Library:
    """The movies below some paths.

    Args:
        places: files and folders.
        folder: folder of the cache; None for the user's.

    Raises:
        OSError: the cache folder cannot be written.
        UsageError: the cache is locked, or the disk is full.
    """

    def __init__(self, places: Sequence[Path], folder: Path | None = None) -> None:
        self.places = tuple(place.resolve() for place in places)
        key = hashlib.sha256("\0".join(sorted(map(str, self.places))).encode(errors="surrogateescape")).hexdigest()
        cache = (folder or cache_folder()) / "watch"
        cache.mkdir(parents=True, exist_ok=True)
        self.file = cache / f"{key[:32]}.sqlite"
        """The file; deleting it while no page is open loses nothing."""
        try:
            if not self._is_prepared():
                self._delete()
                self._prepare()
        except sqlite3.Error as error:
            raise UsageError(f"The cache of movies {self.file} cannot be used: {error}; delete it.") from error

    def add_place(self, path: Path) -> None:
        """Let the next scan find the movie at ``path``, too."""
        path = path.resolve()
        if not any(path.is_relative_to(place) for place in self.places):
            self.places = (*self.places, path)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one thread."""
        with closing(sqlite3.connect(self.file, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")  # it can be computed again
            yield connection

    def movie(self, number: int) -> Movie | None:
        """Return the movie with an id, None if there is none."""
        with self.connection() as connection:
            row = connection.execute(f"SELECT {_NAMES} FROM movie WHERE id = ?", (number,)).fetchone()
        return None if row is None else Movie(*row)

    def movie_at(self, path: Path) -> Movie | None:
        """Return the movie at a path, None if it is not in the library."""
        with self.connection() as connection:
            row = connection.execute(f"SELECT {_NAMES} FROM movie WHERE path = ?", (str(path.resolve()),)).fetchone()
        return None if row is None else Movie(*row)

    def page(
        self, view: View, *, after: int | None = None, before: int | None = None, limit: int = PAGE_ROWS
    ) -> list[Movie]:
        """Return the movies of a view that follow a movie, or those just before one, or the first ones.

        Args:
            view: filter and order; movies without a value come last in either direction.
            after: id of the movie before the page.
            before: id of the movie after the page.
            limit: most movies to return.
        """
        with self.connection() as connection:
            rows = _page(connection, view, after if before is None else before, before is not None, limit)
        return [Movie(*row) for row in rows]

    def along_training(self, movie: Movie) -> list[Movie]:
        """Return the movies of the same level and training run that can be played, in the order of their steps."""
        with self.connection() as connection:
            rows = connection.execute(
                f"SELECT {_NAMES} FROM movie WHERE folder = ? AND level = ? AND num_steps IS NOT NULL "
                "AND coalesce(damage, obstacle) IS NULL ORDER BY num_steps, id",
                (movie.folder, movie.level),
            ).fetchall()
        return [Movie(*row) for row in rows]

    def returns(self, view: View) -> list[tuple[Any, ...]]:
        """Return level, run, agent, id, return, seed, episode and steps of the movies of runs in a view.

        They are in the order of the levels, runs and agents, and in each in that in which they were played.
        """
        where, values = _filter(view)
        with self.connection() as connection:
            return connection.execute(
                f"SELECT level, run, agent, id, episode_return, seed, episode, num_steps FROM movie WHERE {where} "
                "AND run IS NOT NULL AND level IS NOT NULL AND episode_return IS NOT NULL "
                "ORDER BY level, run, agent, num_steps, episode, seed, id",
                values,
            ).fetchall()

    def count(self, view: View) -> int:
        """Number of movies in a view."""
        where, values = _filter(view)
        with self.connection() as connection:
            if not view.is_filtered:
                row = connection.execute("SELECT number FROM count WHERE facet = 'all'").fetchone()
                return int(row[0]) if row else 0
            return int(connection.execute(f"SELECT count(*) FROM movie WHERE {where}", values).fetchone()[0])

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """Values of each facet with the number of their movies, in the order of their names."""
        with self.connection() as connection:
            rows = connection.execute("SELECT facet, value, number FROM count WHERE facet != 'all' ORDER BY value")
            found: dict[str, list[tuple[str, int]]] = {name: [] for name in FACETS}
            for facet, value, number in rows:
                if len(found[facet]) < MAX_FACETS:
                    found[facet].append((value, number))
        return found

    def thumbnail(self, movie: Movie) -> bytes | None:
        """Return the kept thumbnail of a movie as it is now; empty if it has none; None if it was not made yet."""
        return self._kept("thumbnail", movie)

    def keep_thumbnail(self, movie: Movie, content: bytes) -> None:
        """Keep a thumbnail; of too many the oldest are dropped."""
        self._keep("thumbnail", movie, content, MAX_THUMBNAILS)

    def survey(self, movie: Movie) -> bytes | None:
        """Return what a map needs of a movie as it is now (:mod:`newgameplus.web.surveys`); None if that is unknown."""
        return self._kept("survey", movie)

    def keep_survey(self, movie: Movie, content: bytes) -> None:
        """Keep what a map needs of a movie; of too many the oldest are dropped."""
        self._keep("survey", movie, content, MAX_SURVEYS)

    def _kept(self, table: str, movie: Movie) -> bytes | None:
        with self.connection() as connection:
            row = connection.execute(f"SELECT content FROM {table} WHERE key = ?", (_version_of(movie),)).fetchone()
        return None if row is None else bytes(row[0])

    def _keep(self, table: str, movie: Movie, content: bytes, most: int) -> None:
        with self.connection() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (_version_of(movie), content))
            connection.execute(f"DELETE FROM {table} WHERE rowid <= (SELECT max(rowid) FROM {table}) - ?", (most,))

    def _is_prepared(self) -> bool:
        """Whether the file is one of this version; one that is none is to be made anew."""
        if not self.file.exists():
            return False
        try:
            with self.connection() as connection:
                return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # no database, or damaged
            return False

    def _delete(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)

    def _prepare(self) -> None:
        with self.connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                for statement in (*_TABLES, *_indexes(), *_triggers()):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")


_NAMES = ", ".join(COLUMNS)


def _version_of(movie: Movie) -> str:
    return f"{movie.path}\0{movie.size_bytes}\0{movie.modified_ns}"


def _indexes() -> list[str]:
    return [f"CREATE INDEX by_{name} ON movie ({column}, id)" for name, column in SORTS.items()]


def _triggers() -> list[str]:
    """Statements by which the number of movies of each value of each facet is kept."""
    add, remove = [], []
    for facet in ("all", *FACETS):
        new, old = ("''", "''") if facet == "all" else (f"new.{facet}", f"old.{facet}")
        add.append(
            f"INSERT INTO count SELECT '{facet}', {new}, 1 WHERE {new} IS NOT NULL "
            "ON CONFLICT DO UPDATE SET number = number + 1;"
        )
        remove.append(f"UPDATE count SET number = number - 1 WHERE facet = '{facet}' AND value = {old};")
    remove.append("DELETE FROM count WHERE number = 0;")
    return [
        f"CREATE TRIGGER added AFTER INSERT ON movie BEGIN {' '.join(add)} END",
        f"CREATE TRIGGER removed AFTER DELETE ON movie BEGIN {' '.join(remove)} END",
        f"CREATE TRIGGER changed AFTER UPDATE OF {', '.join(FACETS)} ON movie BEGIN {' '.join(remove + add)} END",
    ]


def _filter(view: View) -> tuple[str, list[str]]:
    """Condition of a view, and the values of its parameters."""
    parts, values = ["1"], []
    for facet in FACETS:
        if wanted := getattr(view, facet):
            parts.append(f"{facet} = ?")
            values.append(wanted)
    for word in view.search.casefold().split():
        parts.append("words LIKE ? ESCAPE '\\'")
        values.append("%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    if view.state != "all":
        is_null = "IS NULL" if view.state == "playable" else "IS NOT NULL"
        parts.append(f"coalesce(damage, obstacle) {is_null}")
    return " AND ".join(parts), values


def _page(
    connection: sqlite3.Connection, view: View, cursor: int | None, is_backward: bool, limit: int
) -> list[tuple[Any, ...]]:
    column = SORTS[view.sort]
    where, values = _filter(view)
    is_down = view.is_descending != is_backward
    sign, order = ("<", "DESC") if is_down else (">", "ASC")
    value: Any = None
    is_in_first = True
    if cursor is not None:
        row = connection.execute(f"SELECT {column} FROM movie WHERE id = ?", (cursor,)).fetchone()
        if row is None:
            return []
        value = row[0]
    rows: list[tuple[Any, ...]] = []
    for is_known in (False, True) if is_backward else (True, False):
        condition, more = f"{column} IS {'NOT ' if is_known else ''}NULL", []
        if cursor is not None and is_in_first:
            if is_known != (value is not None):
                continue
            condition += f" AND ({column}, id) {sign} (?, ?)" if is_known else f" AND id {sign} ?"
            more = [value, cursor] if is_known else [cursor]
        is_in_first = False
        sorting = f"{column} {order}, id {order}" if is_known else f"id {order}"
        rows += connection.execute(
            f"SELECT {_NAMES} FROM movie WHERE {where} AND {condition} ORDER BY {sorting} LIMIT ?",
            (*values, *more, limit - len(rows)),
        ).fetchall()
    return rows[::-1] if is_backward else rows
