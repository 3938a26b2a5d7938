"""Body of a player process: it plays one movie at a time and tells of it through a pipe."""

from __future__ import annotations

import os
import signal
import threading
import time
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from newgameplus.errors import NewGamePlusError
from newgameplus.session.film import Film
from newgameplus.web.messages import read_request, told
from newgameplus.web.playing import Playing

THUMBNAIL_FRAMES = 1800
"""Frame that a thumbnail shows, or the last one of a shorter movie: half a minute of playing."""
THUMBNAIL_WIDTH = 160
"""Width of a thumbnail in pixels."""


def run(connection: Connection[Any, Any]) -> None:
    """Serve until the pipe or the parent process ends; Ctrl-C is handled by the parent.

    The parent sends ``("open", path, frame)``, ``("ask", text)``, ``("close",)`` and ``("thumbnail", path)``.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    served = _Served(connection)
    try:
        while True:
            served.once()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        served.close()


class _Served:
    """What the process does at the moment."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._playing: Playing | None = None

    def once(self) -> None:
        """Take one message, or do a little of what there is to do."""
        wait = None if self._playing is None else self._playing.seconds_to_wait(time.monotonic())
        if self._connection.poll(wait):
            kind, *what = self._connection.recv()
            self._take(kind, what)
            return
        try:
            message = None if self._playing is None else self._playing.go_on(time.monotonic())
        except NewGamePlusError as error:
            self.close()
            message = told("failed", reason=str(error))
        if message is not None:
            self._connection.send(message)

    def close(self) -> None:
        """Free the consoles."""
        if self._playing is not None:
            self._playing.film.close()
            self._playing = None

    def _take(self, kind: str, what: list[Any]) -> None:
        if kind == "ask" and self._playing is not None:
            request = read_request(what[0])
            if request is not None:
                self._playing.take(request, time.monotonic())
        elif kind == "open":
            self.close()
            self._connection.send(self._open(*what))
        elif kind == "close":
            self.close()
            self._connection.send(told("closed"))
        elif kind == "thumbnail":
            self._connection.send(_thumbnail(*what))

    def _open(self, path: str, frame: int) -> str:
        try:
            film = Film(Path(path))
        except NewGamePlusError as error:
            return told("failed", reason=str(error))
        self._playing = Playing(film, frame)
        console = film.emulator.core.console
        return told(
            "opened",
            num_frames=film.num_frames,
            num_players=film.movie.num_players,
            frames_per_second=film.emulator.frames_per_second,
            samples_per_second=film.emulator.samples_per_second,
            console=console.name,
            core=film.emulator.core.name,
            buttons=list(film.movie.buttons),
            variables=list(film.samples.columns),
            is_exact=film.is_exact,
        )


def _thumbnail(path: str) -> bytes | str:
    """Return a small picture of a movie as a PNG file, or why there is none."""
    import cv2

    from newgameplus.movies.playback import Playback

    try:
        with Playback(Path(path)) as playback:
            frame = min(THUMBNAIL_FRAMES, playback.movie.num_frames - 1)
            for _ in islice(playback.frames(), frame + 1):
                pass
            picture = playback.picture()
    except NewGamePlusError as error:
        return told("failed", reason=str(error))
    height = max(1, round(picture.shape[0] * THUMBNAIL_WIDTH / picture.shape[1]))
    small = cv2.resize(picture, (THUMBNAIL_WIDTH, height), interpolation=cv2.INTER_AREA)
    is_done, content = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    return bytes(content) if is_done else told("failed", reason="The picture cannot be written as a PNG file.")


def _end_with_parent() -> None:
    """End this process when its parent ends, since a killed parent cannot end its children."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
