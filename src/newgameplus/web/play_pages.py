"""Playing: the page of a level, the WebSocket to play it, the person's keys, and the movies that come of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from newgameplus.emulator.cores import Console, consoles
from newgameplus.errors import NewGamePlusError, UsageError
from newgameplus.games.key_codes import CONTROLS, MODIFIERS, SCANCODES, key_name
from newgameplus.games.levels import find_level
from newgameplus.session.commands import HELD
from newgameplus.session.keys import COMMANDS, Keys, keys_file, read_keys
from newgameplus.web.library import Movie
from newgameplus.web.messages import MAX_FRAME
from newgameplus.web.pages import render
from newgameplus.web.relay import refuse, serve_player
from newgameplus.web.seat import Heard, Wish
from newgameplus.web.session_scene import open_level
from newgameplus.web.site import Site, movie_of
from newgameplus.web.view import whole_number

MAX_BODY_BYTES = 4096


def routes(site: Site) -> list[BaseRoute]:
    """Addresses of playing."""
    pages = _PlayPages(site)
    return [
        Route("/play", pages.page),
        Route("/play.json", pages.json),
        Route("/play/kept/{name}", pages.kept),
        WebSocketRoute("/play/socket", pages.play),
        Route("/keys.json", show_keys),
        Route("/keys.json", change_keys, methods=["POST"]),
    ]


class _PlayPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:
        """The page in which a level is played."""
        return HTMLResponse(render("play.html.j2", **self._described(request)))

    def json(self, request: Request) -> Response:
        """What the page would play, as JSON."""
        told = self._described(request)
        return JSONResponse({name: told[name] for name in ("level", "movie", "frame", "folder")})

    def kept(self, request: Request) -> Response:
        """Go to a movie that was recorded here, in the library."""
        site = self._site
        path = site.seat.kept(request.path_params["name"])
        if path is None or not path.exists():
            raise HTTPException(404, "There is no such movie; it may have been deleted or renamed.")
        site.library.add_place(path)
        movie = site.scanned(path)
        if movie is None:
            raise HTTPException(404, f"{path} has not been found by the library; press Refresh there.")
        return RedirectResponse(f"/movies/{movie.id}", 303)

    async def play(self, websocket: WebSocket) -> None:
        """Play in a player process; when the page leaves, the movie is finished."""
        await websocket.accept()
        try:
            wish, _ = await asyncio.to_thread(self._wish, websocket)
        except HTTPException as error:
            await refuse(websocket, error.detail)
            return
        heard, seat = Heard(), self._site.seat
        sought = seat.sit_down(wish)
        try:
            await serve_player(websocket, self._site.players, open_level, sought, heard=heard)
        finally:
            seat.stand_up(wish, sought, heard)

    def _wish(self, asked: HTTPConnection) -> tuple[Wish, Movie | None]:
        """What an address asks for, and the movie that it names.

        Raises:
            HTTPException: there is no such level or movie, or nothing is named.
        """
        level, number = asked.query_params.get("level"), whole_number(asked.query_params, "movie")
        frame = whole_number(asked.query_params, "frame")
        if level is None and number is None:
            if self._site.seat.asked.level is None and self._site.seat.asked.movie is None:
                raise HTTPException(404, "This server was not asked for a level; begin one with: ngp play --web LEVEL")
            return Wish(), None
        if number is None:
            try:
                return Wish(level=find_level(level or "")), None
            except NewGamePlusError as error:
                raise HTTPException(404, str(error)) from error
        movie = movie_of(self._site.library, number)
        return Wish(movie=movie.path, frame=None if frame is None else min(frame, MAX_FRAME)), movie

    def _described(self, request: Request) -> dict[str, Any]:
        wish, movie = self._wish(request)
        asked = self._site.seat.asked
        level = (wish.level or asked.level) if movie is None else movie.level
        return {
            "level": str(level or ""),
            "movie": None if movie is None else movie.id,
            "frame": wish.frame,
            "folder": str(asked.folder),
            "query": request.url.query,
        }


def show_keys(request: Request) -> Response:
    """The person's keys for a console."""
    keys, fault = _read()
    return JSONResponse(_told(keys, _console(request.query_params.get("console", "")), fault))


async def change_keys(request: Request) -> Response:
    """Give an action of a console, or a command, other keys; or all of them the usual ones."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, "This change of keys is too long.")
    try:
        said = json.loads(body)
        place = [] if said.get("reset") else [said[name] for name in ("scope", "device", "action")]
        texts = [said["console"], *place]
        names = tuple(said.get("names", ()))
        if not all(isinstance(text, str) for text in (*texts, *names)):
            raise TypeError
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise HTTPException(400, "This is no change of keys.") from error
    return await asyncio.to_thread(_change, texts, names)


def _change(texts: list[str], names: tuple[str, ...]) -> Response:
    console, *place = texts
    found = _console(console)
    try:
        keys = read_keys(keys_file())
        if place:
            scope, device, action = place
            if scope not in (console, COMMANDS):
                raise UsageError(f"{scope} is neither {console} nor {COMMANDS}.")
            keys = keys.with_change(found, scope, device, action, names)
        else:
            keys = keys.without(found)
        keys.write(keys_file())
    except UsageError as error:
        raise HTTPException(400, str(error)) from error
    return JSONResponse(_told(keys, found, None))


def _console(name: str) -> Console:
    found = consoles().get(name)
    if found is None:
        raise HTTPException(404, "There is no such console.")
    return found


def _read() -> tuple[Keys, str | None]:
    """The keys, and why they are the usual ones if their file is wrong."""
    try:
        return read_keys(keys_file()), None
    except UsageError as error:
        return Keys(), str(error)


def _told(keys: Keys, console: Console, fault: str | None) -> dict[str, Any]:
    buttons = [
        {"action": each.button, "bit": each.bit, "keyboard": each.keys, "gamepad": each.controls}
        for each in keys.layout(console)
    ]
    commands = [
        {
            "action": each.name,
            "text": each.text,
            "is_held": each.request.command in HELD,
            "keyboard": each.keys,
            "gamepad": each.controls,
        }
        for each in keys.actions(console)
    ]
    return {
        "console": console.name,
        "buttons": buttons,
        "commands": commands,
        "names": {code: key_name(code) for code in (*SCANCODES, *MODIFIERS)},
        "controls": CONTROLS,
        "file": str(keys_file()),
        "fault": fault,
    }
