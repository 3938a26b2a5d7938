"""The application: all pages behind the guard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from newgameplus.web import (
    grid_pages,
    insight_pages,
    library_pages,
    live_pages,
    map_pages,
    movie_pages,
    play_pages,
    return_pages,
)
from newgameplus.web.guard import Address, Guard
from newgameplus.web.pages import render
from newgameplus.web.site import Site

_STATIC = Path(__file__).parent / "static"


def make_app(site: Site, address: Address, began: Callable[[], None]) -> ASGIApp:
    """Return the application, with its guard.

    Args:
        site: what the pages need.
        address: where the application is served.
        began: called when it can answer.
    """
    application = Starlette(
        routes=[
            *library_pages.routes(site),
            *movie_pages.routes(site),
            *grid_pages.routes(site),
            *map_pages.routes(site),
            *insight_pages.routes(site),
            *return_pages.routes(site),
            *play_pages.routes(site),
            *live_pages.routes(site),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        lifespan=lambda _: site.open(began),
        exception_handlers={HTTPException: _error_page},
    )
    return Guard(application, address)


def _error_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": error.detail}, error.status_code)
    return HTMLResponse(render("error.html.j2", reason=error.detail), error.status_code)
