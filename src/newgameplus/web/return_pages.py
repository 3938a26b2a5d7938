"""Returns of each run on each level, with a link to every episode, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from newgameplus.web.pages import render
from newgameplus.web.returns import Episode, LevelReturns, returns_of
from newgameplus.web.site import Site
from newgameplus.web.view import View, read_view

MAX_ROWS = 200
"""Most rows of the page; JSON has all."""


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of the returns."""
    pages = _ReturnPages(site)
    return [Route("/returns", pages.page), Route("/returns.json", pages.json)]


class _ReturnPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:
        """A row for each run and level."""
        view = read_view(request.query_params)
        rows = returns_of(self._site.library, view)
        facets = self._site.library.facets()
        return HTMLResponse(
            render("returns.html.j2", view=view, rows=rows[:MAX_ROWS], num_rows=len(rows), facets=facets)
        )

    def json(self, request: Request) -> Response:
        """The same as JSON."""
        view = read_view(request.query_params)
        return JSONResponse({"rows": [_described(row) for row in returns_of(self._site.library, view)]})


def _described(row: LevelReturns) -> dict[str, Any]:
    return {
        "run": row.run,
        "level": row.level,
        "agent": row.agent,
        "seeds": row.seeds,
        "mean_return": row.mean_return,
        "best": _linked(row.best, row.view),
        "worst": _linked(row.worst, row.view),
        "episodes": [asdict(episode) for episode in row.episodes],
    }


def _linked(episode: Episode, view: View) -> dict[str, Any]:
    return asdict(episode) | {"page": view.link(f"/movies/{episode.id}")}
