"""A visitor of the pages without a browser: HTTP with the server's cookie, and WebSockets as the page opens them."""

from __future__ import annotations

import http.client
import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from websockets.sync.client import ClientConnection, connect

HEAD = struct.Struct("<BBHIIHHddI")


@dataclass(frozen=True)
class Frame:
    """A frame as the page receives it."""

    generation: int
    number: int
    reward: float
    episode_return: float
    masks: tuple[int, ...]
    variables: tuple[float, ...]
    num_sound_bytes: int
    picture: np.ndarray


def parse(message: bytes) -> Frame:
    kind, players, variables, generation, number, width, height, reward, total, sound = HEAD.unpack_from(message)
    assert kind == 1
    at = HEAD.size
    masks = struct.unpack_from(f"<{players}I", message, at)
    values = struct.unpack_from(f"<{variables}d", message, at + 4 * players)
    rgb = zlib.decompress(message[at + 4 * players + 8 * variables + sound :])
    picture = np.frombuffer(rgb, np.uint8).reshape(height, width, 3)
    return Frame(generation, number, reward, total, masks, values, sound, picture)


class Visitor:
    """Holds the cookie of a first visit."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = parts.netloc
        self.token_query = parts.query
        _, headers, _ = self.get(f"{parts.path}?{parts.query}", cookie=False)
        self.cookie = headers["set-cookie"].split(";")[0]

    def get(self, path: str, method: str = "GET", cookie: bool = True, **headers: str) -> tuple[int, Any, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            more = {"Cookie": self.cookie} if cookie else {}
            connection.request(method, path, headers=more | {name.title(): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        status, _, content = self.get(path)
        assert status == 200, content
        return json.loads(content)

    def scanned(self) -> dict[str, Any]:
        """Wait for the end of the search for movies."""
        while (progress := self.json("/scan.json?wait"))["is_running"]:
            pass
        return progress

    def movie(self, name: str) -> dict[str, Any]:
        """The movie whose file has this name."""
        self.scanned()
        [found] = [m for m in self.json("/movies.json?limit=200")["movies"] if m["name"].endswith(name)]
        return found

    @contextmanager
    def playing(self, number: int, origin: str | None = None, frame: int = 0) -> Iterator[Playing]:
        with connect(
            f"ws://{self.address}/movies/{number}/play?frame={frame}",
            additional_headers={"Cookie": self.cookie},
            origin=origin or f"http://{self.address}",
            compression=None,
        ) as socket:
            yield Playing(socket)


class Playing:
    """A movie that is open."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.told: dict[str, dict[str, Any]] = {}
        """The last of each kind of message."""

    def ask(self, do: str, **more: Any) -> None:
        self.socket.send(json.dumps({"do": do, **more}))

    def frame(self) -> Frame:
        """The next frame, drawn at once."""
        while True:
            message = self.socket.recv(60)
            if isinstance(message, bytes):
                self.ask("drawn")
                return parse(message)
            said = json.loads(message)
            self.told[said["is"]] = said
            assert said["is"] != "failed", said

    def until(self, kind: str) -> dict[str, Any]:
        """Wait for a message that tells something."""
        while True:
            message = self.socket.recv(60)
            if isinstance(message, bytes):
                self.ask("drawn")
                continue
            said = json.loads(message)
            self.told[said["is"]] = said
            if said["is"] == kind:
                return said
