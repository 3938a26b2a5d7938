"""Pass on what a page and its player process tell each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from newgameplus.errors import UsageError
from newgameplus.web.messages import MAX_REQUEST_BYTES, told
from newgameplus.web.players import Player, Players
from newgameplus.web.scene import Scene


async def serve_player(
    websocket: WebSocket,
    players: Players,
    opener: Callable[..., Scene],
    *arguments: Any,
    heard: Callable[[str], None] | None = None,
) -> None:
    """Show a page a scene, in a player process, until one of them leaves; the scene is then closed.

    Args:
        websocket: connection to the page, accepted.
        players: the processes.
        opener: opens the scene; sent to the process by its name.
        arguments: its arguments.
        heard: called with each text that the process tells.
    """
    try:
        player = await players.take()
    except UsageError as error:
        await refuse(websocket, str(error))
        return
    try:
        player.send("open", opener, *arguments)
        await _relay(websocket, player, heard)
    finally:
        await players.give_back(player)


async def refuse(websocket: WebSocket, reason: str) -> None:
    """Tell a page why there is nothing to see, and close the connection."""
    await websocket.send_text(told("failed", reason=reason))
    await websocket.close()


async def _relay(websocket: WebSocket, player: Player, heard: Callable[[str], None] | None) -> None:
    """Pass messages on until the page leaves or the process ends."""
    tasks = [
        asyncio.create_task(_from_page(websocket, player)),
        asyncio.create_task(_to_page(websocket, player, heard)),
    ]
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


async def _to_page(websocket: WebSocket, player: Player, heard: Callable[[str], None] | None) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while (message := await player.receive()) is not None:
            if isinstance(message, bytes):
                await websocket.send_bytes(message)
                continue
            if heard is not None:
                heard(message)
            await websocket.send_text(message)
        await refuse(websocket, await asyncio.to_thread(player.why))
