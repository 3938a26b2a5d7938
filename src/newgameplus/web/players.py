"""The pool of player processes. A core that dies ends its process; the server and the other movies go on."""

from __future__ import annotations

import asyncio
import multiprocessing
import select
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from newgameplus.errors import UsageError
from newgameplus.executor.interrupts import sheltered
from newgameplus.executor.local import ending
from newgameplus.web import player_process
from newgameplus.web.messages import told

MAX_PLAYERS = 8
"""Movies that can be open at a time, in all pages together."""
MAX_IDLE = 2
"""Processes that are kept for the next movie."""
CLOSE_SECONDS = 5.0
"""A process that has not closed its movie by then is killed."""


class Player:
    """One player process, as seen by the server; made in the thread of the event loop."""

    def __init__(self, connection: Connection[Any, Any], process: SpawnProcess) -> None:
        self._connection, self._process = connection, process
        self._said: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(connection.fileno(), self._read)
        self.is_alive = True

    @classmethod
    async def start(cls) -> Player:
        """Spawn a process."""
        return cls(*await asyncio.to_thread(_spawn))

    def send(self, *message: Any) -> None:
        """Send a message; to a process that has ended, or no longer listens, it is lost."""
        if not self.is_alive:
            return
        if not select.select([], [self._connection], [], 0)[1]:
            self._end()
            return
        try:
            self._connection.send(message)
        except OSError:
            self._end()

    async def receive(self) -> str | bytes | None:
        """Return the next message; None once the process has ended."""
        return await self._said.get()

    def why(self) -> str:
        """Why the process has ended, as a sentence."""
        self._process.join(CLOSE_SECONDS)
        return f"The process that played this movie {ending(self._process)}; reload the page to begin again."

    async def close_movie(self) -> bool:
        """Close the movie; return whether the process can play another one."""
        self.send("close")
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while (message := await self.receive()) is not None:
                    if message == told("closed"):
                        return True
        except TimeoutError:
            pass
        return False

    def kill(self) -> None:
        """End the process."""
        self._end()
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _read(self) -> None:
        try:
            while self._connection.poll():
                self._said.put_nowait(self._connection.recv())
        except (EOFError, OSError):
            self._end()

    def _end(self) -> None:
        if self.is_alive:
            self.is_alive = False
            self._loop.remove_reader(self._connection.fileno())
            self._said.put_nowait(None)


class Players:
    """The pool."""

    def __init__(self) -> None:
        self._idle: list[Player] = []
        self._busy: set[Player] = set()
        self._num_taken = 0

    async def take(self) -> Player:
        """Return a process for a movie.

        Raises:
            UsageError: as many movies are open as can be.
        """
        if self._num_taken >= MAX_PLAYERS:
            raise UsageError(
                f"{MAX_PLAYERS} movies are open already, in all pages together; close one of them and reload this one."
            )
        self._num_taken += 1
        try:
            player = self._idle.pop() if self._idle else await Player.start()
        except BaseException:
            self._num_taken -= 1
            raise
        self._busy.add(player)
        return player

    async def give_back(self, player: Player) -> None:
        """Close the movie of a process and keep it for another one, or end it."""
        try:
            can_go_on = player.is_alive and await player.close_movie()
        finally:
            self._num_taken -= 1
            self._busy.discard(player)
        if can_go_on and len(self._idle) < MAX_IDLE:
            self._idle.append(player)
        else:
            player.kill()

    async def make(self, function: Callable[..., bytes | str], *arguments: Any) -> bytes | str:
        """Call a function in a process; return what it returns, or a message ``failed``.

        Raises:
            UsageError: as many movies are open as can be.
        """
        player = await self.take()
        try:
            player.send("make", function, *arguments)
            made = await player.receive()
            return made if made is not None else told("failed", reason=await asyncio.to_thread(player.why))
        finally:
            await self.give_back(player)

    async def warm_up(self) -> None:
        """Have a process ready for the first movie."""
        if not self._idle:
            self._idle.append(await Player.start())

    def close(self) -> None:
        """End all processes."""
        for player in (*self._idle, *self._busy):
            player.kill()
        self._idle.clear()
        self._busy.clear()


class Maker:
    """Has things made one at a time, in a process of its own that is begun with the first."""

    def __init__(self) -> None:
        self.ending = ""
        """Why the process ended that ended last, as a sentence."""
        self._player: Player | None = None
        self._lock = asyncio.Lock()

    async def make(self, function: Callable[..., bytes | str], *arguments: Any) -> bytes | str | None:
        """Call a function in the process; return what it returns, a message ``failed``, or None if the process ends."""
        async with self._lock:
            if self._player is None or not self._player.is_alive:
                self.close()
                self._player = await Player.start()
            self._player.send("make", function, *arguments)
            try:
                made = await self._player.receive()
            except asyncio.CancelledError:
                self.close()  # its answer would be taken for that to the next question
                raise
            if made is None:
                self.ending = await asyncio.to_thread(self._player.why)
            return made

    def close(self) -> None:
        """End the process."""
        if self._player is not None:
            self._player.kill()
            self._player = None


def _spawn() -> tuple[Connection[Any, Any], SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=player_process.run, args=(theirs,), daemon=True, name="player")
    with sheltered():
        process.start()
    theirs.close()
    return ours, process
