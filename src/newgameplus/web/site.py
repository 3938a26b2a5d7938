"""What all pages stand on: the movies, who looks for them, and the processes that play them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request

from newgameplus.web.insight import OpenInsight
from newgameplus.web.library import Library, Movie
from newgameplus.web.live_runs import LiveRuns
from newgameplus.web.maps import Maps
from newgameplus.web.players import Players
from newgameplus.web.scan import Scanner
from newgameplus.web.seat import Seat
from newgameplus.web.thumbnails import Thumbnails

GONE = "There is no such movie in the library; it may have been deleted or renamed."


class Site:
    """What the pages need.

    Args:
        library: the movies.
        scanner: looks for them; it is started with the application.
        open_insight: looks into the agents of movies; None if nobody can.
        seat: who plays here.
    """

    def __init__(
        self,
        library: Library,
        scanner: Scanner,
        open_insight: OpenInsight | None = None,
        *,
        seat: Seat | None = None,
    ) -> None:
        self.library, self.scanner, self.open_insight, self.seat = library, scanner, open_insight, seat or Seat()
        self.players, self.thumbnails, self.maps = Players(), Thumbnails(library), Maps(library)
        self.runs = LiveRuns(library.places)

    @contextlib.asynccontextmanager
    async def open(self, began: Callable[[], None]) -> AsyncIterator[None]:
        """Start and end what the pages need; ``began`` is called when they can answer."""
        self.scanner.start()
        await self.players.warm_up()
        await asyncio.to_thread(began)
        try:
            yield
        finally:
            self.players.close()
            self.thumbnails.close()
            self.maps.close()

    def movie(self, request: Request) -> Movie:
        """The movie whose number is in the address.

        Raises:
            HTTPException: there is none.
        """
        return movie_of(self.library, request.path_params["number"])

    def scanned(self, path: Path) -> Movie | None:
        """Search for movies once more; return the one at ``path``, None if it was not found."""
        self.scanner.wait()  # a search that is running may have passed by
        self.scanner.start()
        self.scanner.wait()
        return self.library.movie_at(path)


def movie_of(library: Library, number: int | None) -> Movie:
    """Return the movie with a number.

    Raises:
        HTTPException: there is none.
    """
    movie = None if number is None else library.movie(number)
    if movie is None:
        raise HTTPException(404, GONE)
    return movie
