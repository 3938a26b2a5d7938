"""Small pictures of movies, made one at a time in a player process when a page wants them, and kept in the library."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path

from newgameplus.web.library import Library, Movie
from newgameplus.web.messages import told
from newgameplus.web.players import Maker

THUMBNAIL_FRAMES = 1800
"""Frame that a thumbnail shows, or the last one of a shorter movie: half a minute of playing."""
THUMBNAIL_WIDTH = 160
"""Width of a thumbnail in pixels."""


def make_thumbnail(path: str) -> bytes | str:
    """Return a small picture of a movie as a PNG file, or why there is none.

    Raises:
        NewGamePlusError: the movie cannot be played here.
    """
    import cv2

    from newgameplus.movies.playback import Playback

    with Playback(Path(path)) as playback:
        frame = min(THUMBNAIL_FRAMES, playback.movie.num_frames - 1)
        for _ in islice(playback.frames(), frame + 1):
            pass
        picture = playback.picture()
    height = max(1, round(picture.shape[0] * THUMBNAIL_WIDTH / picture.shape[1]))
    small = cv2.resize(picture, (THUMBNAIL_WIDTH, height), interpolation=cv2.INTER_AREA)
    is_done, content = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    return bytes(content) if is_done else told("failed", reason="The picture cannot be written as a PNG file.")


class Thumbnails:
    """Makes thumbnails.

    Args:
        library: where they are kept.
    """

    def __init__(self, library: Library) -> None:
        self._library, self._maker = library, Maker()

    async def of(self, movie: Movie) -> bytes:
        """Return a movie's thumbnail, a PNG file; empty if it cannot be played."""
        kept = await asyncio.to_thread(self._library.thumbnail, movie)
        if kept is not None:
            return kept
        made = await self._maker.make(make_thumbnail, movie.path)
        if isinstance(made, str):
            return b""
        content = made or b""  # a movie that ends the process is not tried again
        await asyncio.to_thread(self._library.keep_thumbnail, movie, content)
        return content

    def close(self) -> None:
        """End the process."""
        self._maker.close()
