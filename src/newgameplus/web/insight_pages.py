"""What the agent saw in a movie: the WebSocket of the panel in the player, and all steps as JSON."""

from __future__ import annotations

import asyncio
import json

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from newgameplus.errors import UsageError
from newgameplus.web.insight import OpenInsight, make_json, open_scene
from newgameplus.web.relay import refuse, serve_player
from newgameplus.web.site import GONE, Site
from newgameplus.web.view import whole_number


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of what agents saw; none if nobody can look into them."""
    if site.open_insight is None:
        return []
    pages = _InsightPages(site, site.open_insight)
    return [
        Route("/movies/{number:number}/insight.json", pages.json),
        WebSocketRoute("/movies/{number:number}/insight", pages.show),
    ]


class _InsightPages:
    def __init__(self, site: Site, open_insight: OpenInsight) -> None:
        self._site, self._open_insight = site, open_insight

    async def json(self, request: Request) -> Response:
        """What the agent computed in each step of a movie, as JSON."""
        movie = await asyncio.to_thread(self._site.movie, request)
        weights = whole_number(request.query_params, "weights")
        try:
            made = await self._site.players.make(make_json, self._open_insight, movie.path, weights)
        except UsageError as error:
            raise HTTPException(503, str(error)) from error
        if isinstance(made, bytes) or (failed := json.loads(made)).get("is") != "failed":
            return Response(made, media_type="application/json")
        raise HTTPException(409, failed["reason"])

    async def show(self, websocket: WebSocket) -> None:
        """Show a movie as its agent saw it, in a player process."""
        movie = await asyncio.to_thread(self._site.library.movie, websocket.path_params["number"])
        await websocket.accept()
        if movie is None:
            await refuse(websocket, GONE)
            return
        weights = whole_number(websocket.query_params, "weights")
        await serve_player(websocket, self._site.players, open_scene, self._open_insight, movie.path, weights)
