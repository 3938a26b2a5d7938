"""The library: pages of movies, the same as JSON, and the search for them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from newgameplus.web.library import MAX_PAGE_ROWS, PAGE_ROWS
from newgameplus.web.movie_pages import described
from newgameplus.web.pages import render
from newgameplus.web.site import Site
from newgameplus.web.view import View, read_view, whole_number

_WAIT_SECONDS = 10.0


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of the library."""
    pages = _LibraryPages(site)
    return [
        Route("/", pages.page),
        Route("/movies.json", pages.json),
        Route("/scan.json", pages.scan_json),
        Route("/scan", pages.scan_again, methods=["POST"]),
    ]


class _LibraryPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:
        """Movies of the library, a page of them."""
        shown = self._shown(request)
        return HTMLResponse(render("library.html.j2", **shown, facets=self._site.library.facets()))

    def json(self, request: Request) -> Response:
        """The same as JSON."""
        shown = self._shown(request)
        view: View = shown["view"]
        answer = {
            "movies": [described(movie) for movie in shown["movies"]],
            "count": shown["count"],
            "view": asdict(view),
            "next": None if shown["after"] is None else view.link("/movies.json", after=shown["after"]),
            "previous": None if shown["before"] is None else view.link("/movies.json", before=shown["before"]),
            "scan": asdict(shown["progress"]),
        }
        if not shown["cursors"]:
            answer["facets"] = self._site.library.facets()
        return JSONResponse(answer)

    def scan_json(self, request: Request) -> Response:
        """How far the search for movies has come; with ``wait``, once it has ended, or after some seconds."""
        if "wait" in request.query_params:
            self._site.scanner.wait(_WAIT_SECONDS)
        return JSONResponse(asdict(self._site.scanner.progress) | {"count": self._site.library.count(View())})

    def scan_again(self, request: Request) -> Response:
        """Search for movies again."""
        self._site.scanner.start()
        return RedirectResponse(read_view(request.query_params).link("/"), 303)

    def _shown(self, request: Request) -> dict[str, Any]:
        """A page of the library: its movies, and the cursors of the pages around it."""
        asked = request.query_params
        view = read_view(asked)
        after, before = whole_number(asked, "after"), whole_number(asked, "before")
        limit = min(max(1, whole_number(asked, "limit") or PAGE_ROWS), MAX_PAGE_ROWS)
        movies = self._site.library.page(view, after=after, before=before, limit=limit)
        has_more = has_less = False
        if movies:
            has_more = bool(self._site.library.page(view, after=movies[-1].id, limit=1))
            has_less = bool(self._site.library.page(view, before=movies[0].id, limit=1))
        return {
            "view": view,
            "movies": movies,
            "count": self._site.library.count(view),
            "total": self._site.library.count(View()),
            "after": movies[-1].id if has_more else None,
            "before": movies[0].id if has_less else None,
            "cursors": (after, before) if after is not None or before is not None else (),
            "progress": self._site.scanner.progress,
            "places": self._site.library.places,
        }
