"""Runs while they go on: a list of them, a page for each, the same as JSON, and the WebSocket with what its rows do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from newgameplus.results.live import MAX_PICTURES
from newgameplus.web.live_feed import Feed
from newgameplus.web.live_runs import LiveRun
from newgameplus.web.pages import render
from newgameplus.web.relay import refuse
from newgameplus.web.site import Site

LOOK_SECONDS = 0.05
"""Time between two looks whether a run shows something new."""
NUM_THREADS = 2
"""Threads that read and compress what runs show."""
POLITENESS = 19
"""Nice value of these threads, so that a run on the same machine comes first."""


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of runs."""
    pages = _LivePages(site)
    return [
        Route("/live", pages.list_page),
        Route("/live.json", pages.list_json),
        Route("/live/{number:number}", pages.page),
        Route("/live/{number:number}.json", pages.json),
        Route("/live/{number:number}/movies/{part:number}/{episode:number}", pages.movie),
        WebSocketRoute("/live/{number:number}/rows", pages.rows),
    ]


class _LivePages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._threads = ThreadPoolExecutor(NUM_THREADS, "live", initializer=_give_way)

    def list_page(self, request: Request) -> Response:
        """All runs, those that go on first."""
        return HTMLResponse(render("live_list.html.j2", runs=self._summaries(), places=self._site.library.places))

    def list_json(self, request: Request) -> Response:
        """The same as JSON."""
        return JSONResponse({"runs": self._summaries()})

    def page(self, request: Request) -> Response:
        """One run."""
        return HTMLResponse(render("live.html.j2", run=self._run(request).summary(), max_pictures=MAX_PICTURES))

    def json(self, request: Request) -> Response:
        """The same as JSON, without the curves if nothing has come to those of ``version``."""
        return JSONResponse(self._run(request).status(request.query_params.get("version", "")))

    def movie(self, request: Request) -> Response:
        """Lead to the movie of an episode, after a search for new movies if the library does not know it yet."""
        path = self._run(request).movie(request.path_params["part"], request.path_params["episode"])
        if path is None:
            raise HTTPException(404, "No movie was recorded of this episode, or it has been deleted.")
        movie = self._site.library.movie_at(path) or self._site.scanned(path)
        if movie is None:
            raise HTTPException(404, "The movie of this episode is not in the library: watch the folder that holds it.")
        return RedirectResponse(f"/movies/{movie.id}", 303)

    async def rows(self, websocket: WebSocket) -> None:
        """Send what the rows do, a message once the page has drawn the one before."""
        run = await asyncio.to_thread(self._site.runs.run, websocket.path_params["number"])
        await websocket.accept()
        if run is None:
            await refuse(websocket, "There is no such run; go back to the list of runs.")
            return
        feed, drawn = Feed(run), asyncio.Event()
        leaving = asyncio.create_task(_until_it_leaves(websocket, drawn))
        try:
            while not leaving.done():
                message = await asyncio.get_running_loop().run_in_executor(self._threads, feed.next)
                if message is None:
                    await asyncio.wait([leaving], timeout=LOOK_SECONDS)
                    continue
                drawn.clear()
                await (websocket.send_text(message) if isinstance(message, str) else websocket.send_bytes(message))
                waiting = asyncio.create_task(drawn.wait())
                await asyncio.wait([leaving, waiting], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page has left while something was sent
        finally:
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect):
                await leaving

    def _run(self, request: Request) -> LiveRun:
        run = self._site.runs.run(request.path_params["number"])
        if run is None:
            raise HTTPException(404, "There is no such run; it may have been deleted or renamed.")
        return run

    def _summaries(self) -> list[dict[str, Any]]:
        summaries = [run.summary() for run in self._site.runs.all()]
        return sorted(summaries, key=lambda run: run["state"] != "running")


def _give_way() -> None:
    """Let this thread run when others do not; only on Linux threads have priorities of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), POLITENESS)


async def _until_it_leaves(websocket: WebSocket, drawn: asyncio.Event) -> None:
    while (await websocket.receive())["type"] == "websocket.receive":
        drawn.set()
