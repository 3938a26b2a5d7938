"""Tell a page that plays movies when their files are deleted, replaced or changed.

The movies themselves play on: what was read of a file when it was opened is all that playing needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from starlette.websockets import WebSocket

from newgameplus.web.library import Movie, modified_ns
from newgameplus.web.messages import told

LOOK_SECONDS = 1.0
"""Seconds between two looks at the files."""
State: TypeAlias = Literal["same", "outdated", "deleted", "replaced"]
_NOTES: dict[State, str | None] = {
    "same": None,
    "outdated": "The file has changed since the library read it: what is said of the episode may be of the earlier "
    "file. Refresh the library.",
    "deleted": "The file was deleted or renamed. What plays here was read before; it is gone once this page is closed.",
    "replaced": "The file has changed since this page opened it. What plays here is the earlier one; reload the page "
    "for the new one.",
}
_Version: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class _File:
    """The file of one movie."""

    cell: int
    path: str
    known: _Version
    """Size in bytes and time of the last change, in nanoseconds, as the library knows them."""
    opened: _Version
    """The same when playing began."""
    told: State = "same"

    def state(self) -> State:
        """What has become of the file."""
        version = _version(self.path)
        if version is None:
            return "deleted"
        if version != self.opened:
            return "replaced"
        return "same" if version == self.known else "outdated"


@asynccontextmanager
async def followed(websocket: WebSocket, movies: Sequence[Movie | None]) -> AsyncIterator[None]:
    """Tell a page, as long as this lasts, what becomes of the files of movies that are about to be opened.

    A message ``file`` has the number of the movie (``cell``), its ``state`` and a ``note``, a sentence or nothing.
    """
    files = await asyncio.to_thread(_look_at, movies)
    task = asyncio.create_task(_follow(websocket, files))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _follow(websocket: WebSocket, files: list[_File]) -> None:
    while files:
        states = await asyncio.to_thread(lambda: [file.state() for file in files])
        for file, state in zip(files, states, strict=True):
            if state != file.told:
                file.told = state
                await websocket.send_text(told("file", cell=file.cell, state=state, note=_NOTES[state]))
        await asyncio.sleep(LOOK_SECONDS)


def _look_at(movies: Sequence[Movie | None]) -> list[_File]:
    """The files that are there; what is wrong with the others is said when they are opened."""
    files = []
    for cell, movie in enumerate(movies):
        opened = None if movie is None else _version(movie.path)
        if movie is not None and opened is not None:
            files.append(_File(cell, movie.path, (movie.size_bytes, movie.modified_ns), opened))
    return files


def _version(path: str) -> _Version | None:
    """Size and time of the last change of a file; None if it cannot be found."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, modified_ns(status)
