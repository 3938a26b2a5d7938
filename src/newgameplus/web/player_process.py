"""Body of a player process: it shows one scene at a time, or makes something, and tells of it through a pipe."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any

from newgameplus.errors import NewGamePlusError
from newgameplus.web.messages import told
from newgameplus.web.scene import Scene


def run(connection: Connection[Any, Any]) -> None:
    """Serve until the pipe or the parent process ends; Ctrl-C is handled by the parent.

    The parent sends ``("open", opener, *arguments)`` for a :class:`~newgameplus.web.scene.Scene`, ``("ask", text)``,
    ``("close",)``, and ``("make", function, *arguments)``, which is answered by what the function returns, bytes or
    text.
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
        self._scene: Scene | None = None

    def once(self) -> None:
        """Take one message, or do a little of what there is to do."""
        wait = None if self._scene is None else self._scene.seconds_to_wait(time.monotonic())
        try:
            if self._connection.poll(wait):
                kind, *what = self._connection.recv()
                self._take(kind, what)
                return
            message = None if self._scene is None else self._scene.go_on(time.monotonic())
        except NewGamePlusError as error:
            self.close()
            message = _failure(error)
        if message is not None:
            self._connection.send(message)

    def close(self) -> None:
        """Close the scene. That its movie cannot be finished, on a full disk for one, does not end the process."""
        scene, self._scene = self._scene, None
        if scene is not None:
            with suppress(NewGamePlusError):
                scene.close()

    def _take(self, kind: str, what: list[Any]) -> None:
        if kind == "ask" and self._scene is not None:
            self._scene.ask(what[0], time.monotonic())
        elif kind == "open":
            self.close()
            self._connection.send(self._open(*what))
        elif kind == "close":
            self.close()
            self._connection.send(told("closed"))
        elif kind == "make":
            self._connection.send(_made(*what))

    def _open(self, opener: Any, *arguments: Any) -> str:
        try:
            scene: Scene = opener(*arguments)
        except NewGamePlusError as error:
            return _failure(error)
        self._scene = scene
        return scene.opened()


def _made(function: Any, *arguments: Any) -> bytes | str:
    try:
        made: bytes | str = function(*arguments)
    except NewGamePlusError as error:
        return _failure(error)
    return made


def _failure(error: NewGamePlusError) -> str:
    return told("failed", reason=str(error))


def _end_with_parent() -> None:
    """End this process when its parent ends, since a killed parent cannot end its children."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
