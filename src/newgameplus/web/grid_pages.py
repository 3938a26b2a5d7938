"""Movies side by side: chosen ones, the first of a view, or one level along a training run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from newgameplus.web.files import followed
from newgameplus.web.grid import MAX_CELLS, open_grid
from newgameplus.web.library import Library, Movie
from newgameplus.web.movie_pages import described
from newgameplus.web.pages import render
from newgameplus.web.relay import refuse, serve_player
from newgameplus.web.site import GONE, Site, movie_of
from newgameplus.web.view import View, frame_of, read_view, whole_number

SIZES = (4, 9, 16)
"""Numbers of cells that are offered."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The movies of a grid, and why these."""

    numbers: tuple[int, ...]
    """Numbers of the movies."""
    movies: tuple[Movie | None, ...]
    """None for those that are not in the library."""
    what: str
    """``chosen``, ``view`` or ``training``."""
    view: View
    training: int | None = None
    """The movie whose run and level are shown along the training."""
    size: int | None = None
    """Number of cells that was asked for; None for chosen movies."""
    num_all: int = 0
    """Number of movies that these were taken from."""


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of grids."""
    pages = _GridPages(site)
    return [
        Route("/grid", pages.page),
        Route("/grid.json", pages.json),
        WebSocketRoute("/grid/play", pages.play),
    ]


def choose(library: Library, asked: QueryParams) -> Chosen:
    """Return the movies that an address asks for.

    Raises:
        HTTPException: it asks for something else than movies, for too many, or for one that does not exist.
    """
    view = read_view(asked)
    if "movies" in asked:
        numbers = _numbers(asked)
        return Chosen(numbers, tuple(library.movie(number) for number in numbers), "chosen", view)
    size = min(max(1, whole_number(asked, "cells") or SIZES[1]), MAX_CELLS)
    if "training" in asked:
        movie = movie_of(library, whole_number(asked, "training"))
        trained = library.along_training(movie)
        found: Sequence[Movie] = spread(trained, size)
        return Chosen(_ids(found), tuple(found), "training", view, movie.id, size, len(trained))
    after, before = whole_number(asked, "after"), whole_number(asked, "before")
    found = library.page(view, after=after, before=before, limit=size)
    return Chosen(_ids(found), tuple(found), "view", view, None, size, library.count(view))


def spread(movies: Sequence[Movie], number: int) -> list[Movie]:
    """Return at most ``number`` of some movies, spread as evenly as may be over the steps of training.

    Args:
        movies: movies in the order of their steps, which all are known.
        number: most movies to return; the first and the last are among them.
    """
    if len(movies) <= number:
        return list(movies)
    steps = [movie.num_steps or 0 for movie in movies]
    chosen: list[int] = []
    for index in range(number):
        goal = steps[0] + (steps[-1] - steps[0]) * index / max(1, number - 1)
        open_ones = range(chosen[-1] + 1 if chosen else 0, len(movies) - (number - 1 - index))
        chosen.append(min(open_ones, key=lambda at: abs(steps[at] - goal)))
    return [movies[at] for at in chosen]


def labels(movies: Sequence[Movie | None]) -> list[tuple[str, str]]:
    """Return two lines for each movie: by what it differs from the others, and the rest of what is known of it."""
    known = [{} if movie is None else _known(movie) for movie in movies]
    first_names: list[str] = []
    for name in _NAMES:
        num_told_apart = len({_line(each, first_names) for each in known})
        if num_told_apart < len(known) and num_told_apart < len({_line(each, [*first_names, name]) for each in known}):
            first_names.append(name)
    first_names = first_names or ["level"]
    rest_names = [name for name in _NAMES if name not in first_names]
    return [(_line(each, first_names) or each.get("file", "Movie"), _line(each, rest_names)) for each in known]


def _line(known: dict[str, str], names: Sequence[str]) -> str:
    return " · ".join(known[name] for name in names if name in known)


_NAMES = ("steps", "level", "game", "agent", "run", "seed", "episode")
"""What a label says, in this order."""


def _known(movie: Movie) -> dict[str, str]:
    """What is known of a movie, each in words."""
    said = {
        "steps": None if movie.num_steps is None else f"after {movie.num_steps:,} steps",
        "level": None if movie.level is None else movie.level.partition("/")[2] or movie.level,
        "game": movie.game,
        "agent": movie.agent,
        "run": movie.run,
        "seed": None if movie.seed is None else f"seed {movie.seed}",
        "episode": None if movie.episode is None else f"episode {movie.episode}",
        "file": movie.name,
    }
    return {name: text for name, text in said.items() if text is not None}


class _GridPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:
        """The grid."""
        asked = request.query_params
        chosen = choose(self._site.library, asked)
        content = render(
            "grid.html.j2",
            chosen=chosen,
            labels=labels(chosen.movies),
            sizes=SIZES,
            links=self._links(chosen, "/grid"),
            frame=frame_of(asked),
            is_autoplay="autoplay" in asked,
        )
        return HTMLResponse(content)

    def json(self, request: Request) -> Response:
        """The same as JSON."""
        chosen = choose(self._site.library, request.query_params)
        cells = [
            {"id": number, "fault": GONE} if movie is None else described(movie)
            for number, movie in zip(chosen.numbers, chosen.movies, strict=True)
        ]
        links = self._links(chosen, "/grid.json")
        return JSONResponse({"what": chosen.what, "movies": cells, "count": chosen.num_all} | links)

    async def play(self, websocket: WebSocket) -> None:
        """Play the movies in a player process."""
        await websocket.accept()
        try:
            numbers = _numbers(websocket.query_params)
        except HTTPException as error:
            await refuse(websocket, error.detail)
            return
        found = await asyncio.to_thread(lambda: [self._site.library.movie(number) for number in numbers])
        cells = [("", GONE) if movie is None else (movie.path, movie.fault) for movie in found]
        frame = frame_of(websocket.query_params)
        async with followed(websocket, found):
            await serve_player(websocket, self._site.players, open_grid, cells, frame)

    def _links(self, chosen: Chosen, path: str) -> dict[str, Any]:
        """Addresses of the same grid with other numbers of cells, and of the movies before and after."""
        if chosen.what == "chosen":
            return {"sizes": {}, "next": None, "previous": None}
        view, size, training = chosen.view, chosen.size, chosen.training
        sizes = {each: view.link(path, training=training, cells=each) for each in SIZES}
        following = previous = None
        if chosen.what == "view" and chosen.numbers:
            first, last = chosen.numbers[0], chosen.numbers[-1]
            if self._site.library.page(view, after=last, limit=1):
                following = view.link(path, cells=size, after=last)
            if self._site.library.page(view, before=first, limit=1):
                previous = view.link(path, cells=size, before=first)
        return {"sizes": sizes, "next": following, "previous": previous}


def _ids(movies: Sequence[Movie]) -> tuple[int, ...]:
    return tuple(movie.id for movie in movies)


def _numbers(asked: QueryParams) -> tuple[int, ...]:
    """Numbers of movies in an address, each once: ``movies=3,7`` or ``movies=3&movies=7``.

    Raises:
        HTTPException: they are no numbers, none, or too many.
    """
    texts = [text.strip() for several in asked.getlist("movies") for text in several.split(",") if text.strip()]
    if not texts or not all(text.isascii() and text.isdecimal() and len(text) < 16 for text in texts):
        raise HTTPException(400, "A grid is asked for by the numbers of movies, such as /grid?movies=3,7,12.")
    numbers = tuple(dict.fromkeys(map(int, texts)))
    if len(numbers) > MAX_CELLS:
        raise HTTPException(400, f"A grid shows up to {MAX_CELLS} movies, not {len(numbers)}; choose fewer.")
    return numbers
