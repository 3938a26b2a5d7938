"""Maps in the making: movies of a level are played one after another in a player process, and what they tell is kept.

What is known of a movie is kept beside the library, so that a map is made again without playing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from newgameplus.web.library import Library, Movie
from newgameplus.web.players import Maker
from newgameplus.web.surveys import (
    MapPicture,
    MovieWay,
    make_drawn_picture,
    make_stitched_picture,
    make_survey,
    read_picture,
    read_survey,
)
from newgameplus.web.view import View

MAX_MOVIES = 500
"""Most movies of a map, the first ones of the view."""
MAX_STITCHED = 24
"""Most movies that a level is stitched from."""
MAX_MAPS = 6
"""Most maps that are held in memory; the one that was looked at least recently goes first."""


@dataclass(slots=True)
class LevelMap:
    """A map, as far as it has come."""

    movies: list[Movie]
    ways: dict[int, MovieWay] = field(default_factory=dict)
    """By number of the movie, in the order in which they were played."""
    failures: dict[int, str] = field(default_factory=dict)
    """Why a movie could not be played."""
    picture: MapPicture | None = None
    picture_failure: str | None = None
    """Why there is no picture of the level."""
    version: int = 0
    """Number of changes."""
    task: asyncio.Task[None] | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def is_running(self) -> bool:
        """Whether movies are still being played."""
        return self.task is not None and not self.task.done()

    async def tell(self) -> None:
        """Wake those who wait for news."""
        async with self.changed:
            self.version += 1
            self.changed.notify_all()

    async def wait(self, known: int, seconds: float) -> None:
        """Wait until there is something newer than version ``known``, or the map is whole; not longer than a time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: self.version > known or not self.is_running)


class Maps:
    """All maps, made one at a time.

    Args:
        library: the movies; what is known of them is kept in its file.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._maps: OrderedDict[tuple[str, ...], LevelMap] = OrderedDict()
        self._maker = Maker()

    async def of(self, view: View, *, is_anew: bool = False) -> LevelMap:
        """Return the map of a view; what it does not hold yet is being made from now on.

        Args:
            view: filter and order.
            is_anew: whether a map that lacks movies or the picture, as a process died, is made again.
        """
        movies = await asyncio.to_thread(self._library.page, view, limit=MAX_MOVIES)
        movies = [movie for movie in movies if movie.fault is None]
        key = tuple(f"{movie.path}\0{movie.modified_ns}" for movie in sorted(movies, key=lambda movie: movie.path))
        known = self._maps.get(key)
        lacks = known is not None and not known.is_running and (known.failures or known.picture_failure)
        if known is None or (is_anew and lacks):
            self._maps[key] = made = LevelMap(movies)
            made.task = asyncio.create_task(self._make(made))
        self._maps.move_to_end(key)
        while len(self._maps) > MAX_MAPS:
            _, oldest = self._maps.popitem(last=False)
            if oldest.task is not None:
                oldest.task.cancel()
        return self._maps[key]

    def close(self) -> None:
        """End what is being made."""
        for each in self._maps.values():
            if each.task is not None:
                each.task.cancel()
        self._maker.close()

    async def _make(self, made: LevelMap) -> None:
        try:
            contents: list[bytes] = []
            for movie in made.movies:
                content = await self._survey(made, movie)
                if content is not None:
                    contents.append(content)
                    made.ways[movie.id] = await asyncio.to_thread(read_survey, content)
                    await self._draw(made, contents, is_last=False)
                await made.tell()
            await self._draw(made, contents, is_last=True)
        finally:
            made.task = None
            await made.tell()

    async def _survey(self, made: LevelMap, movie: Movie) -> bytes | None:
        """What a movie tells, from the last time or by playing it; None if it cannot be played."""
        kept = await asyncio.to_thread(self._library.survey, movie)
        if kept is not None:
            return kept
        content = await self._ask(make_survey, movie.path)
        if isinstance(content, str):
            made.failures[movie.id] = content
            return None
        await asyncio.to_thread(self._library.keep_survey, movie, content)
        return content

    async def _draw(self, made: LevelMap, contents: list[bytes], *, is_last: bool) -> None:
        """Make or improve the picture of the level: once from data; from frames when twice as much is known."""
        if not contents:
            return
        way = next(iter(made.ways.values()))
        count = min(len(contents), MAX_STITCHED)
        if way.index is not None:
            if made.picture is None and made.picture_failure is None:
                self._take(made, await self._ask(make_drawn_picture, way.game, way.index))
        elif (count & (count - 1) == 0) != is_last:
            self._take(made, await self._ask(make_stitched_picture, contents[:MAX_STITCHED]))

    def _take(self, made: LevelMap, content: bytes | str) -> None:
        if isinstance(content, str):
            made.picture_failure = content
        else:
            made.picture, made.picture_failure = read_picture(content), None

    async def _ask(self, function: Any, *arguments: Any) -> bytes | str:
        """Have something made in the process; return it, or why that was not possible, as a sentence."""
        made = await self._maker.make(function, *arguments)
        if made is None:
            return self._maker.ending
        return str(json.loads(made)["reason"]) if isinstance(made, str) else made
