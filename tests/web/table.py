"""A real server of ``ngp play --web`` for tests."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from websockets.sync.client import connect

from .visitor import Playing, Visitor


class Table:
    """A running ``ngp play --web``."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "newgameplus", "play", "--web", "--no-browser", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.line().removeprefix("Play at ")
        self.visitor = Visitor(self.url)

    def line(self) -> str:
        """The next line that it prints, one for each movie that is kept."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    @contextmanager
    def playing(self, query: str = "") -> Iterator[Playing]:
        """Play as a page does."""
        address, headers = self.visitor.address, {"Cookie": self.visitor.cookie}
        url, origin = f"ws://{address}/play/socket{query}", f"http://{address}"
        with connect(url, additional_headers=headers, origin=origin, compression=None) as socket:
            yield Playing(socket)

    def post_keys(self, **more: object) -> tuple[int, dict[str, Any]]:
        """Ask for a change of keys; return status and answer."""
        headers = {"Cookie": self.visitor.cookie, "Origin": f"http://{self.visitor.address}"}
        with closing(http.client.HTTPConnection(self.visitor.address, timeout=60)) as connection:
            connection.request("POST", "/keys.json", json.dumps({"console": "Genesis"} | more), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def end(self) -> str:
        """End it; return what it still prints."""
        self.process.terminate()
        return self.process.communicate(timeout=30)[0]
