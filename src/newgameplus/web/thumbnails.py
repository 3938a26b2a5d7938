"""Small pictures of movies, made one at a time in a player process when a page wants them, and kept in the library."""

from __future__ import annotations

import asyncio

from newgameplus.web.library import Library, Movie
from newgameplus.web.players import Player


class Thumbnails:
    """Makes thumbnails.

    Args:
        library: where they are kept.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._player: Player | None = None
        self._lock = asyncio.Lock()

    async def of(self, movie: Movie) -> bytes:
        """Return a movie's thumbnail, a PNG file; empty if it cannot be played."""
        kept = await asyncio.to_thread(self._library.thumbnail, movie)
        if kept is not None:
            return kept
        async with self._lock:
            if self._player is None or not self._player.is_alive:
                self.close()
                self._player = await Player.start()
            self._player.send("thumbnail", movie.path)
            try:
                made = await self._player.receive()
            except asyncio.CancelledError:
                self.close()  # its answer would be taken for that to the next question
                raise
        if isinstance(made, str):
            return b""
        content = made or b""  # a movie that ends the process is not tried again
        await asyncio.to_thread(self._library.keep_thumbnail, movie, content)
        return content

    def close(self) -> None:
        """End the process."""
        if self._player is not None:
            self._player.kill()
            self._player = None
