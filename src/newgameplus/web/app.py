"""The application: pages of the library and of movies, the same as JSON, and a WebSocket to play each movie."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from newgameplus.errors import UsageError
from newgameplus.web.guard import Address, Guard
from newgameplus.web.library import MAX_PAGE_ROWS, PAGE_ROWS, Library, Movie
from newgameplus.web.messages import MAX_FRAME, MAX_REQUEST_BYTES, told
from newgameplus.web.pages import render
from newgameplus.web.players import Player, Players
from newgameplus.web.scan import Scanner
from newgameplus.web.thumbnails import Thumbnails
from newgameplus.web.view import View, read_view, whole_number

_WAIT_SECONDS = 10.0
_STATIC = Path(__file__).parent / "static"


def make_app(library: Library, scanner: Scanner, address: Address, began: Callable[[], None]) -> ASGIApp:
    """Return the application, with its guard.

    Args:
        library: the movies.
        scanner: looks for them; it is started with the application.
        address: where the application is served.
        began: called when it can answer.
    """
    site = _Site(library, scanner)
    application = Starlette(
        routes=[
            Route("/", site.library_page),
            Route("/movies.json", site.library_json),
            Route("/movies/{number:int}", site.movie_page),
            Route("/movies/{number:int}.json", site.movie_json),
            Route("/movies/{number:int}/thumbnail.png", site.thumbnail),
            WebSocketRoute("/movies/{number:int}/play", site.play),
            Route("/scan.json", site.scan_json),
            Route("/scan", site.scan_again, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        lifespan=lambda _: site.open(began),
        exception_handlers={HTTPException: _error_page},
    )
    return Guard(application, address)


class _Site:
    """What the pages need."""

    def __init__(self, library: Library, scanner: Scanner) -> None:
        self._library, self._scanner = library, scanner
        self._players, self._thumbnails = Players(), Thumbnails(library)

    @contextlib.asynccontextmanager
    async def open(self, began: Callable[[], None]) -> AsyncIterator[None]:
        """Start and end what the pages need."""
        self._scanner.start()
        await self._players.warm_up()
        await asyncio.to_thread(began)
        try:
            yield
        finally:
            self._players.close()
            self._thumbnails.close()

    def library_page(self, request: Request) -> Response:
        """Movies of the library, a page of them."""
        shown = self._shown(request)
        return HTMLResponse(render("library.html.j2", **shown, facets=self._library.facets()))

    def library_json(self, request: Request) -> Response:
        """The same as JSON."""
        shown = self._shown(request)
        view: View = shown["view"]
        answer = {
            "movies": [_described(movie) for movie in shown["movies"]],
            "count": shown["count"],
            "view": asdict(view),
            "next": None if shown["after"] is None else view.link("/movies.json", after=shown["after"]),
            "previous": None if shown["before"] is None else view.link("/movies.json", before=shown["before"]),
            "scan": asdict(shown["progress"]),
        }
        if not shown["cursors"]:
            answer["facets"] = self._library.facets()
        return JSONResponse(answer)

    def movie_page(self, request: Request) -> Response:
        """The player of one movie."""
        movie, view = self._movie(request), read_view(request.query_params)
        following, previous = self._neighbours(movie, view)
        frame = min(whole_number(request.query_params, "frame") or 0, MAX_FRAME)
        is_autoplay = "autoplay" in request.query_params
        return HTMLResponse(
            render("movie.html.j2", movie=movie, view=view, following=following, previous=previous, frame=frame,
                   is_autoplay=is_autoplay)
        )  # fmt: skip

    def movie_json(self, request: Request) -> Response:
        """What the library knows of one movie, as JSON."""
        movie, view = self._movie(request), read_view(request.query_params)
        following, previous = self._neighbours(movie, view)
        links = {
            "next": None if following is None else view.link(f"/movies/{following.id}.json"),
            "previous": None if previous is None else view.link(f"/movies/{previous.id}.json"),
        }
        return JSONResponse(_described(movie) | links)

    async def thumbnail(self, request: Request) -> Response:
        """A small picture of a movie; nothing if there is none."""
        movie = await asyncio.to_thread(self._movie, request)
        content = b"" if movie.fault else await self._thumbnails.of(movie)
        headers = {"Cache-Control": "private, max-age=600"}
        return Response(content, 200 if content else 204, headers, "image/png" if content else None)

    def scan_json(self, request: Request) -> Response:
        """How far the search for movies has come; with ``wait``, once it has ended, or after some seconds."""
        if "wait" in request.query_params:
            self._scanner.wait(_WAIT_SECONDS)
        return JSONResponse(asdict(self._scanner.progress) | {"count": self._library.count(View())})

    def scan_again(self, request: Request) -> Response:
        """Search for movies again."""
        self._scanner.start()
        return RedirectResponse(read_view(request.query_params).link("/"), 303)

    async def play(self, websocket: WebSocket) -> None:
        """Play a movie: pass on what page and player process tell each other."""
        movie = await asyncio.to_thread(self._library.movie, websocket.path_params["number"])
        await websocket.accept()
        try:
            if movie is None:
                raise UsageError("This movie is no longer in the library; go back to the library.")
            player = await self._players.take()
        except UsageError as error:
            await websocket.send_text(told("failed", reason=str(error)))
            await websocket.close()
            return
        try:
            frame = whole_number(websocket.query_params, "frame") or 0
            player.send("open", movie.path, min(frame, MAX_FRAME))
            await _relay(websocket, player)
        finally:
            await self._players.give_back(player)

    def _movie(self, request: Request) -> Movie:
        movie = self._library.movie(request.path_params["number"])
        if movie is None:
            raise HTTPException(404, "There is no such movie in the library; it may have been deleted or renamed.")
        return movie

    def _neighbours(self, movie: Movie, view: View) -> tuple[Movie | None, Movie | None]:
        """The movies after and before one in a view."""
        after = self._library.page(view, after=movie.id, limit=1)
        before = self._library.page(view, before=movie.id, limit=1)
        return next(iter(after), None), next(iter(before), None)

    def _shown(self, request: Request) -> dict[str, Any]:
        """A page of the library: its movies, and the cursors of the pages around it."""
        asked = request.query_params
        view = read_view(asked)
        after, before = whole_number(asked, "after"), whole_number(asked, "before")
        limit = min(max(1, whole_number(asked, "limit") or PAGE_ROWS), MAX_PAGE_ROWS)
        movies = self._library.page(view, after=after, before=before, limit=limit)
        has_more = has_less = False
        if movies:
            has_more = bool(self._library.page(view, after=movies[-1].id, limit=1))
            has_less = bool(self._library.page(view, before=movies[0].id, limit=1))
        return {
            "view": view,
            "movies": movies,
            "count": self._library.count(view),
            "total": self._library.count(View()),
            "after": movies[-1].id if has_more else None,
            "before": movies[0].id if has_less else None,
            "cursors": (after, before) if after is not None or before is not None else (),
            "progress": self._scanner.progress,
            "places": self._library.places,
        }


async def _relay(websocket: WebSocket, player: Player) -> None:
    """Pass messages on until the page leaves or the process ends."""
    tasks = [asyncio.create_task(_from_page(websocket, player)), asyncio.create_task(_to_page(websocket, player))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _from_page(websocket: WebSocket, player: Player) -> None:
    while (message := await websocket.receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text is not None and len(text) <= MAX_REQUEST_BYTES:
            player.send("ask", text)


async def _to_page(websocket: WebSocket, player: Player) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while (message := await player.receive()) is not None:
            if isinstance(message, bytes):
                await websocket.send_bytes(message)
            else:
                await websocket.send_text(message)
        await websocket.send_text(told("failed", reason=await asyncio.to_thread(player.why)))
        await websocket.close()


def _described(movie: Movie) -> dict[str, Any]:
    links = {"page": f"/movies/{movie.id}", "thumbnail": f"/movies/{movie.id}/thumbnail.png"}
    return asdict(movie) | {"fault": movie.fault} | links


def _error_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": error.detail}, error.status_code)
    return HTMLResponse(render("error.html.j2", reason=error.detail), error.status_code)
