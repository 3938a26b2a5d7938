"""One movie: its page with the player, the same as JSON, its small picture, and the WebSocket to play it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from newgameplus.web.files import followed
from newgameplus.web.library import Movie
from newgameplus.web.pages import render
from newgameplus.web.playing import open_movie
from newgameplus.web.relay import refuse, serve_player
from newgameplus.web.site import GONE, Site
from newgameplus.web.view import View, frame_of, read_view


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of movies."""
    pages = _MoviePages(site)
    return [
        Route("/movies/{number:number}", pages.page),
        Route("/movies/{number:number}.json", pages.json),
        Route("/movies/{number:number}/thumbnail.png", pages.thumbnail),
        WebSocketRoute("/movies/{number:number}/play", pages.play),
    ]


def described(movie: Movie) -> dict[str, Any]:
    """A movie of the library for JSON."""
    links = {"page": f"/movies/{movie.id}", "thumbnail": f"/movies/{movie.id}/thumbnail.png"}
    return asdict(movie) | {"fault": movie.fault} | links


class _MoviePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:
        """The player of one movie."""
        movie, view = self._site.movie(request), read_view(request.query_params)
        following, previous = self._neighbours(movie, view)
        frame = frame_of(request.query_params)
        is_autoplay = "autoplay" in request.query_params
        return HTMLResponse(
            render("movie.html.j2", movie=movie, view=view, following=following, previous=previous, frame=frame,
                   is_autoplay=is_autoplay, has_insight=self._site.open_insight is not None)
        )  # fmt: skip

    def json(self, request: Request) -> Response:
        """What the library knows of one movie, as JSON."""
        movie, view = self._site.movie(request), read_view(request.query_params)
        following, previous = self._neighbours(movie, view)
        links = {
            "next": None if following is None else view.link(f"/movies/{following.id}.json"),
            "previous": None if previous is None else view.link(f"/movies/{previous.id}.json"),
        }
        return JSONResponse(described(movie) | links)

    async def thumbnail(self, request: Request) -> Response:
        """A small picture of a movie; nothing if there is none."""
        movie = await asyncio.to_thread(self._site.movie, request)
        content = b"" if movie.fault else await self._site.thumbnails.of(movie)
        headers = {"Cache-Control": "private, max-age=600"}
        return Response(content, 200 if content else 204, headers, "image/png" if content else None)

    async def play(self, websocket: WebSocket) -> None:
        """Play a movie in a player process."""
        movie = await asyncio.to_thread(self._site.library.movie, websocket.path_params["number"])
        await websocket.accept()
        if movie is None:
            await refuse(websocket, GONE)
            return
        frame = frame_of(websocket.query_params)
        async with followed(websocket, [movie]):
            await serve_player(websocket, self._site.players, open_movie, movie.path, frame)

    def _neighbours(self, movie: Movie, view: View) -> tuple[Movie | None, Movie | None]:
        """The movies after and before one in a view."""
        after = self._site.library.page(view, after=movie.id, limit=1)
        before = self._site.library.page(view, before=movie.id, limit=1)
        return next(iter(after), None), next(iter(before), None)
