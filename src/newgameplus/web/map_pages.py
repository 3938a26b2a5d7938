"""Maps: a level with the ways of the episodes of a view, as a page, as JSON, and its picture."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from newgameplus.movies.heat import CELL_PIXELS, heat_map, stuck_spots
from newgameplus.movies.map_colours import ENDING_WORDS, PALETTE
from newgameplus.movies.trajectory import Trajectory
from newgameplus.web.library import Movie
from newgameplus.web.maps import MAX_MOVIES, LevelMap
from newgameplus.web.pages import render
from newgameplus.web.site import Site
from newgameplus.web.view import View, read_view, whole_number

STEP_PIXELS = 5
"""Samples that are nearer than this to the one before are left out of what is sent."""
_WAIT_SECONDS = 10.0


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of maps."""
    pages = _MapPages(site)
    return [Route("/map", pages.page), Route("/map.json", pages.json), Route("/map.png", pages.picture)]


class _MapPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def page(self, request: Request) -> Response:
        """The map of a level, or the levels to choose from."""
        view, library = read_view(request.query_params), self._site.library
        if view.level:
            await self._site.maps.of(view, is_anew=True)
        levels = await asyncio.to_thread(library.facets)
        number = whole_number(request.query_params, "movie")
        movie = None if number is None else await asyncio.to_thread(library.movie, number)
        return HTMLResponse(
            render("map.html.j2", view=view, movie=movie, levels=levels["level"], endings=ENDING_WORDS,
                   palette=PALETTE, max_movies=MAX_MOVIES)
        )  # fmt: skip

    async def json(self, request: Request) -> Response:
        """The map as JSON, as far as it has come; with ``version``, once there is something newer."""
        view, made = await self._map(request)
        known = whole_number(request.query_params, "version")
        if known is not None:
            await made.wait(known, _WAIT_SECONDS)
        return JSONResponse(await asyncio.to_thread(described_map, view, made))

    async def picture(self, request: Request) -> Response:
        """The picture of the level."""
        _, made = await self._map(request)
        if made.picture is None:
            return Response(status_code=204)
        return Response(made.picture.png, media_type="image/png", headers={"Cache-Control": "private, max-age=60"})

    async def _map(self, request: Request) -> tuple[View, LevelMap]:
        view = read_view(request.query_params)
        if not view.level:
            raise HTTPException(400, "A map shows one level: name it, as in /map.json?level=Game/State.")
        return view, await self._site.maps.of(view)


def described_map(view: View, made: LevelMap) -> dict[str, Any]:
    """A map for JSON."""
    ways, picture = dict(made.ways), made.picture
    movies = {movie.id: movie for movie in made.movies}
    answer: dict[str, Any] = {
        "level": view.level,
        "version": made.version,
        "is_running": made.is_running,
        "num_movies": len(made.movies),
        "num_played": len(ways) + len(made.failures),
        "failures": [{"movie": number, "reason": reason} for number, reason in made.failures.items()],
        "picture": None,
        "picture_failure": made.picture_failure,
        "has_player": all(way.has_player for way in ways.values()),
        "num_frames_elsewhere": sum(way.num_elsewhere for way in ways.values()),
        "episodes": [_episode(view, movies[number], way.trajectory) for number, way in ways.items()],
        "heat": None,
        "stuck": [],
    }
    if picture is not None:
        trajectories, numbers = [way.trajectory for way in ways.values()], list(ways)
        answer["picture"] = {
            "address": view.link("/map.png", version=made.version),
            "origin": picture.origin,
            "size": picture.size,
            "is_drawn": picture.is_drawn,
        }
        answer["heat"] = _heat(heat_map(trajectories, picture.origin, picture.size))
        answer["stuck"] = [
            {
                "x": spot.x, "y": spot.y, "share": spot.share, "num_frames": spot.num_frames,
                "num_episodes": spot.num_episodes, "movie": numbers[spot.episode], "frame": spot.frame,
                "page": view.link(f"/movies/{numbers[spot.episode]}", frame=spot.frame),
            }
            for spot in stuck_spots(trajectories, picture.origin, picture.size)
        ]  # fmt: skip
    return answer


def _heat(cells: np.ndarray[Any, Any]) -> dict[str, Any]:
    row, column = np.nonzero(cells)
    frames = cells[row, column].astype(int)
    return {
        "cell_pixels": CELL_PIXELS,
        "num_frames": int(cells.sum()),
        "cells": np.stack([column, row, frames], axis=1).tolist(),
    }


def _episode(view: View, movie: Movie, trajectory: Trajectory) -> dict[str, Any]:
    """The way of an episode, without samples that lie close together."""
    kept = _spread(trajectory)
    place = {int(index): position for position, index in enumerate(kept)}
    return {
        "movie": movie.id,
        "page": view.link(f"/movies/{movie.id}"),
        "agent": movie.agent,
        "run": movie.run,
        "seed": movie.seed,
        "episode": movie.episode,
        "num_steps": movie.num_steps,
        "return": trajectory.episode_return,
        "num_frames": trajectory.num_frames,
        "ending": trajectory.ending,
        "frames": trajectory.frames[kept].tolist(),
        "x": trajectory.x[kept].tolist(),
        "y": trajectory.y[kept].tolist(),
        "breaks": [place[int(index)] for index in np.flatnonzero(trajectory.breaks())],
        "deaths": [place[index] for index in trajectory.deaths],
    }


def _spread(trajectory: Trajectory) -> np.ndarray[Any, Any]:
    """Indices of the samples that are sent: both ends, breaks, deaths, and those at some distance from each other."""
    fixed = {*np.flatnonzero(trajectory.breaks()).tolist(), *trajectory.deaths, len(trajectory.x) - 1}
    kept: list[int] = []
    for index, (x, y) in enumerate(zip(trajectory.x.tolist(), trajectory.y.tolist(), strict=True)):
        last = kept[-1] if kept else index
        is_far = abs(x - int(trajectory.x[last])) + abs(y - int(trajectory.y[last])) >= STEP_PIXELS
        if index in fixed or is_far:
            kept.append(index)
    return np.array(kept, np.int64)
